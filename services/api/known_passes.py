"""Whose pass an image, an annotation or a proposal belongs to. A number that stands for something
stands for it for ever, so the API knows many by heart."""

import threading
from collections.abc import Mapping
from typing import Final, get_args

from cachetools import LRUCache

from maskloop.platform.db import passes
from maskloop.platform.db.passes import Noun, Place
from maskloop.services.runtime import Runtime

_MOST: Final = 50_000
_MOST_NUMBER: Final = 2**63 - 1
NOUNS: Final[tuple[Noun, ...]] = get_args(Noun)


class KnownPasses:
    """Safe in many threads."""

    def __init__(self, runtime: Runtime) -> None:
        self._engine = runtime.engine
        self._known: LRUCache[tuple[Noun, int], Place] = LRUCache(_MOST)
        self._lock = threading.Lock()

    def owners(self, *named: Mapping[str, str]) -> set[int]:
        """Of the passes that the parameters of a request name: `image_id`, `annotation_id` and
        `proposal_id`, as they were sent. Raises `DatabaseUnavailableError` where it has to ask."""
        places = [
            self._place(noun, int(parameters[f"{noun}_id"]))
            for parameters in named
            for noun in NOUNS
            if _is_number(parameters.get(f"{noun}_id", ""))
        ]
        return {place.owner_id for place in places if place is not None and place.owner_id}

    def _place(self, noun: Noun, number: int) -> Place | None:
        """What is nothing yet may become something, and is asked again."""
        with self._lock:
            known = self._known.get((noun, number))
        if known is not None:
            return known
        with self._engine.connect() as connection:
            found = passes.place_of(connection, noun, number)
        if found is not None:
            with self._lock:
                self._known[(noun, number)] = found
        return found


def _is_number(text: str) -> bool:
    """One that an id can be; others are refused where they are read."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _MOST_NUMBER
