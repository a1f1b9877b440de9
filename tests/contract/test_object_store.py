"""What every object store promises, run against a folder and against S3 over HTTP."""

import hashlib
import io
import pickle
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import BinaryIO

import pytest

from maskloop.platform.errors import BadLocationError, ObjectMissingError
from maskloop.platform.storage import ObjectInfo, ObjectStore

MIB = 1024 * 1024


def sized(info: ObjectInfo | None) -> tuple[str, int]:
    assert info is not None
    return info.key, info.size


class Recorded(io.BytesIO):
    """A stream that remembers how much was asked of it at once."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.asked: list[int | None] = []

    def read(self, size: int | None = -1) -> bytes:
        self.asked.append(size)
        return super().read(size)


class Dribble(io.BytesIO):
    """A stream that gives less than it is asked for, as sockets do."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, 300_000))


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def run_with(store: ObjectStore, script: str) -> subprocess.CompletedProcess[bytes]:
    """Run `script` in a fresh interpreter, where `store` has come by pickle."""
    load = "import pickle, sys; store = pickle.load(sys.stdin.buffer)\n"
    return subprocess.run(
        [sys.executable, "-c", load + script],
        input=pickle.dumps(store),
        capture_output=True,
        check=True,
    )


@pytest.mark.parametrize("data", [b"", b"\x00\xff mask", noise(3 * MIB)], ids=["0", "6", "3Mi"])
def test_bytes_come_back_as_they_were_put(store: ObjectStore, data: bytes) -> None:
    assert store.put("images/ab/cd", data) is True
    assert store.get("images/ab/cd") == data
    assert sized(store.info("images/ab/cd")) == ("images/ab/cd", len(data))
    with store.open("images/ab/cd") as stream:
        assert stream.read() == data


def test_the_store_tells_when_an_object_was_written(store: ObjectStore) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)  # S3 tells whole seconds
    store.put("images/ab/cd", b"x")
    info = store.info("images/ab/cd")
    assert info is not None
    assert before <= info.written <= datetime.now(UTC)
    assert [listed.written for listed in store.list()] == [info.written]


def test_a_key_may_hold_spaces_signs_and_letters_of_any_script(store: ObjectStore) -> None:
    key = "büro 1/50% #?&+=~'\"<>/写真.jpg"
    store.put(key, b"x")
    assert [item.key for item in store.list()] == [key]
    assert store.get(key) == b"x"


@pytest.mark.parametrize("size", [8 * MIB, 20 * MIB + 5], ids=["one part", "three parts"])
def test_a_stream_is_read_in_blocks_of_at_most_a_mebibyte(store: ObjectStore, size: int) -> None:
    stream = Recorded(noise(size))
    assert store.put("weights", stream) is True
    assert {asked for asked in stream.asked if not 0 < (asked or -1) <= MIB} == set()
    assert sized(store.info("weights")) == ("weights", size)
    assert hashlib.sha256(store.get("weights")).digest() == hashlib.sha256(noise(size)).digest()


def test_a_stream_is_put_from_its_current_position(store: ObjectStore) -> None:
    stream = io.BytesIO(b"skipped kept")
    stream.seek(8)
    store.put("k", stream)
    assert store.get("k") == b"kept"


def test_a_stream_that_gives_little_at_a_time_is_put_whole(store: ObjectStore) -> None:
    data = noise(9 * MIB)
    store.put("k", Dribble(data))
    assert store.get("k") == data


def test_a_long_stream_does_not_grow_the_process(store: ObjectStore) -> None:
    script = """
import io, tracemalloc
class Zeros(io.RawIOBase):
    left = 64 * 1024 * 1024
    def readable(self): return True
    def readinto(self, buffer):
        size = min(len(buffer), self.left)
        self.left -= size
        return size
store.put("warm", io.BytesIO(b"up"))
tracemalloc.start()
store.put("long", Zeros())
print(tracemalloc.get_traced_memory()[1])
"""
    assert int(run_with(store, script).stdout) < 32 * MIB
    assert sized(store.info("long")) == ("long", 64 * MIB)


def test_a_reader_can_take_an_object_in_pieces(store: ObjectStore) -> None:
    data = noise(3 * MIB)
    store.put("k", data)
    with store.open("k") as stream:
        assert stream.read(10) == data[:10]
        assert stream.read(2 * MIB) == data[10 : 2 * MIB + 10]
        assert stream.read() == data[2 * MIB + 10 :]
        assert stream.read(1) == b""


@pytest.mark.parametrize("second", [b"second", io.BytesIO(b"second"), io.BytesIO(noise(9 * MIB))])
def test_a_second_put_changes_nothing_and_says_so(
    store: ObjectStore, second: bytes | BinaryIO
) -> None:
    assert store.put("k", b"first") is True
    assert store.put("k", second) is False
    assert store.get("k") == b"first"


@pytest.mark.parametrize("size", [1000, 9 * MIB], ids=["whole", "in parts"])
def test_of_writers_of_one_key_exactly_one_succeeds(store: ObjectStore, size: int) -> None:
    for attempt in range(5):
        contents = [bytes([letter]) * size for letter in b"abcd"]
        together = Barrier(len(contents))

        def write(content: bytes, key: str = f"k{attempt}", start: Barrier = together) -> bool:
            start.wait(timeout=60)
            return store.put(key, io.BytesIO(content))

        with ThreadPoolExecutor(len(contents)) as pool:
            wrote = list(pool.map(write, contents))
        assert sorted(wrote) == [False, False, False, True]
        assert store.get(f"k{attempt}") == contents[wrote.index(True)]


