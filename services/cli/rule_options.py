"""Options for the rule of a training set, which several commands share."""

import functools
import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError

from maskloop.platform.states import ImageState
from maskloop.platform.training import Origin, SetRule

_NAMES: Final = {
    "categories": "--category",
    "origins": "--origin",
    "image_states": "--image-state",
    "sources": "--source",
    "holdout_sources": "--holdout-source",
}
"""Those that may be given several times stand in the singular."""
_HELP: Final = {
    "categories": "Of this category; repeat for more. Without: all.",
    "origins": "Masks that came about so; repeat for more. Without: all.",
    "image_states": "On images in this state; repeat for more.",
    "since": "Made at this time or after it; without a zone: UTC.",
    "until": "Made before this time; without a zone: UTC.",
    "sources": "On images whose source matches, as '*/train/*'; repeat for more.",
    "holdout_sources": "Hold these images out, as '*/val/*'; repeat for more.",
    "holdout_share": "Of the other images, hold out this share.",
    "validation_share": "Of the images that are not held out.",
}
_TYPES: Final[dict[str, Any]] = {
    "categories": list[str] | None,
    "origins": list[Origin] | None,
    "image_states": list[ImageState] | None,
    "since": datetime | None,
    "until": datetime | None,
    "sources": list[str] | None,
    "holdout_sources": list[str] | None,
    "holdout_share": float | None,
    "validation_share": float | None,
}
_TIMES: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S"]


def with_rule_options(command: Callable[..., None]) -> Callable[..., None]:
    """One option per field of `SetRule`; the command gets them as `rule`, or None where none of
    them was given."""
    signature = inspect.signature(command)
    own = [given for name, given in signature.parameters.items() if name != "rule"]
    added = [_option(name) for name in SetRule.model_fields]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        given = {option.name: values.pop(option.name) for option in added}
        command(**values, rule=_rule({n: v for n, v in given.items() if v not in (None, [])}))

    whole = [*(given.replace(kind=inspect.Parameter.KEYWORD_ONLY) for given in own), *added]
    run.__signature__ = signature.replace(parameters=whole)  # type: ignore[attr-defined]
    run.__annotations__ = {option.name: option.annotation for option in whole}
    return run


def _option(name: str) -> inspect.Parameter:
    option = typer.Option(
        _name(name),
        help=_HELP[name],
        rich_help_panel="Which annotations",
        show_default=False,
        formats=_TIMES if name in ("since", "until") else None,
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[_TYPES[name], option],
    )


def _rule(given: dict[str, Any]) -> SetRule | None:
    if not given:
        return None
    zoned = {
        name: value.replace(tzinfo=UTC)
        if isinstance(value, datetime) and value.tzinfo is None
        else value
        for name, value in given.items()
    }
    try:
        return SetRule.model_validate(zoned)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        raise typer.BadParameter(f"{_name(name)}: {first['msg']}") from error


def _name(part: str) -> str:
    return _NAMES.get(part, f"--{part.replace('_', '-')}")
