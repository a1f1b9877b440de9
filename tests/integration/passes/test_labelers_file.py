"""Figures of gold images as a file and on the terminal."""

import csv
import io

from maskloop.platform.db.quality_rows import EVER
from maskloop.services.quality_csv import Asked, figure_csv
from sites.studio import Studio


def test_gold_images_by_person_are_a_file(studio: Studio) -> None:
    for image in studio.images:
        studio.label(image, [(Studio.ONE, studio.cat), (Studio.THREE, studio.dog)])
    studio.gold(*studio.images)
    for _ in range(5):
        found = studio.begun("ben")
        studio.draw(found, (Studio.ONE, studio.cat), (Studio.TWO, studio.cat))
        studio.submit(found)
    text = figure_csv(Asked(studio.runtime, studio.project_id, EVER), "gold-images-by-person")
    rows = list(csv.DictReader(io.StringIO(text)))
    told = {(one["figure"], one["of category"]): one for one in rows}
    assert told["missed", ""]["mean"] == "0.5"
    assert told["missed", "dog"]["mean"] == "1"
    assert told["extra objects per image", ""]["mean"] == "1"
    assert told["IoU", "cat"]["mean"] == "1"
    assert (told["IoU", "dog"]["mean"], told["IoU", "dog"]["needed"]) == ("", "5")
    first = rows[0]
    assert (first["person"], first["images"], first["objects found"]) == ("ben", "5", "5")
