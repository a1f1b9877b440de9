"""Command line options made of a pydantic model's fields."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from maskloop.platform.errors import BadParametersError

Model = TypeVar("Model", bound=BaseModel)
Command = Callable[..., None]


def with_options_of(
    model: type[BaseModel], help_of: Mapping[str, str], *, panel: str
) -> Callable[[Command], Command]:
    """One option per field that has a help; the command gets those that stand in the command line
    as `given`."""

    def decorate(command: Command) -> Command:
        signature = inspect.signature(command)
        own = [found for name, found in signature.parameters.items() if name != "given"]
        added = [_option(model, name, text, panel) for name, text in help_of.items()]

        @functools.wraps(command)
        def run(**values: Any) -> None:
            found = {option.name: values.pop(option.name) for option in added}
            given = {name: value for name, value in found.items() if value is not None}
            command(**values, given=given)

        whole = [*(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own), *added]
        run.__signature__ = signature.replace(parameters=whole)  # type: ignore[attr-defined]
        run.__annotations__ = {option.name: option.annotation for option in whole}
        return run

    return decorate


def _option(model: type[BaseModel], name: str, text: str, panel: str) -> inspect.Parameter:
    field = model.model_fields[name]
    option = typer.Option(
        help=f"{text} Default: the policy's, or {field.default}.", rich_help_panel=panel
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[field.annotation | None, option],  # type: ignore[operator]
    )


def with_given(defaults: Model, given: Mapping[str, Any]) -> Model:
    """The model with these fields in place of its own. Raises `BadParametersError`."""
    try:
        return type(defaults).model_validate(defaults.model_dump() | dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        raise BadParametersError(name, given.get(name), first["msg"]) from error
