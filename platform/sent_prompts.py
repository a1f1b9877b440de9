"""Prompts as clients send them: what a question and an annotation's record of it have in common."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def digest_of(prompt: Mapping[str, Any]) -> bytes:
    """sha256 of what was asked, whatever was left out or written another way (12 for 12.0, null
    for nothing). Which answer was `chosen` is no part of the question."""
    asked = {
        "points": [[float(x), float(y), int(label)] for x, y, label in prompt.get("points") or ()],
        "box": [float(corner) for corner in prompt.get("box") or ()],
        "previous": prompt.get("previous"),
        "multimask": prompt.get("multimask"),
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()
