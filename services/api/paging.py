"""Lists a page at a time, by key: `{"items": […], "next": cursor or null}`.

A cursor is opaque; it holds the id that the next page begins behind.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from maskloop.platform.errors import BadParametersError
from maskloop.services.api.access import MOST_ID

MOST = 1000
Item = TypeVar("Item")
Shown = TypeVar("Shown")


class Page(BaseModel, Generic[Shown]):
    """`next` is the `cursor` of the page behind this one; null at the end."""

    items: list[Shown]
    next: str | None


@dataclass(frozen=True)
class PageQuery:
    """`after`: the id that the page begins behind, None for the first page."""

    after: int | None
    limit: int

    @property
    def and_one(self) -> int:
        """What to ask the database for: one more tells whether there is a next page."""
        return self.limit + 1

    def page(
        self,
        found: Sequence[Item],
        *,
        show: Callable[[Item], Shown],
        key: Callable[[Item], int],
    ) -> Page[Shown]:
        """`found`: up to `and_one` items."""
        items = found[: self.limit]
        more = len(found) > self.limit
        cursor = _cursor(key(items[-1])) if more and items else None
        return Page(items=[show(item) for item in items], next=cursor)


def page_query(
    cursor: Annotated[str | None, Query(max_length=40, description="`next` of a page")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> PageQuery:
    """A dependency. Raises `BadParametersError`."""
    return PageQuery(None if cursor is None else _id_of(cursor), limit)


def _cursor(last: int) -> str:
    return base64.urlsafe_b64encode(f"a{last}".encode()).decode().rstrip("=")


def _id_of(cursor: str) -> int:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
        last = int(text.removeprefix("a"))
    except (ValueError, binascii.Error) as error:
        raise BadParametersError("cursor", cursor, "take it from a page's `next`") from error
    if not (text.startswith("a") and 0 <= last <= MOST_ID):
        raise BadParametersError("cursor", cursor, "take it from a page's `next`")
    return last
