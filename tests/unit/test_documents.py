"""Commands, options and links that documents name are there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.main import get_command

from maskloop.services.cli import commands

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")],
)
BLOCK = re.compile(r"```\n(.*?)```", flags=re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"\s*(?:\S*bin/)?maskloop ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?(.*)")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", flags=re.MULTILINE)


def root() -> Any:
    app = Typer()
    commands.add_to(app)
    return get_command(app)


def told(document: Path) -> Iterator[re.Match[str]]:
    text = document.read_text()
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    for line in [*lines, *SPAN.findall(BLOCK.sub("", text))]:
        found = COMMAND.fullmatch(re.sub(r"\s{2,}\S.*| +#.*", "", line))
        if found:
            yield found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_and_options_are_there(document: Path) -> None:
    for found in told(document):
        name, more, rest = found.groups()
        assert name in root().commands, found[0]
        command = root().commands[name]
        if more is not None and hasattr(command, "commands"):
            assert more in command.commands, found[0]
            command = command.commands[more]
        if not hasattr(command, "commands"):
            there = {
                option for each in command.params for option in (*each.opts, *each.secondary_opts)
            }
            assert set(OPTION.findall(rest)) <= there, found[0]


def anchors(document: Path) -> set[str]:
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(text)
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for link in LINK.findall(BLOCK.sub("", document.read_text())):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        there = (document.parent / path) if path else document
        assert there.exists(), link
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), link
