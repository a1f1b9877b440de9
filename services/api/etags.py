"""ETags: what a client has seen, so that nothing is sent twice and nothing overwritten unseen."""

import re

from fastapi import Request, Response

from maskloop.platform.errors import BadParametersError, PreconditionRequiredError
from maskloop.services.api.access import MOST_ID

_REVISION = re.compile(r'(?:W/)?"?([0-9]{1,19})"?')
_LISTED = re.compile(r'\s*(?:W/)?("[^"]*")\s*')
FOREVER = "private, max-age=31536000, immutable"
"""Of content that its address determines."""


def etag(value: object) -> str:
    return f'"{value}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the client has this already (If-None-Match)."""
    given = request.headers.get("If-None-Match", "")
    return given.strip() == "*" or tag in _LISTED.findall(given)


def not_modified(tag: str, *, cache_control: str = "private, no-cache") -> Response:
    return Response(status_code=304, headers={"ETag": tag, "Cache-Control": cache_control})


def seen_revision(request: Request, what: str) -> int:
    """If-Match: the revision that the client changes. Raises `PreconditionRequiredError`, and
    `BadParametersError` for something that is no revision."""
    given = request.headers.get("If-Match")
    if given is None:
        raise PreconditionRequiredError(what)
    found = _REVISION.fullmatch(given.strip())
    if found is None or int(found[1]) > MOST_ID:
        raise BadParametersError("If-Match", given[:100], 'give one revision, such as "3"')
    return int(found[1])
