"""Repeated requests: the same Idempotency-Key again gets the first answer, and nothing is done
twice. Key, answer and effect are one transaction."""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from maskloop.platform.access import Principal
from maskloop.platform.db import idempotency
from maskloop.services.api.context import context_of

Effect = Callable[[sa.Connection], BaseModel]
"""Does its work in the transaction and returns what is answered."""


class Once:
    """What a request does, at most once for each key of a person."""

    def __init__(self, request: Request, key: str | None, body: bytes) -> None:
        self._request = request
        self._key = key
        asked = b"\n".join([request.method.encode(), str(request.url.path).encode(), body])
        self._digest = hashlib.sha256(asked).digest()

    def do(self, principal: Principal, effect: Effect, *, status: int = 201) -> JSONResponse:
        """In a transaction of its own. Raises what the effect raises; then the key stays free."""
        # Not before it is known whether the request is of a pass.
        with context_of(self._request).runtime.engine.begin() as connection:
            if self._key is None:
                return _answer(status, effect(connection).model_dump(mode="json"))
            user, key = principal.user_id, self._key
            earlier = idempotency.claim(
                connection, user_id=user, key=key, request_digest=self._digest
            )
            if earlier is not None:
                return _answer(earlier.status, earlier.response, repeated=True)
            made = effect(connection).model_dump(mode="json")
            idempotency.remember(connection, user_id=user, key=key, status=status, response=made)
            return _answer(status, made)


def _answer(status: int, content: Any, *, repeated: bool = False) -> JSONResponse:
    headers = {"Idempotent-Replay": "true"} if repeated else {}
    if isinstance(content, dict) and "revision" in content:
        headers["ETag"] = f'"{content["revision"]}"'
    return JSONResponse(content, status, headers)


async def once(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="A name of your own for this request")
    ] = None,
) -> Once:
    """A dependency."""
    return Once(request, idempotency_key, await request.body())


OnceOnly = Annotated[Once, Depends(once)]
