"""`maskloop provenance` and `maskloop replay`"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, runtime

if TYPE_CHECKING:
    from maskloop.platform.db.verdict_history import Said
    from maskloop.services.provenance import Parent, Proposed, Provenance, Revision

Mask = Annotated[int, typer.Argument(metavar="MASK", help="The annotation's number.")]
IsProposal = Annotated[bool, typer.Option("--proposal", help="MASK is a proposal's number.")]


def provenance(mask: Mask, is_proposal: IsProposal = False, as_json: AsJson = False) -> None:
    """Where a mask comes from: image, model, prompts, people, and what was said of it."""
    from maskloop.platform.db import annotations, proposals
    from maskloop.services.provenance import of_annotation, of_proposal

    with runtime() as opened:
        with opened.engine.connect() as connection:
            project_of = proposals.project_of if is_proposal else annotations.project_of
            project_id = project_of(connection, mask)
        if is_proposal:
            found = of_proposal(opened, project_id, mask)
        else:
            found = of_annotation(opened, project_id, mask, tells_marks=True)
    if as_json:
        image = {"id": found.image.id, "sha256": found.image.sha256.hex()}
        told = asdict(found) | {"image": image | {"source": found.image.source_uri}}
        console.write_json(told)
    else:
        _tell(found)


def _tell(found: "Provenance") -> None:
    image = found.image
    console.say(f"image {image.id}  {image.source_uri}  {image.width}×{image.height}")
    console.say(f"  sha256 {image.sha256.hex()}")
    if found.proposed is not None:
        _tell_proposed(found.proposed)
    for revision in found.revisions:
        _tell_revision(revision)
    for said in found.verdicts:
        _tell_said(said)
    if found.mark is not None:
        console.say(f"{found.mark}: never trained on")


def _tell_proposed(proposed: "Proposed") -> None:
    version, (x, y) = proposed.version, proposed.point_xy
    console.say(
        f"proposal {proposed.id}  {proposed.state}  by {version.name} v{version.id} in job "
        f"{proposed.job_id} from the point ({x:g}, {y:g}); predicted IoU "
        f"{proposed.predicted_iou:.3f}, {proposed.area:,} pixels"
    )
    told = ", ".join(f"{name}={value}" for name, value in proposed.parameters.items())
    console.say(f"  parameters {told}")


def _tell_revision(one: "Revision") -> None:
    drew = "by hand" if one.version is None else f"by {one.version.name} v{one.version.id}"
    took = "" if one.seconds is None else f", {one.seconds:g} s"
    what = "deleted" if one.deleted else f"{one.category}, {one.area:,} pixels"
    console.say(f"revision {one.revision}  {one.at:%Y-%m-%d %H:%M:%S} {one.author}{took}  {what}")
    console.say(f"  drawn {drew}{_of_parent(one.parent)}")
    for number, prompt in enumerate(one.prompts, start=1):
        console.say(f"  prompt {number}  {_prompt(prompt)}")


def _of_parent(parent: "Parent | None") -> str:
    if parent is None:
        return ", from no other mask"
    named = f"revision {parent.revision}" if parent.revision else f"proposal {parent.id}"
    return f", from {named}: IoU {parent.iou:.3f} with it"


def _tell_said(said: "Said") -> None:
    how = "accepted by evidence, without a look" if said.by_itself else f"{said.verdict}"
    why = f": {said.reason}" if said.reason else ""
    back = "" if said.withdrawn_at is None else f"  withdrawn {said.withdrawn_at:%Y-%m-%d %H:%M:%S}"
    console.say(f"{said.of}  {said.at:%Y-%m-%d %H:%M:%S} {said.reviewer}  {how}{why}{back}")


def _prompt(prompt: Any) -> str:
    points = [
        f"{'+' if label else '-'}({x:g}, {y:g})" for x, y, label in prompt.get("points") or ()
    ]
    box = [f"box {prompt['box']}"] if prompt.get("box") else []
    refines = ["refines an earlier mask"] if prompt.get("previous") else []
    return " ".join([*points, *box, *refines])


def replay(
    mask: Mask,
    model: Annotated[int, typer.Option(help="The model version's number.")],
    is_proposal: IsProposal = False,
    png: Annotated[
        Path | None,
        typer.Option(help="A picture: white both, orange only stored, blue only replayed."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask a mask's prompts again, in their order, of another model version."""
    from maskloop.services import mask_replay

    with runtime() as opened:
        find = mask_replay.of_proposal if is_proposal else mask_replay.of_annotation
        original = find(opened, mask)
        opened_model = mask_replay.open_model(opened, model)
        steps = mask_replay.replay(opened, original, opened_model)
    if png is not None:
        mask_replay.write_both(original.mask, steps[-1].mask.rle, png)
    if as_json:
        shown = [
            {"prompt": step.prompt, "iou": step.iou, "predicted_iou": step.mask.predicted_iou}
            for step in steps
        ]
        console.write_json({"mask": original.title, "model": opened_model.name, "steps": shown})
        return
    console.say(f"{original.title}, asked of {opened_model.name}")
    rows = [
        (number, _prompt(step.prompt), f"{step.iou:.3f}", f"{step.mask.predicted_iou:.3f}")
        for number, step in enumerate(steps, start=1)
    ]
    console.table(["step", "prompt", "IoU with the stored mask", "predicted IoU"], rows)
