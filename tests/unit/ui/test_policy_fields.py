"""The page's fields of a policy are those of `platform/training.py`: names, defaults and bounds."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from maskloop.platform.training import GatePolicy, Recipe, SetRule, Triggers
from unit.ui.test_modules import node

__all__ = ["node"]
FIELDS = Path(__file__).parents[3] / "ui" / "models" / "static" / "fields.js"
SHOW = """
const { TRIGGERS, GATE, RECIPE, RULE } = await import(process.argv[1]);
process.stdout.write(JSON.stringify({ TRIGGERS, GATE, RECIPE, RULE }));
"""
MODELS: dict[str, type[BaseModel]] = {
    "TRIGGERS": Triggers,
    "GATE": GatePolicy,
    "RECIPE": Recipe,
    "RULE": SetRule,
}


@pytest.fixture(scope="module")
def fields(node: Path) -> dict[str, list[dict[str, Any]]]:
    told = subprocess.run(
        [node, "--input-type=module", "--eval", SHOW, FIELDS.as_uri()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: dict[str, list[dict[str, Any]]] = json.loads(told.stdout)
    return found


@pytest.mark.parametrize("part", MODELS)
def test_every_field_is_there_with_its_default(
    fields: dict[str, list[dict[str, Any]]], part: str
) -> None:
    shown = {field["name"]: field["usual"] for field in fields[part]}
    assert shown == MODELS[part]().model_dump(mode="json")


@pytest.mark.parametrize("part", ["TRIGGERS", "RECIPE"])
def test_whole_numbers_have_the_bounds_of_the_server(
    fields: dict[str, list[dict[str, Any]]], part: str
) -> None:
    schema = MODELS[part].model_json_schema()["properties"]
    for field in fields[part]:
        if field["kind"] == "whole":
            known = schema[field["name"]]
            bounds = (known.get("minimum"), known.get("maximum"))
            assert (field.get("least"), field.get("most")) == bounds, field["name"]
