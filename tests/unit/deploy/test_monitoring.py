"""Rules and dashboard ask for what /metrics tells."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from maskloop.services.api.app import PREFIX
from maskloop.services.api.masks import router
from maskloop.services.api.metrics import Metrics
from sites.manifests import DEPLOY, documents, kustomized

MONITORING = DEPLOY / "monitoring"
SELECTED = re.compile(r"\b(maskloop_\w+|up)\b(?:\{([^}]*(?:\{\w+\}[^}]*)*)\})?")
GROUPED = re.compile(r"\bby \(([^)]*)\)")
LABELLED = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")
OF_PROMETHEUS = {"job", "instance"}
SUFFIXES = {
    "counter": ["_total"],
    "gauge": [""],
    "histogram": ["_bucket", "_count", "_sum"],
}


def rules() -> list[dict[str, Any]]:
    (found,) = documents(MONITORING / "rules.yaml")
    return [rule for group in found["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    found = json.loads((MONITORING / "dashboards" / "maskloop.json").read_text())
    assert isinstance(found, dict)
    return found


def series() -> dict[str, set[str]]:
    """The labels of each series that is there, by its name."""
    found = {"up": OF_PROMETHEUS}
    for collector in Metrics().registry._collector_to_names:
        kind = collector._type  # type: ignore[attr-defined]
        labels = {*collector._labelnames, *OF_PROMETHEUS}  # type: ignore[attr-defined]
        for suffix in SUFFIXES[kind]:
            more = {"le"} if suffix == "_bucket" else set()
            found[collector._name + suffix] = labels | more  # type: ignore[attr-defined]
    return found


def asked() -> Iterator[tuple[str, str]]:
    """Expressions, and what is drawn beside each value."""
    for rule in rules():
        yield rule["expr"], " ".join(rule["annotations"].values())
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"], target["legendFormat"]


@pytest.mark.parametrize(("expression", "text"), list(asked()))
def test_every_series_and_label_is_there(expression: str, text: str) -> None:
    there = series()
    selected = SELECTED.findall(expression)
    assert selected
    labels: set[str] = set()
    for name, matchers in selected:
        assert name in there
        wanted = set(re.findall(r"(\w+)\s*[!=]~?\s*\"", matchers))
        assert wanted <= there[name]
        labels |= there[name]
    for group in GROUPED.findall(expression):
        assert {label.strip() for label in group.split(",")} <= labels
    assert set(LABELLED.findall(text)) <= labels


def test_a_series_that_is_not_there_is_found() -> None:
    with pytest.raises(AssertionError):
        test_every_series_and_label_is_there("rate(maskloop_masks_found[5m])", "")
    with pytest.raises(AssertionError):
        test_every_series_and_label_is_there("sum by (state) (maskloop_database_up)", "")


def test_clicks_are_looked_for_at_their_route() -> None:
    paths = {PREFIX + route.path for route in router.routes}  # type: ignore[attr-defined]
    routes = {route for text, _ in asked() for route in re.findall(r'route="([^"]*)"', text)}
    assert routes
    assert routes <= paths


def test_the_operators_rules_are_the_same() -> None:
    made = kustomized(MONITORING)
    (rule,) = [each for each in made if each["kind"] == "PrometheusRule"]
    assert documents(MONITORING / "rules.yaml") == [rule["spec"]]


def test_every_alert_says_what_to_do() -> None:
    book = (DEPLOY.parent / "docs" / "runbook.md").read_text()
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert f"\n### {rule['alert']}\n" in book
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_every_metric_is_on_the_dashboard_or_watched() -> None:
    seen = {name for text, _ in asked() for name, _ in SELECTED.findall(text)}
    names = {c._name for c in Metrics().registry._collector_to_names}  # type: ignore[attr-defined]
    assert {n for n in names if not any(each.startswith(n) for each in seen)} == set()


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
