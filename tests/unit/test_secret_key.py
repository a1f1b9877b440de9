"""The instance's key is made once, is nobody else's to read, and the setting comes first."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from maskloop.platform.errors import BadSettingError
from maskloop.platform.settings import Settings
from maskloop.services.secret_key import secret_key

PROGRAM = """
import sys
from pathlib import Path
from maskloop.platform.settings import Settings
from maskloop.services.secret_key import secret_key
print("ready", flush=True)
sys.stdin.readline()
print(secret_key(Settings(home=Path(sys.argv[1]))).decode())
"""


def test_processes_that_start_together_make_one_key(tmp_path: Path) -> None:
    home = tmp_path / "home"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        keys = {process.communicate(timeout=60)[0].strip() for process in started}
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert keys == {(home / "secret.key").read_text()}
    assert [path.name for path in home.iterdir()] == ["secret.key"]


def test_a_key_has_256_bits_that_nobody_else_can_read(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    made = secret_key(settings)
    assert len(bytes.fromhex(made.decode())) == 32
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert secret_key(settings) == made
    assert secret_key(Settings(home=tmp_path / "other")) != made


def test_the_setting_comes_first_and_no_file_is_made(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, secret_key=SecretStr("k" * 32))
    assert secret_key(settings) == b"k" * 32
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    made = secret_key(settings)
    (tmp_path / "secret.key").chmod(0o640)
    with pytest.raises(BadSettingError, match="others can read it") as caught:
        secret_key(settings)
    assert made.decode() not in str(caught.value)


def test_a_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    made = secret_key(settings)
    (tmp_path / "secret.key").write_bytes(made[:31])
    with pytest.raises(BadSettingError, match="cut short"):
        secret_key(settings)
