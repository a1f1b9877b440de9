"""Rules of training sets in words: why one chooses nothing, and in what two differ."""

from collections.abc import Mapping
from typing import Final

from maskloop.platform.training import SetRule

_NAMES: Final = {
    "categories": "categories",
    "origins": "origins",
    "image_states": "image states",
    "since": "since",
    "until": "until",
    "sources": "sources",
    "holdout_sources": "hold-out sources",
    "holdout_share": "hold-out share",
    "validation_share": "validation share",
}
_NONE_IS: Final = {
    "categories": "has one of the categories {}",
    "origins": "has one of the origins {}",
    "image_states": "is on an image that is {}",
    "since": "was made at or after {}",
    "until": "was made before {}",
    "sources": "is on an image whose source matches {}",
}


def nothing_left(rule: SetRule, total: int, left: Mapping[str, int]) -> str:
    """Which part of the rule let nothing through; `left`: after each part, in their order."""
    if total == 0:
        return "the project has no annotations"
    before = total
    for part, after in left.items():
        if after == 0:
            wanted = _NONE_IS[part].format(_shown(getattr(rule, part)))
            which = "" if before == total else " that the parts before it leave"
            return f"of {before} annotations{which} none {wanted}"
        before = after
    return "annotations came while it was looked at; ask again"


def differences(before: SetRule, after: SetRule) -> list[str]:
    """A sentence for each part that is not the same."""
    return [
        f"{name}: {_shown(getattr(before, part), part)} → {_shown(getattr(after, part), part)}"
        for part, name in _NAMES.items()
        if _comparable(getattr(before, part)) != _comparable(getattr(after, part))
    ]


def _comparable(value: object) -> object:
    """The order of alternatives says nothing."""
    return frozenset(value) if isinstance(value, tuple) else value


def _shown(value: object, part: str = "") -> str:
    if value is None:
        return "any time"
    if isinstance(value, tuple):
        empty = "none" if part == "holdout_sources" else "all"
        return ", ".join(str(one) for one in value) or empty
    return f"{value:.4g}" if isinstance(value, float) else str(value)
