"""axe-core, run in the page: what it finds of weight."""

import tarfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

_SCRIPT = "package/axe.min.js"
_RUN = """async ([include, exclude]) => {
  const { violations } = await axe.run({ include, exclude }, { resultTypes: ["violations"] });
  const said = (node) => `${node.target.join(" ")}: ${node.failureSummary}`;
  return violations.map(({ id, impact, help, nodes }) => [impact, id, help, nodes.map(said)]);
}"""
_OF_WEIGHT = ("serious", "critical")


@dataclass(frozen=True)
class Axe:
    """Evaluated, not added as a script: the page's own policy stays as people have it."""

    source: str

    @classmethod
    def of(cls, archive: Path) -> "Axe":
        with tarfile.open(archive, "r:gz") as tar:
            member = tar.extractfile(_SCRIPT)
            assert member is not None, f"{archive.name} has no {_SCRIPT}"
            return cls(member.read().decode())

    def __call__(self, page: Page, within: str = "html", *without: str) -> list[str]:
        """Serious and critical violations, a string for each rule and element. `within` and
        `without` are CSS selectors."""
        if not page.evaluate("typeof window.axe === 'object'"):
            page.evaluate(self.source)
        found = page.evaluate(_RUN, [[within], list(without)])
        return [
            f"{impact} {rule}: {help_text}: {node}"
            for impact, rule, help_text, nodes in found
            if impact in _OF_WEIGHT
            for node in nodes
        ]
