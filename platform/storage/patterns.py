"""Which files a person means by a folder or by a pattern such as `photos/**/*.jpg`.

A pattern is a set of states, each the parts still to be matched, and is advanced name by name on
the way down. So one walk serves folders, patterns and keys, enters only folders that can matter,
and comes to an end where symbolic links go in circles. `**` stands for any number of folders; what
lies in a matched folder is matched; hidden names are skipped unless a part starts with a dot.
"""

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import reduce
from pathlib import Path

from maskloop.platform.storage.file_errors import translated
from maskloop.platform.storage.folder import sorted_entries

States = frozenset[tuple[str, ...]]
EVERYTHING: States = frozenset([()])
"""Nothing is left to be matched: all that lies below belongs to it."""


def has_pattern(text: str) -> bool:
    return any(character in text for character in "*?[")


def split_pattern(parts: Sequence[str]) -> tuple[list[str], States]:
    """The leading parts that are plain names, and what is to be matched below them."""
    plain = next((at for at, part in enumerate(parts) if has_pattern(part)), len(parts))
    return list(parts[:plain]), _expanded({tuple(parts[plain:])})


def matches(states: States, names: Sequence[str]) -> bool:
    return () in reduce(advance, names, states)


def advance(states: States, name: str) -> States:
    """What is left to be matched below `name`; empty if nothing there can match."""
    left = set()
    for parts in states:
        first = parts[0] if parts else "**"
        if name.startswith(".") and not first.startswith("."):
            continue
        if first == "**":
            left.add(parts)
        elif fnmatchcase(name, first):
            left.add(parts[1:])
    return _expanded(left)


def _expanded(states: set[tuple[str, ...]]) -> States:
    """With `**` also taken for no folder at all."""
    every = set(states)
    for parts in states:
        while parts and parts[0] == "**":
            parts = parts[1:]
            every.add(parts)
    return frozenset(every)


def matching_files(folder: Path, states: States) -> Iterator["os.DirEntry[str]"]:
    """Files below `folder`, in the order of their paths; no folder is searched twice."""
    return _walk(folder, states, set())


def _walk(
    folder: Path, states: States, seen: set[tuple[int, int, States]]
) -> Iterator["os.DirEntry[str]"]:
    with translated(str(folder)):
        if not folder.is_dir():
            return
        status = folder.stat()
        entries = sorted_entries(folder)
    here = (status.st_dev, status.st_ino, states)
    if here in seen:
        return
    seen.add(here)
    for entry in entries:
        left = advance(states, entry.name)
        if left and entry.is_dir():
            yield from _walk(Path(entry.path), left, seen)
        elif () in left and entry.is_file():
            yield entry
