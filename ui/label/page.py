"""The labeling page: where people look at images and make masks."""

from pathlib import Path
from typing import Final

from maskloop.ui.page import Page

LABEL: Final = Page(
    name="label",
    static=Path(__file__).parent / "static",
    styles=("/ui/label/label.css", "/ui/label/panels/panels.css", "/ui/label/gallery/gallery.css"),
)
