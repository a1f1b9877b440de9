"""References to earlier masks: the recipe of a mask's logits instead of the logits.

A click that refines a mask takes the mask's low-resolution logits as a prompt (256 KiB). They never
leave the decoder: an answer names each mask by what made it, and whoever has the name can have the
logits made again, on any replica, after any restart. Replicas remember the latest, so that as a
rule nothing is decoded twice.

A recipe is a list of steps, the first without a mask prompt, each next with the logits of the step
before it. More than `MOST_STEPS` are cut at the front: points accumulate from click to click, so
what the earliest steps said is said again by the later ones.
"""

import base64
import binascii
import json
import zlib
from dataclasses import dataclass
from typing import Any

from maskloop.platform.errors import BadReferenceError
from maskloop.platform.prompts import Prompts

MOST_STEPS = 32
_MOST_CHARACTERS = 16_384
_MOST_JSON = 262_144
_PREFIX = "m1."
_TOKENS = 4
_DAMAGE = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    zlib.error,
)


@dataclass(frozen=True)
class Step:
    """`prompts` without a mask; `token`: which of the decoder's four masks was meant."""

    prompts: Prompts
    token: int


Recipe = tuple[Step, ...]


def reference_of(recipe: Recipe) -> str:
    steps = [_to_json(step) for step in recipe[-MOST_STEPS:]]
    packed = zlib.compress(json.dumps(steps, separators=(",", ":")).encode(), 9)
    return _PREFIX + base64.urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def recipe_of(reference: str) -> Recipe:
    """Raises `BadReferenceError` for anything that `reference_of` cannot have made.

    Whether the prompts fit an image is for `Prompts.check` to say.
    """
    if not reference.startswith(_PREFIX) or len(reference) > _MOST_CHARACTERS:
        raise BadReferenceError("it is not of the form that answers give")
    try:
        steps = json.loads(_unpacked(reference.removeprefix(_PREFIX)))
        recipe = tuple(_from_json(step) for step in steps)
    except _DAMAGE as error:
        raise BadReferenceError("it was cut or changed") from error
    if not 1 <= len(recipe) <= MOST_STEPS:
        raise BadReferenceError(f"it has {len(recipe)} steps; 1 to {MOST_STEPS} are possible")
    return recipe


def _unpacked(text: str) -> bytes:
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    unpacking = zlib.decompressobj()
    unpacked = unpacking.decompress(packed, _MOST_JSON)
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError("no end where one is due")
    return unpacked


def _to_json(step: Step) -> dict[str, Any]:
    prompts = step.prompts
    flat: dict[str, Any] = {"t": step.token}
    if prompts.points_xy:
        flat["p"] = [
            [x, y, label] for (x, y), label in zip(prompts.points_xy, prompts.labels, strict=True)
        ]
    if prompts.box_xyxy is not None:
        flat["b"] = list(prompts.box_xyxy)
    return flat


def _from_json(step: dict[str, Any]) -> Step:
    token = step["t"]
    if type(token) is not int or not 0 <= token < _TOKENS:
        raise ValueError("no token of a decoder")
    points = [(float(x), float(y), int(label)) for x, y, label in step.get("p", ())]
    box = step.get("b")
    corners = None
    if box is not None:
        x1, y1, x2, y2 = map(float, box)
        corners = (x1, y1, x2, y2)
    prompts = Prompts(
        tuple((x, y) for x, y, _ in points), tuple(label for _, _, label in points), corners
    )
    return Step(prompts, token)
