"""/: a plain page for people, and the files that it is made of. All that it shows it asks the API
for, so it needs no permission of its own."""

import hashlib
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from maskloop.services.api.etags import etag, is_known, not_modified

router = APIRouter(include_in_schema=False)

_FRESH: Final = "no-cache"
"""Asked for again each time, and answered by 304: an upgrade is seen at once."""


class _File:
    """A file beside this module, read once."""

    def __init__(self, name: str, media_type: str) -> None:
        self._content = Path(__file__).with_name(name).read_bytes()
        self._tag = etag(hashlib.sha256(self._content).hexdigest()[:16])
        self._media_type = media_type

    def answer(self, request: Request) -> Response:
        if is_known(request, self._tag):
            return not_modified(self._tag, cache_control=_FRESH)
        headers = {"ETag": self._tag, "Cache-Control": _FRESH}
        return Response(self._content, media_type=self._media_type, headers=headers)


_HTML: Final = _File("page.html", "text/html")
_STYLE: Final = _File("page.css", "text/css")
_SCRIPT: Final = _File("page.js", "text/javascript")
_ICON: Final = _File("page.svg", "image/svg+xml")


@router.get("/")
async def html(request: Request) -> Response:
    return _HTML.answer(request)


@router.get("/page.css")
async def style(request: Request) -> Response:
    return _STYLE.answer(request)


@router.get("/page.js")
async def script(request: Request) -> Response:
    return _SCRIPT.answer(request)


@router.get("/page.svg")
async def icon(request: Request) -> Response:
    return _ICON.answer(request)
