"""What the database reads to answer, by its own account."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa


@dataclass
class Reading:
    """`rows`: by table, all that were looked at; `indexes`: that were used; `scanned`: tables that
    were read from end to end."""

    rows: dict[str, float] = field(default_factory=dict)
    indexes: set[str] = field(default_factory=set)
    scanned: set[str] = field(default_factory=set)

    def add(self, plan: dict[str, Any]) -> None:
        table = plan.get("Relation Name")
        if table is not None:
            each = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
            each += plan.get("Rows Removed by Index Recheck", 0)
            self.rows[table] = self.rows.get(table, 0) + each * plan["Actual Loops"]
            if plan["Node Type"] == "Seq Scan":
                self.scanned.add(table)
        if "Index Name" in plan:
            self.indexes.add(plan["Index Name"])
        for below in plan.get("Plans", ()):
            self.add(below)


@contextmanager
def explained(connection: sa.Connection) -> Iterator[Reading]:
    """Of every question inside, as if it was asked once more behind it."""
    reading = Reading()
    asked: list[tuple[str, Any]] = []

    def note(_one: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    sa.event.listen(connection, "before_cursor_execute", note)
    try:
        yield reading
    finally:
        sa.event.remove(connection, "before_cursor_execute", note)
    for statement, parameters in asked:
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        found = connection.exec_driver_sql(explain, parameters).scalar_one()
        plan = json.loads(found) if isinstance(found, str) else found
        reading.add(plan[0]["Plan"])
