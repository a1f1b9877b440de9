"""The manifests are ones that Kubernetes takes, and say of maskloop what is so."""

import tomllib
from pathlib import Path

import kubernetes_validate
import pytest
import ray

from maskloop.platform.settings import Settings
from sites.manifests import DEPLOY, Manifest, containers, kustomized, named

KUBERNETES = "1.34"
OVERLAYS = ["overlays/cpu", "overlays/gpu", "overlays/green", "first-admin"]
FOREIGN = {"RayCluster", "ServiceMonitor", "PrometheusRule"}
"""Kinds of operators, whose schemas no package has. Their pods are looked at."""


def rendered(folder: str) -> list[Manifest]:
    return kustomized(DEPLOY / "kubernetes" / folder)


def pods(cluster: Manifest) -> dict[str, Manifest]:
    """The pod templates of a RayCluster by group."""
    spec = cluster["spec"]
    groups = {group["groupName"]: group["template"] for group in spec["workerGroupSpecs"]}
    return {"head": spec["headGroupSpec"]["template"], **groups}


@pytest.mark.parametrize("folder", OVERLAYS)
def test_kubernetes_knows_every_field(folder: str) -> None:
    for manifest in rendered(folder):
        if manifest["kind"] not in FOREIGN:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
        else:
            for name, template in pods(manifest).items():
                pod = {
                    "apiVersion": "v1",
                    "kind": "PodTemplate",
                    "metadata": {"name": name},
                    "template": template,
                }
                kubernetes_validate.validate(pod, KUBERNETES, strict=True)


def test_a_field_that_it_does_not_know_is_found() -> None:
    deployment = named(rendered("overlays/cpu"), "Deployment", "maskloop")
    deployment["spec"]["template"]["spec"]["containers"][0]["enviroment"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, KUBERNETES, strict=True)


@pytest.mark.parametrize("folder", OVERLAYS)
def test_every_container_has_the_image_and_what_it_needs(folder: str) -> None:
    found = [each for manifest in rendered(folder) for each in containers(manifest)]
    assert found
    for container in found:
        assert container["image"].startswith("registry.example.com/maskloop:")
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]


def test_the_image_is_of_this_version() -> None:
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    for folder in ("overlays/cpu", "overlays/gpu", "first-admin"):
        tags = {c["image"].rpartition(":")[2] for m in rendered(folder) for c in containers(m)}
        assert tags == {project["version"]}


def test_ray_is_the_one_that_constraints_pin() -> None:
    cluster = named(rendered("overlays/cpu"), "RayCluster", "maskloop-ray")
    assert cluster["spec"]["rayVersion"] == ray.__version__
    assert f"ray=={ray.__version__}" in (DEPLOY.parent / "constraints.txt").read_text()


@pytest.mark.parametrize(("folder", "groups"), [("cpu", {"cpu"}), ("gpu", {"cpu", "gpu"})])
def test_settings_name_labels_that_groups_have(folder: str, groups: set[str]) -> None:
    made = rendered(f"overlays/{folder}")
    data = named(made, "ConfigMap", "maskloop")["data"]
    told = {key.removeprefix("MASKLOOP_").lower(): value for key, value in data.items()}
    assert told.keys() <= Settings.model_fields.keys()
    settings = Settings(**told)
    cluster = named(made, "RayCluster", "maskloop-ray")
    labels = {g["groupName"]: g["labels"] for g in cluster["spec"]["workerGroupSpecs"]}
    wanted = [settings.worker_labels, settings.encoder_labels]
    assert {name for name, has in labels.items() if has in wanted} == groups
    gpus = {
        group["groupName"]: "nvidia.com/gpu" in container["resources"]["limits"]
        for group in cluster["spec"]["workerGroupSpecs"]
        for container in containers(group)
    }
    assert {name for name, has in gpus.items() if has} == groups - {"cpu"}


def test_the_api_finds_the_cluster_and_its_token() -> None:
    made = rendered("overlays/cpu")
    cluster = named(made, "RayCluster", "maskloop-ray")["metadata"]["name"]
    (container,) = containers(named(made, "Deployment", "maskloop"))
    environment = {each["name"]: each for each in container["env"]}
    assert environment["RAY_ADDRESS"]["value"] == f"{cluster}-head-svc:6379"
    secret = environment["RAY_AUTH_TOKEN"]["valueFrom"]["secretKeyRef"]
    assert secret == {"name": cluster, "key": "auth_token"}
    own = {name.removeprefix("MASKLOOP_").lower() for name in environment if "MASKLOOP" in name}
    assert own <= Settings.model_fields.keys()


def test_a_second_cluster_stands_beside_the_first() -> None:
    (green,) = rendered("overlays/green")
    blue = named(rendered("overlays/cpu"), "RayCluster", "maskloop-ray")
    assert green["metadata"]["name"] == "maskloop-ray-green"
    assert pods(green).keys() == pods(blue).keys()


@pytest.mark.parametrize("name", ["shm", "memory"])
def test_rays_objects_fit_into_the_shared_memory_that_pods_have(name: str) -> None:
    cluster = named(rendered("overlays/gpu"), "RayCluster", "maskloop-ray")["spec"]
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        objects = int(group["rayStartParams"]["object-store-memory"])
        pod = group["template"]["spec"]
        (volume,) = pod["volumes"]
        mebibytes = int(volume["emptyDir"]["sizeLimit"].removesuffix("Mi"))
        (container,) = pod["containers"]
        gibibytes = int(container["resources"]["limits"]["memory"].removesuffix("Gi"))
        room = {"shm": mebibytes * 2**20, "memory": gibibytes * 2**30 / 2}[name]
        assert objects < room


def test_paths_of_the_image_are_there() -> None:
    root = DEPLOY.parent
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for path in (line.removeprefix("!") for line in kept if line.startswith("!")):
        assert Path(root / path).exists()
    packages = {link.name for link in (root / "src" / "maskloop").iterdir() if link.is_symlink()}
    assert packages <= {line.removeprefix("!") for line in kept}
