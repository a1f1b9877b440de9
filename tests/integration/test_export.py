"""Export: what other tools read is what is stored."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datumaro
import numpy as np
import pytest
from pycocotools.coco import COCO
from skimage import data as photographs

from maskloop.platform.db.images import Image
from maskloop.platform.errors import AlreadyExistsError, BadLocationError, NotFoundError
from maskloop.platform.masks import GeneratedMask
from maskloop.platform.states import ProposalState
from maskloop.services.export import ExportFormat, export_project
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from sites.bench import Bench


def overlapping_masks(bench: "Bench", height: int, width: int) -> list[GeneratedMask]:
    """A ring with a hole, a disc inside it, one that covers both, and a single pixel."""
    y, x = np.mgrid[:height, :width]
    distance = np.hypot(y - height // 2, x - width // 3)
    pixel = np.zeros((height, width), dtype=bool)
    pixel[height - 1, width - 1] = True
    shapes = [(distance < 90) & (distance > 50), distance < 70, distance < 120, pixel]
    scores = [0.99, 0.96, 0.91, 0.89]
    return [bench.mask_of(m, predicted_iou=s) for m, s in zip(shapes, scores, strict=True)]


@pytest.fixture
def photographed(bench: "Bench") -> tuple[list[Image], list[list[GeneratedMask]]]:
    """Two images with four masks each (one file name twice, not ASCII) and one without any."""
    project = bench.make_project(categories=["cat", "Gerät"])
    images = [
        bench.add_image(project, bench.png(photographs.astronaut()), "/a/Żółw 猫.png"),
        bench.add_image(project, bench.png(photographs.coffee()), "s3://bucket/b/Żółw 猫.png"),
        bench.add_image(project, bench.png(photographs.chelsea()), "/a/chelsea.png"),
    ]
    job = bench.start_job(project)
    masks = [overlapping_masks(bench, image.height, image.width) for image in images[:2]] + [[]]
    for image, of_image in zip(images, masks, strict=True):
        job.done(image, of_image)
    job.finish()
    return images, masks


def read_coco(folder: Path) -> COCO:
    return COCO(str(folder / "annotations" / "instances_default.json"))


def test_coco_masks_are_the_stored_pixels_overlaps_and_holes_included(
    runtime: Runtime,
    photographed: tuple[list[Image], list[list[GeneratedMask]]],
    tmp_path: Path,
) -> None:
    images, masks = photographed
    report = export_project(runtime, "photos", format=ExportFormat.COCO, out=tmp_path / "out")
    assert (report.images, report.masks, report.images_without_masks) == (3, 8, 1)
    coco = read_coco(tmp_path / "out")
    for image, of_image in zip(images, masks, strict=True):
        annotations = coco.loadAnns(coco.getAnnIds(imgIds=[image.id]))
        assert len(annotations) == len(of_image)
        for annotation, mask in zip(annotations, of_image, strict=True):
            np.testing.assert_array_equal(coco.annToMask(annotation), mask.rle.decode())
            assert type(annotation["segmentation"]["counts"]) is str
            assert annotation["area"] == mask.area
            assert annotation["iscrowd"] == 0


def test_coco_keeps_scores_and_where_a_mask_came_from(
    runtime: Runtime, photographed: object, tmp_path: Path
) -> None:
    export_project(runtime, "photos", format=ExportFormat.COCO, out=tmp_path / "out")
    document = read_coco(tmp_path / "out").dataset
    annotation = document["annotations"][3]
    del annotation["segmentation"]
    assert annotation == {
        "id": 4,
        "image_id": 1,
        "category_id": 1,
        "area": 1,
        "bbox": [511, 511, 1, 1],
        "iscrowd": 0,
        "score": 0.89,
        "attributes": {
            "proposal_id": 4,
            "state": "pending",
            "predicted_iou": 0.89,
            "stability_score": 0.97,
            "point_coords": [[511.0, 511.0]],
            "crop_box": [0, 0, 512, 512],
        },
    }


def test_coco_lists_object_first_and_then_the_categories_of_the_project(
    runtime: Runtime, photographed: object, tmp_path: Path
) -> None:
    export_project(runtime, "photos", format=ExportFormat.COCO, out=tmp_path / "out")
    assert read_coco(tmp_path / "out").dataset["categories"] == [
        {"id": 1, "name": "object", "supercategory": ""},
        {"id": 2, "name": "cat", "supercategory": ""},
        {"id": 3, "name": "Gerät", "supercategory": ""},
    ]


def test_a_category_called_object_stays_apart_from_masks_without_a_category(
    runtime: Runtime, bench: "Bench", tmp_path: Path
) -> None:
    bench.make_project(categories=["object"])
    export_project(runtime, "photos", format=ExportFormat.COCO, out=tmp_path / "out")
    names = [one["name"] for one in read_coco(tmp_path / "out").dataset["categories"]]
    assert names == ["object_", "object"]


def test_images_of_one_name_are_told_apart_and_lead_back_to_their_source(
    runtime: Runtime,
    photographed: tuple[list[Image], list[list[GeneratedMask]]],
    tmp_path: Path,
) -> None:
    images, _ = photographed
    export_project(runtime, "photos", format=ExportFormat.COCO, out=tmp_path / "out")
    listed = read_coco(tmp_path / "out").dataset["images"]
    second = images[1].sha256.hex()
    assert [image["file_name"] for image in listed] == [
        "Żółw 猫.png",
        f"Żółw 猫-{second[:8]}.png",
        "chelsea.png",
    ]
    assert listed[1]["source_uri"] == "s3://bucket/b/Żółw 猫.png"
    assert listed[1]["sha256"] == second


def test_datumaro_reads_our_coco_with_exact_masks_and_scores(
    runtime: Runtime,
    photographed: tuple[list[Image], list[list[GeneratedMask]]],
    tmp_path: Path,
) -> None:
    _, masks = photographed
    out = tmp_path / "out"
    export_project(runtime, "photos", format=ExportFormat.COCO, out=out, with_pictures=True)
    dataset = datumaro.Dataset.import_from(str(out), "coco_instances")
    items = {item.attributes["id"]: item for item in dataset}
    for image_id, of_image in enumerate(masks, start=1):
        found = [one for one in items[image_id].annotations if one.type.name == "mask"]
        found.sort(key=lambda one: int(one.id))
        assert len(found) == len(of_image)
        for one, mask in zip(found, of_image, strict=True):
            np.testing.assert_array_equal(one.image.astype(bool), mask.rle.decode())
            assert one.attributes["score"] == mask.predicted_iou
            assert one.attributes["stability_score"] == 0.97
            assert one.attributes["is_crowd"] is False
    assert items[3].media.data.shape == (300, 451, 3)


def test_sa1b_has_a_document_and_a_picture_of_one_name_for_every_image(
    runtime: Runtime,
    photographed: tuple[list[Image], list[list[GeneratedMask]]],
    tmp_path: Path,
) -> None:
    images, masks = photographed
    out = tmp_path / "out"
    report = export_project(
        runtime, "photos", format=ExportFormat.SA1B, out=out, with_pictures=True
    )
    assert (report.pictures, report.pictures_gone) == (3, 0)
    again = f"Żółw 猫-{images[1].sha256.hex()[:8]}"
    assert {path.name for path in out.iterdir()} == {
        *("Żółw 猫.json", "Żółw 猫.png", f"{again}.json", f"{again}.png"),
        *("chelsea.json", "chelsea.png"),
    }
    document: dict[str, Any] = json.loads((out / f"{again}.json").read_text())
    assert document["image"] == {
        "image_id": 2,
        "width": 600,
        "height": 400,
        "file_name": f"{again}.png",
    }
    assert document["annotations"][0]["segmentation"] == {
        "size": [400, 600],
        "counts": masks[1][0].rle.counts.decode(),
    }
    assert document["annotations"][3]["bbox"] == [599, 399, 0, 0]
    assert (out / f"{again}.png").read_bytes() == runtime.objects.get(images[1].key)


def test_only_proposals_in_the_wanted_states_are_exported(
    runtime: Runtime, photographed: object, tmp_path: Path
) -> None:
    report = export_project(
        runtime,
        "photos",
        format=ExportFormat.COCO,
        out=tmp_path / "out",
        states=[ProposalState.ACCEPTED],
    )
    assert (report.images, report.masks, report.images_without_masks) == (3, 0, 3)


@pytest.mark.parametrize("wanted", list(ExportFormat))
def test_a_project_without_images_gives_a_valid_empty_export(
    runtime: Runtime, bench: "Bench", tmp_path: Path, wanted: ExportFormat
) -> None:
    bench.make_project()
    report = export_project(runtime, "photos", format=wanted, out=tmp_path / "new" / "out")
    assert (report.images, report.masks) == (0, 0)
    if wanted is ExportFormat.COCO:
        assert read_coco(tmp_path / "new" / "out").getAnnIds() == []
    else:
        assert list((tmp_path / "new" / "out").iterdir()) == []


def test_a_folder_that_holds_something_is_refused_and_left_as_it_is(
    runtime: Runtime, photographed: object, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("precious")
    with pytest.raises(AlreadyExistsError, match="name a new folder"):
        export_project(runtime, "photos", format=ExportFormat.COCO, out=out)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_an_export_overtaken_by_another_loses_neither_and_leaves_nothing_behind(
    runtime: Runtime, photographed: object, tmp_path: Path
) -> None:
    out = tmp_path / "exports" / "out"

    def somebody_else_writes(done: int, total: int) -> None:
        out.mkdir(exist_ok=True)
        (out / "theirs.txt").write_text("first")

    with pytest.raises(AlreadyExistsError):
        export_project(
            runtime, "photos", format=ExportFormat.SA1B, out=out, progress=somebody_else_writes
        )
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert [path.name for path in out.iterdir()] == ["theirs.txt"]


def test_an_interrupted_export_leaves_nothing_behind(
    runtime: Runtime, photographed: object, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int) -> None:
        assert (done, total) == (1, 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_project(
            runtime, "photos", format=ExportFormat.COCO, out=tmp_path / "x" / "out",
            progress=interrupt,
        )  # fmt: skip
    assert list((tmp_path / "x").iterdir()) == []


def test_a_file_cannot_be_exported_into(
    runtime: Runtime, photographed: object, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.write_text("a file")
    with pytest.raises(BadLocationError, match="it is a file"):
        export_project(runtime, "photos", format=ExportFormat.SA1B, out=out)
    assert out.read_text() == "a file"


def test_a_project_that_is_not_there_makes_no_folder(runtime: Runtime, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no project nobody"):
        export_project(runtime, "nobody", format=ExportFormat.COCO, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_picture_that_is_gone_from_the_store_is_counted_and_its_masks_stay(
    runtime: Runtime,
    photographed: tuple[list[Image], list[list[GeneratedMask]]],
    tmp_path: Path,
) -> None:
    images, _ = photographed
    runtime.objects.delete(images[0].key)
    out = tmp_path / "out"
    report = export_project(
        runtime, "photos", format=ExportFormat.COCO, out=out, with_pictures=True
    )
    assert (report.pictures, report.pictures_gone, report.masks) == (2, 1, 8)
    assert len(list((out / "images").iterdir())) == 2


def test_the_same_content_gives_the_same_bytes(
    runtime: Runtime, photographed: object, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        export_project(runtime, "photos", format=ExportFormat.COCO, out=tmp_path / name)
    one, two = (tmp_path / n / "annotations" / "instances_default.json" for n in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
