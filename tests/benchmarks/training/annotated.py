"""A folder of photographs with `instances.json` becomes part of a project: images as uploads add
them, each mask an annotation of the local person, by the services that the API uses."""

import json
from pathlib import Path

from maskloop.services.annotations import Submitted, create
from maskloop.services.images import add_image
from maskloop.services.projects import create_project, list_categories
from maskloop.services.runtime import Runtime


def project_of(
    runtime: Runtime, name: str, folders: list[Path], *, author_id: int, most: int | None
) -> int:
    """The project's id. `most`: images of each folder, by file name; None: all."""
    contents = [json.loads((folder / "instances.json").read_text()) for folder in folders]
    names = {c["id"]: c["name"] for content in contents for c in content["categories"]}
    project = create_project(runtime, name, sorted({*names.values()}))
    categories = {c.name: c.id for c in list_categories(runtime, project.id)}
    for folder, content in zip(folders, contents, strict=True):
        chosen = sorted(content["images"], key=lambda image: str(image["file_name"]))[:most]
        ids = {}
        for each in chosen:
            path = folder / each["file_name"]
            added = add_image(runtime, project.id, path.read_bytes(), path.as_uri())
            ids[each["id"]] = added.image_id
        for annotation in content["annotations"]:
            if annotation["image_id"] in ids and not annotation.get("iscrowd"):
                category = categories[names[annotation["category_id"]]]
                counts = annotation["segmentation"]["counts"].encode("ascii")
                submitted = Submitted(category, counts)
                image_id = ids[annotation["image_id"]]
                create(runtime, project.id, image_id, submitted, author_id=author_id)
    return project.id
