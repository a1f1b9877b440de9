"""/: the page that a browser sees first."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse

from maskloop.platform.errors import NotFoundError

router = APIRouter(include_in_schema=False)

_STATIC: Final = Path(__file__).parent / "static"
_TYPES: Final = {"page.css": "text/css", "page.js": "text/javascript"}
_HEADERS: Final = {"Cache-Control": "no-cache"}
"""So that a browser does not mix files of two versions."""


@router.get("/")
def page() -> FileResponse:
    return FileResponse(_STATIC / "page.html", media_type="text/html", headers=_HEADERS)


@router.get("/static/{name}")
def static(name: str) -> FileResponse:
    """Raises `NotFoundError`."""
    if name not in _TYPES:
        raise NotFoundError("file", name, "The page is at /.")
    return FileResponse(_STATIC / name, media_type=_TYPES[name], headers=_HEADERS)
