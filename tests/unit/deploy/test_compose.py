"""What compose starts fits together; that it starts needs Docker."""

import re
from typing import Any

import pytest

from maskloop.platform.settings import Settings
from sites.manifests import DEPLOY, documents

FILES = ["compose.yaml", "compose.s3.yaml"]
VARIABLE = re.compile(r"\$\{(\w+)(?::?[-?][^}]*)?\}")
EXAMPLE = (DEPLOY / ".env.example").read_text()


def composed(name: str) -> dict[str, Any]:
    (found,) = documents(DEPLOY / name)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", FILES)
def test_settings_of_maskloop_are_ones(name: str) -> None:
    environment = composed(name)["services"]["maskloop"]["environment"]
    told = {key.removeprefix("MASKLOOP_").lower() for key in environment if "MASKLOOP_" in key}
    assert told
    assert told <= Settings.model_fields.keys()


@pytest.mark.parametrize("name", FILES)
def test_every_variable_is_in_the_example(name: str) -> None:
    services = composed(name)["services"]
    handed_on = {
        key
        for service in services.values()
        for key, value in service.get("environment", {}).items()
        if value is None
    }
    wanted = set(VARIABLE.findall((DEPLOY / name).read_text())) | handed_on
    assert wanted <= set(re.findall(r"^(?:# )?(\w+)=", EXAMPLE, flags=re.MULTILINE))


@pytest.mark.parametrize("name", FILES)
def test_named_volumes_are_declared_and_mounted_files_exist(name: str) -> None:
    found = composed(name)
    for service in found["services"].values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).exists()
            else:
                assert source in found["volumes"]


def test_whoever_is_waited_for_says_how_it_is() -> None:
    services: dict[str, Any] = {}
    for name in FILES:
        for service, told in composed(name)["services"].items():
            services[service] = services.get(service, {}) | told
    for service in services.values():
        depends = service.get("depends_on", {})
        for other, how in depends.items() if isinstance(depends, dict) else []:
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other]


def test_the_environment_of_deploy_is_not_for_version_control() -> None:
    assert "deploy/.env" in (DEPLOY.parent / ".gitignore").read_text().splitlines()
