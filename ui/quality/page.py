"""The quality page: how much is done, what a mask takes, and how far it can be relied on."""

from pathlib import Path
from typing import Final

from maskloop.ui.page import Page

_OF_LABEL: Final = (
    "dom.js",
    "elsewhere.js",
    "journal/api.js",
    "journal/ids.js",
    "panels/look_state.js",
    "panels/toast.js",
    "state.js",
)
_OF_MODELS: Final = (
    "morph.js",
    "parts/bits.js",
    "parts/chart.js",
    "scale.js",
    "svg.js",
    "words.js",
)

QUALITY: Final = Page(
    name="quality",
    static=Path(__file__).parent / "static",
    styles=(
        "/ui/label/label.css",
        "/ui/label/panels/panels.css",
        "/ui/models/models.css",
        "/ui/models/figures.css",
        "/ui/quality/quality.css",
    ),
    borrowed=(
        *(f"/ui/label/{name}" for name in _OF_LABEL),
        *(f"/ui/models/{name}" for name in _OF_MODELS),
    ),
)
