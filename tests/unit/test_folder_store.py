"""What only a folder can do or refuse: unfinished files, permissions, full disks, name clashes."""

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maskloop.platform.errors import BadLocationError
from maskloop.platform.storage import FolderStore

DAY = 24 * 3600


def run(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


def test_nothing_unfinished_stays_behind_a_write(store: FolderStore) -> None:
    store.put("a", b"1")
    store.put("a", b"2")
    assert list((Path(store.url) / ".partial").iterdir()) == []


def test_unfinished_files_are_not_listed_and_go_after_a_day(store: FolderStore) -> None:
    partial = Path(store.url) / ".partial"
    partial.mkdir(parents=True)
    for name, age in {"old": DAY + 60, "young": DAY - 60}.items():
        (partial / name).write_bytes(b"half")
        os.utime(partial / name, (time.time() - age,) * 2)
    store.put("a", b"1")
    assert [path.name for path in partial.iterdir()] == ["young"]
    assert [(info.key, info.size) for info in store.list()] == [("a", 1)]
    assert list(store.list(".partial/")) == []


def test_objects_are_readable_by_whom_the_umask_lets(store: FolderStore) -> None:
    script = (
        "import os, pathlib; from maskloop.platform.storage import FolderStore; os.umask(0o027);"
        f"FolderStore(pathlib.Path({store.url!r})).put('a', b'1')"
    )
    run(script)
    assert (Path(store.url) / "a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a"), ("a", "a/b/c")])
def test_a_key_that_is_another_ones_folder_is_refused(
    store: FolderStore, first: str, second: str
) -> None:
    store.put(first, b"1")
    with pytest.raises(BadLocationError) as caught:
        store.put(second, b"2")
    assert "a file stands where a folder is needed, or the reverse" in str(caught.value)
    store.delete(second)
    assert [(info.key, info.size) for info in store.list()] == [(first, 1)]


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BadLocationError):
        FolderStore(tmp_path / "file").put("a", b"")


def test_a_key_too_long_for_the_file_system_is_refused(store: FolderStore) -> None:
    with pytest.raises(BadLocationError) as caught:
        store.put("k" * 300, b"")
    assert "File name too long" in str(caught.value)


def test_a_folder_without_permission_is_reported_as_denied(store: FolderStore) -> None:
    store.put("a", b"1")
    Path(store.url).chmod(0)
    script = f"""
import os
from pathlib import Path
from maskloop.platform.errors import StoreDeniedError
from maskloop.platform.storage import FolderStore
if os.geteuid() == 0:
    os.setuid(65534)
store = FolderStore(Path({store.url!r}))
for work in (
    lambda: store.put("b", b""), lambda: store.get("a"), lambda: store.open("a"),
    lambda: store.info("a"), lambda: store.delete("a"), lambda: list(store.list()),
):
    try:
        work()
    except StoreDeniedError as error:
        print(error.fields["store"] == store.url)
"""
    assert run(script).split() == ["True"] * 6
    Path(store.url).chmod(0o700)


def test_a_disk_that_takes_no_more_is_reported_and_leaves_nothing(store: FolderStore) -> None:
    script = f"""
import resource, signal
from pathlib import Path
from maskloop.platform.errors import StoreUnavailableError
from maskloop.platform.storage import FolderStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    FolderStore(Path({store.url!r})).put("a", bytes(2000))
except StoreUnavailableError as error:
    print(error.fields["reason"], error.retryable)
"""
    assert run(script) == "File too large True"
    assert list(store.list()) == []
    assert list((Path(store.url) / ".partial").iterdir()) == []
    assert store.put("a", b"1") is True


def test_an_open_object_outlives_its_removal(store: FolderStore) -> None:
    store.put("a", io.BytesIO(b"still here"))
    with store.open("a") as stream:
        store.delete("a")
        assert stream.read() == b"still here"
