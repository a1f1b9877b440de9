"""docs/metrics.md names what there is, and nothing else."""

import re
from pathlib import Path

from maskloop.services.api.metrics import Metrics

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `(maskloop_\w+)` \| (\w+) \|([^|]*)\|", flags=re.MULTILINE)


def test_the_document_has_every_metric_with_kind_and_labels() -> None:
    documented = {
        name: (kind, tuple(label for label in labels.strip().split(", ") if label))
        for name, kind, labels in ROW.findall(DOCUMENT.read_text())
    }
    registry = Metrics().registry
    there = {
        collector._name: (collector._type, tuple(collector._labelnames))  # type: ignore[attr-defined]
        for collector in registry._collector_to_names
    }
    assert documented == there
