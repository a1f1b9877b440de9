"""The review page: where people judge masks, thousands of them by keyboard."""

from pathlib import Path
from typing import Final

from maskloop.ui.label.page import LABEL
from maskloop.ui.page import Page

_OF_LABEL: Final = tuple(
    f"/ui/label/{path.relative_to(LABEL.static).as_posix()}"
    for folder in (
        "document",
        "journal",
        "masks",
        "render",
        "tools",
    )
    for path in sorted((LABEL.static / folder).glob("*.js"))
    if not path.name.endswith(".worker.js")
)
_BORROWED: Final = (
    *(
        f"/ui/label/{name}.js"
        for name in (
            "actions",
            "activity",
            "asking",
            "chords",
            "commands",
            "dom",
            "elsewhere",
            "keys",
            "look",
            "palette",
            "panels/categories",
            "panels/category_choice",
            "panels/category_rows",
            "panels/dialog",
            "panels/hand",
            "panels/icons",
            "panels/keys_sheet",
            "panels/look_state",
            "panels/rail",
            "panels/status",
            "panels/toast",
            "relations",
            "run",
            "state",
        )
    ),
    *_OF_LABEL,
    "/ui/models/fields.js",
    "/ui/models/form.js",
    "/ui/models/morph.js",
    "/ui/models/words.js",
)

REVIEW: Final = Page(
    name="review",
    static=Path(__file__).parent / "static",
    styles=(
        "/ui/label/label.css",
        "/ui/label/panels/panels.css",
        "/ui/models/forms.css",
        "/ui/review/review.css",
    ),
    borrowed=_BORROWED,
)
