"""A page as a value: where it is mounted, which modules and styles it is made of. Gradio holds it;
what is in it are ES modules, which talk to `/api/v1` themselves, so that no click passes through
Gradio's queue."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import gradio as gr

_ICON: Final = "/ui/label/icon.svg"


@dataclass(frozen=True)
class Page:
    """`/NAME/` on the server, its files at `/ui/NAME/`. It starts with its module `main.js`."""

    name: str
    static: Path
    styles: tuple[str, ...]
    """Addresses, in the order of the cascade; another page's come first."""
    borrowed: tuple[str, ...] = ()
    """Addresses of another page's modules that this one imports."""

    @property
    def path(self) -> str:
        return f"/{self.name}"

    @property
    def files(self) -> str:
        return f"/ui/{self.name}"

    def blocks(self) -> gr.Blocks:
        page: gr.Blocks = gr.Blocks(analytics_enabled=False, title="maskloop", fill_width=True)
        with page:
            gr.HTML(
                f'<div id="maskloop" class="maskloop" data-page="{self.name}"></div>',
                elem_id=f"maskloop-{self.name}",
                apply_default_css=False,
            )
        return page

    @cached_property
    def head(self) -> str:
        """What the page loads. All modules are named, so that a browser asks for them at once and
        not one import after another."""
        lines = [f'<link rel="icon" href="{_ICON}">']
        lines += [f'<link rel="stylesheet" href="{address}">' for address in self.styles]
        lines += [f'<link rel="modulepreload" href="{address}">' for address in self._modules()]
        return "".join([*lines, f'<script type="module" src="{self.files}/main.js"></script>'])

    def _modules(self) -> Iterator[str]:
        yield from self.borrowed
        for name in sorted(path.relative_to(self.static).as_posix() for path in self._scripts()):
            yield f"{self.files}/{name}"

    def _scripts(self) -> Iterator[Path]:
        """Without workers, which no page imports."""
        return (path for path in self.static.rglob("*.js") if not path.name.endswith(".worker.js"))
