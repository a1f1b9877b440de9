"""`maskloop predict`"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.platform.prompts import NEGATIVE, POSITIVE, Prompts
from maskloop.platform.settings import load_settings
from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson

if TYPE_CHECKING:
    from maskloop.services.predict import Prediction


def predict(
    path: Annotated[str, typer.Argument(metavar="PATH", help="An image.")],
    point: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y[,0|1]", help="A point in pixels; 1 inside (default), 0 outside."),
    ] = None,
    box: Annotated[
        str | None, typer.Option(metavar="X1,Y1,X2,Y2", help="A box around the object.")
    ] = None,
    multimask: Annotated[
        bool, typer.Option("--multimask", help="All three readings of an ambiguous prompt.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the best mask to this file, as PNG.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The mask of one object that points and a box ask for."""
    prompts = parse_prompts(point or [], box)
    if out is not None and not out.parent.is_dir():
        raise typer.BadParameter(f"--out {out}: there is no folder {out.parent}")
    from maskloop.services.local_model import open_local_model
    from maskloop.services.predict import predict as predict_masks
    from maskloop.services.predict import write_png

    settings = load_settings()
    model = open_local_model(settings)
    found = predict_masks(settings, model, path, prompts, multimask=multimask)
    if out is not None:
        write_png(found.masks[0], out)
    if as_json:
        console.write_json(_json(found, model.weights.name))
    else:
        rows = [(f"{m.predicted_iou:.3f}", m.area, *m.bbox_xywh) for m in found.masks]
        console.table(["predicted IoU", "area", "left", "top", "width", "height"], rows)
        console.note(
            f"encoded in {found.encode_seconds:.2f} s, decoded in {found.decode_seconds:.2f} s"
        )


def parse_prompts(points: list[str], box: str | None) -> Prompts:
    """Prompts as they are typed. Raises `typer.BadParameter`."""
    points_xy: list[tuple[float, float]] = []
    labels: list[int] = []
    for text in points:
        values = _numbers(text, "--point X,Y or X,Y,0 or X,Y,1", counts=(2, 3))
        points_xy.append((values[0], values[1]))
        label = values[2] if len(values) == 3 else POSITIVE
        if label not in (NEGATIVE, POSITIVE):
            raise typer.BadParameter(f"{text!r}: the third number is 1 (inside) or 0 (outside)")
        labels.append(int(label))
    corners = _numbers(box, "--box X1,Y1,X2,Y2", counts=(4,)) if box is not None else None
    if not points and corners is None:
        raise typer.BadParameter("give at least one --point or a --box")
    box_xyxy = (corners[0], corners[1], corners[2], corners[3]) if corners else None
    return Prompts(tuple(points_xy), tuple(labels), box_xyxy)


def _numbers(text: str, form: str, *, counts: tuple[int, ...]) -> list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) not in counts:
        raise typer.BadParameter(f"{text!r} is not of the form {form}")
    return values


def _json(found: "Prediction", model: str) -> dict[str, object]:
    height, width = found.size_hw
    return {
        "image": {"file_name": found.source, "width": width, "height": height},
        "model": model,
        "masks": [
            {
                "segmentation": {
                    "size": list(mask.rle.size_hw),
                    "counts": mask.rle.counts.decode("ascii"),
                },
                "bbox": list(mask.bbox_xywh),
                "area": mask.area,
                "predicted_iou": mask.predicted_iou,
            }
            for mask in found.masks
        ],
        "seconds": {"encode": found.encode_seconds, "decode": found.decode_seconds},
    }
