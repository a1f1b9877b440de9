"""The models page: what serves, how its successors come about, and which of them may follow."""

from pathlib import Path
from typing import Final

from maskloop.ui.page import Page

_BORROWED: Final = (
    "chords.js",
    "dom.js",
    "elsewhere.js",
    "journal/api.js",
    "journal/ids.js",
    "keys.js",
    "panels/dialog.js",
    "panels/look_state.js",
    "panels/toast.js",
    "state.js",
)

MODELS: Final = Page(
    name="models",
    static=Path(__file__).parent / "static",
    styles=(
        "/ui/label/label.css",
        "/ui/label/panels/panels.css",
        "/ui/models/models.css",
        "/ui/models/figures.css",
        "/ui/models/forms.css",
    ),
    borrowed=tuple(f"/ui/label/{name}" for name in _BORROWED),
)
