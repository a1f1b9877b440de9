"""What `kubectl kustomize` makes of a folder of deploy/, as far as they make use of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonpatch
import yaml

Manifest = dict[str, Any]
DEPLOY = Path(__file__).parents[2] / "deploy"


def documents(file: Path) -> list[Any]:
    return [each for each in yaml.safe_load_all(file.read_text()) if each is not None]


def kustomized(folder: Path) -> list[Manifest]:
    """Resources, components, JSON patches, literals of ConfigMaps, name suffix and images. Raises
    `ValueError` for a word that it does not know."""
    (told,) = documents(folder / "kustomization.yaml")
    unknown = set(told) - _KNOWN
    if unknown:
        raise ValueError(f"{folder}: {sorted(unknown)}")
    made = [one for path in told.get("resources", []) for one in _resource(folder / path)]
    for generator in told.get("configMapGenerator", []):
        _configure(made, generator, folder)
    for path in told.get("components", []):
        (component,) = documents(folder / path / "kustomization.yaml")
        made = _patched(made, component["patches"], folder / path)
    made = _patched(made, told.get("patches", []), folder)
    for manifest in made:
        manifest["metadata"]["name"] += told.get("nameSuffix", "")
        for image in told.get("images", []):
            _with_image(manifest, image)
    return made


_KNOWN = {
    *("apiVersion", "kind", "namespace", "resources", "components", "patches"),
    *("configMapGenerator", "images", "nameSuffix"),
}


def _resource(path: Path) -> list[Manifest]:
    return kustomized(path) if path.is_dir() else documents(path)


def _configure(made: list[Manifest], generator: Manifest, folder: Path) -> None:
    data = dict(each.split("=", 1) for each in generator.get("literals", []))
    data |= {Path(name).name: (folder / name).read_text() for name in generator.get("files", [])}
    if generator.get("behavior") == "merge":
        named(made, "ConfigMap", generator["name"])["data"] |= data
    else:
        metadata = {"name": generator["name"]}
        made.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def _patched(made: list[Manifest], patches: list[Manifest], folder: Path) -> list[Manifest]:
    for patch in patches:
        (operations,) = documents(folder / patch["path"])
        kind = patch["target"]["kind"]
        if not any(each["kind"] == kind for each in made):
            raise ValueError(f"{folder}: no {kind} to patch")
        change = jsonpatch.JsonPatch(operations)
        made = [change.apply(each) if each["kind"] == kind else each for each in made]
    return made


def _with_image(value: Any, image: Manifest) -> None:
    for container in containers(value):
        if container["image"] == image["name"]:
            container["image"] = f"{image['newName']}:{image['newTag']}"


def containers(value: Any) -> Iterator[Manifest]:
    """Wherever they are in a manifest."""
    if isinstance(value, list):
        for each in value:
            yield from containers(each)
    elif isinstance(value, dict):
        yield from value.get("containers", [])
        for each in value.values():
            yield from containers(each)


def named(made: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = [each for each in made if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found