def test_a_missing_object_is_named_with_its_store(store: ObjectStore) -> None:
    store.put("present/child", b"")
    assert store.info("absent") is None
    for key in ("absent", "present", "present/child/grandchild"):
        assert store.info(key) is None
        with pytest.raises(ObjectMissingError) as by_get:
            store.get(key)
        with pytest.raises(ObjectMissingError) as by_open:
            store.open(key)
        assert by_get.value.fields == by_open.value.fields == {"key": key, "store": store.url}


def test_keys_are_listed_in_the_order_of_whole_keys(store: ObjectStore) -> None:
    keys = ["B", "a-b", "a.b", "a/b", "a/c.d", "a/c/e", "a/c/é", "a/c0", "a0", "b", "é/é"]
    for key in reversed(keys):
        store.put(key, key.encode())
    assert [sized(info) for info in store.list()] == [(key, len(key.encode())) for key in keys]


@pytest.mark.parametrize(
    ("prefix", "keys"),
    [
        ("a", ["a.b", "a/b", "a/bc/d"]),
        ("a/", ["a/b", "a/bc/d"]),
        ("a/b", ["a/b", "a/bc/d"]),
        ("a/bc/", ["a/bc/d"]),
        ("a/bc/d", ["a/bc/d"]),
        ("a/b/", []),
        ("b/../a/", []),
        ("../", []),
        ("/", []),
        (".", []),
        ("none", []),
    ],
)
def test_a_prefix_selects_by_the_letters_of_the_key(
    store: ObjectStore, prefix: str, keys: list[str]
) -> None:
    for key in ("a.b", "a/b", "a/bc/d", "c"):
        store.put(key, b"")
    assert [item.key for item in store.list(prefix)] == keys


def test_a_store_that_nothing_was_put_into_is_empty(store: ObjectStore) -> None:
    assert list(store.list()) == []
    store.delete("k")


def test_an_object_can_be_deleted_twice_and_put_again(store: ObjectStore) -> None:
    store.put("a/b", b"1")
    store.delete("a/b")
    store.delete("a/b")
    assert store.info("a/b") is None
    assert store.put("a/b", b"2") is True
    assert store.get("a/b") == b"2"


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "it is empty"),
        ("/etc/passwd", "it is absolute; keys are relative to their store"),
        ("../up", "it has a part that is empty, '.' or '..'"),
        ("a/../../up", "it has a part that is empty, '.' or '..'"),
        ("a/./b", "it has a part that is empty, '.' or '..'"),
        ("a//b", "it has a part that is empty, '.' or '..'"),
        ("a/", "it has a part that is empty, '.' or '..'"),
        (".partial/x", ".partial is where unfinished writes are kept"),
        ("a\nb", "it holds control characters or bytes that are no text"),
        ("a\0b", "it holds control characters or bytes that are no text"),
        ("a\udcff", "it holds control characters or bytes that are no text"),
    ],
)
def test_a_bad_key_is_refused_by_every_operation(store: ObjectStore, key: str, reason: str) -> None:
    for operation in (
        lambda: store.put(key, b""),
        lambda: store.put(key, io.BytesIO(noise(9 * MIB))),
        lambda: store.get(key),
        lambda: store.open(key),
        lambda: store.info(key),
        lambda: store.delete(key),
    ):
        with pytest.raises(BadLocationError) as caught:
            operation()
        assert caught.value.fields == {"location": f"The key {key!r}", "reason": reason}


def test_a_pickled_store_works_in_another_process(store: ObjectStore) -> None:
    store.put("from/parent", b"1")
    answer = run_with(
        store, "store.put('from/child', store.get('from/parent') + b'2'); print(store.url)"
    )
    assert store.get("from/child") == b"12"
    assert answer.stdout.decode() == f"{store.url}\n"


def test_a_writer_killed_midway_leaves_no_object(store: ObjectStore) -> None:
    script = """
import io, pickle, sys
store = pickle.load(sys.stdin.buffer)
class Stalling(io.BytesIO):
    def read(self, size=-1):
        if self.tell() >= 10 * 1024 * 1024:
            print("stalled", flush=True)
            sys.stdin.buffer.read()
        return super().read(size)
store.put("half", Stalling(bytes(12 * 1024 * 1024)))
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdin.write(pickle.dumps(store))
        writer.stdin.flush()
        assert writer.stdout.readline() == b"stalled\n"
        assert store.info("half") is None
        writer.kill()
    assert store.info("half") is None
    assert list(store.list()) == []
    assert store.put("half", b"whole") is True


def test_an_error_of_the_stream_reaches_its_owner_and_leaves_no_object(store: ObjectStore) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 10 * MIB:
                raise ConnectionResetError("the origin hung up")
            return super().read(size)

    with pytest.raises(ConnectionResetError, match="the origin hung up"):
        store.put("k", Broken(bytes(12 * MIB)))
    assert store.info("k") is None
