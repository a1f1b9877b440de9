"""Model cards: what a version is, what it was made of and how it did, as Markdown for people."""

import re
from collections.abc import Collection
from importlib.resources import files
from typing import Final

import jinja2

from maskloop.platform.evaluation import Figure
from maskloop.platform.training import METRICS
from maskloop.services.model_card_facts import read_card
from maskloop.services.report import moment
from maskloop.services.runtime import Runtime

_WORDS: Final = {
    "one_click": "one click, IoU",
    "best_of_three": "best of three, IoU",
    "box": "box, IoU",
    "boundary_f": "one click, boundary F",
    "clicks_85": "clicks to IoU 0.85",
    "clicks_90": "clicks to IoU 0.90",
    "everything_recall": "everything-mode, recall at IoU 0.5",
}
_FEW: Final = ("clicks_85", "clicks_90")
"""Counted in clicks, so with two places."""
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|#~])")


def model_card(runtime: Runtime, number: int, *, visible: Collection[int] | None = None) -> str:
    """Markdown. `visible`: projects of which the reader may know; None for all of them.

    Raises `NotFoundError`.
    """
    return _template().render(
        facts=read_card(runtime, number, visible=visible), metrics=METRICS, words=_WORDS
    )


def _template() -> jinja2.Template:
    # It is Markdown: names that people gave are escaped by `plain`, and nothing as HTML.
    environment = jinja2.Environment(
        trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["plain"] = plain
    environment.filters["figure"] = figure
    environment.filters["moment"] = moment
    environment.filters["count"] = "{:,}".format
    source = files("maskloop.services").joinpath("model_card.md.jinja")
    return environment.from_string(source.read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """What people wrote, on one line and without any meaning for Markdown."""
    return _MARKUP.sub(r"\\\1", " ".join(str(text).split()))


def figure(found: Figure | None, metric: str, *, signed: bool = False) -> str:
    """`0.641 (0.622 to 0.659)`; a dash for what was not measured."""
    if found is None:
        return "–"
    form = f"{'+' if signed else ''}.{2 if metric in _FEW else 3}f"
    return f"{found.mean:{form}} ({found.low:{form}} to {found.high:{form}})"
