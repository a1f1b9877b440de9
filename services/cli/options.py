"""Options that several commands share."""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maskloop.platform.generation import GenerationParameters, Value

if TYPE_CHECKING:
    from maskloop.services.runtime import Runtime

AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON document.")]
JobId = Annotated[int, typer.Argument(metavar="JOB", help="The job's number.")]
Version = Annotated[int, typer.Argument(metavar="VERSION", help="The model version's number.")]
ProjectName = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.")]

_HELP = {
    "mode": "exact: the official masks; adaptive: nearly these, in a third of the time.",
    "embedding_distance_thresh": "Adaptive mode: ask points that differ by more from their like.",
    "points_per_side": "Prompts per side of the grid.",
    "points_per_batch": "Prompts decoded together on a GPU; speed and memory only.",
    "pred_iou_thresh": "Keep masks of a higher predicted IoU.",
    "stability_score_thresh": "Keep masks at least this stable.",
    "stability_score_offset": "How far logits shift for the stability score.",
    "box_nms_thresh": "Box IoU above which masks of a crop are duplicates.",
    "crop_n_layers": "Layers of zoomed crops.",
    "crop_nms_thresh": "Box IoU above which masks of two crops are duplicates.",
    "crop_overlap_ratio": "Overlap of crops, as a share of the shorter side.",
    "crop_n_points_downscale_factor": "The grid shrinks by this with every layer.",
    "min_mask_region_area": "Remove holes and islands of fewer pixels.",
    "dedup_iou_thresh": "Drop near-duplicates of a higher mask IoU; 1 keeps all.",
    "dedup_containment_thresh": "Drop masks of which more lies inside another; 1 keeps all.",
}


def with_generation_options(command: Callable[..., None]) -> Callable[..., None]:
    """One option per field of `GenerationParameters`; the command gets them as `parameters`."""
    signature = inspect.signature(command)
    own = [given for name, given in signature.parameters.items() if name != "parameters"]
    added = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=Annotated[
                field.type, typer.Option(help=_HELP[field.name], rich_help_panel="Everything-mode")
            ],
        )
        for field in fields(GenerationParameters)
    ]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        chosen = {option.name: values.pop(option.name) for option in added}
        command(**values, parameters=GenerationParameters(**chosen))

    whole = [*(given.replace(kind=inspect.Parameter.KEYWORD_ONLY) for given in own), *added]
    run.__signature__ = signature.replace(parameters=whole)  # type: ignore[attr-defined]
    run.__annotations__ = {option.name: option.annotation for option in whole}
    return run


def given_parameters(context: typer.Context, parameters: GenerationParameters) -> dict[str, Value]:
    """Those that stand in the command line; the others have their defaults."""
    return {
        name: value
        for name, value in parameters.to_json().items()
        if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    }


@contextmanager
def runtime() -> "Iterator[Runtime]":
    """The environment's runtime, for one command."""
    from maskloop.platform.settings import load_settings
    from maskloop.services.runtime import open_runtime

    with open_runtime(load_settings()) as opened:
        yield opened
