"""The wheel holds all that the command needs: installed away from the sources, it starts."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: the build leaves its traces in the folder that it is given."""
    out = tmp_path_factory.mktemp("wheel")
    sources = out / "sources"
    ignored = shutil.ignore_patterns(".venv*", ".git", "build", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, sources, symlinks=True, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", out, sources],
        check=True,
        capture_output=True,
    )
    return next(out.glob("maskloop-*.whl"))


def test_the_wheel_holds_every_module_and_every_data_file(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        f"maskloop/{path.relative_to(ROOT).as_posix()}"
        for folder in ("platform", "actors", "services", "ui", "migrations")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert wanted <= packed
    assert "maskloop/py.typed" in packed


def test_the_installed_wheel_starts_and_upgrades_a_database(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own, which sees this one's libraries but not this source tree."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    zipfile.ZipFile(wheel).extractall(site)
    libraries = sysconfig.get_path("purelib")
    code = (
        f"import sys; sys.path.append({libraries!r}); import maskloop; "
        f"assert maskloop.__file__.startswith({str(site)!r}), maskloop.__file__; "
        "from maskloop.services.cli.app import main; "
        "sys.argv = ['maskloop', 'project', 'create', 'birds', '--category', 'bird']; main()"
    )

    done = subprocess.run(
        [environment / "bin" / "python", "-c", code],
        env={
            "MASKLOOP_HOME": str(tmp_path / "home"),
            "PATH": os.defpath,
            "HOME": str(tmp_path),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Project birds" in done.stdout
