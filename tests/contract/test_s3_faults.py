"""A store that is slow, overloaded or cut off: what is tried again, and what is said at the end."""

import io
import itertools
import logging
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from maskloop.platform.errors import (
    BadLocationError,
    MaskloopError,
    ObjectUnreadableError,
    StoreUnavailableError,
)
from maskloop.platform.settings import Settings
from maskloop.platform.storage import open_store
from maskloop.platform.storage.s3 import S3Store
from maskloop.platform.storage.s3_client import Patience
from maskloop.platform.storage.s3_reader import S3Reader
from sites.s3_server import BUCKET, Broken, Cut, S3Server

MIB = 1024 * 1024
DATA = bytes(range(256)) * 12 * 1024  # 3 MiB


@pytest.mark.parametrize("size", [1000, len(DATA)])
def test_a_body_that_breaks_off_is_gone_on_with_where_it_broke(
    s3_server: S3Server, s3_store: S3Store, size: int
) -> None:
    s3_store.put("k", DATA[:size])
    s3_server.break_next(Cut(size // 2), Cut(size // 4))
    assert s3_store.get("k") == DATA[:size]
    assert s3_server.ranges == [f"bytes={size // 2}-", f"bytes={size // 2 + size // 4}-"]


def test_a_body_that_breaks_without_a_byte_is_given_up_after_bounded_tries(
    s3_server: S3Server, hasty_store: S3Store
) -> None:
    hasty_store.put("k", DATA)
    s3_server.requests.clear()
    s3_server.break_next(Cut(MIB), Cut(0), Cut(0), Cut(0))
    with pytest.raises(StoreUnavailableError) as caught:
        hasty_store.get("k")
    assert str(caught.value).startswith(
        "The object store s3://pictures/team/one cannot be used now: k: "
    )
    assert s3_server.requests == [f"GET /{BUCKET}/team/one/k"] * 3


def test_an_object_replaced_while_it_is_read_is_not_put_together_of_two(
    s3_server: S3Server, s3_store: S3Store, s3_client: Any
) -> None:
    s3_client.put_object(Bucket=BUCKET, Key="team/one/k", Body=DATA)
    s3_server.break_next(Cut(2 * MIB))
    with s3_store.open("k") as stream:
        assert stream.read(MIB) == DATA[:MIB]
        s3_client.put_object(Bucket=BUCKET, Key="team/one/k", Body=DATA[::-1])
        with pytest.raises(StoreUnavailableError, match="k was replaced while it was read"):
            stream.read()
    assert s3_store.get("k") == DATA[::-1]


def test_a_body_that_comes_too_slowly_is_given_up(s3_server: S3Server, s3_store: S3Store) -> None:
    s3_store.put("k", DATA)
    none_left = Patience(body_seconds=0.0, slowest_bytes=float("inf"))
    impatient = S3Store(BUCKET, "team/one", s3_server.url, none_left)
    with pytest.raises(StoreUnavailableError, match=r"k came too slowly, [\d,]+ bytes of it"):
        impatient.get("k")


PASSING: list[tuple[str, Any]] = [
    (operation, fault)
    for operation in ("get", "put", "list", "info", "delete")
    for fault in (Broken.DROPPED, Broken.STALLED, (503, "SlowDown"))
] + [("get", Cut(10)), ("list", Cut(10))]
"""Cut are answers that have a body."""


@pytest.mark.parametrize(("operation", "fault"), PASSING)
def test_what_passes_is_tried_again(
    s3_server: S3Server, hasty_store: S3Store, fault: Any, operation: str
) -> None:
    hasty_store.put("there", b"bytes of it")
    method = {"put": "PUT", "info": "HEAD", "delete": "DELETE"}.get(operation, "GET")
    s3_server.break_next(fault, method=method)
    s3_server.requests.clear()
    match operation:
        case "get":
            assert hasty_store.get("there") == b"bytes of it"
        case "put":
            assert hasty_store.put("new", b"x") is True
        case "list":
            assert [info.key for info in hasty_store.list()] == ["there"]
        case "info":
            assert hasty_store.info("there")
        case "delete":
            hasty_store.delete("there")
            assert hasty_store.info("there") is None
    assert [line.split()[0] for line in s3_server.requests][:2] == [method, method]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ((503, "SlowDown"), "GetObject of k was answered with SlowDown as tested, 3 times"),
        (Broken.STALLED, 'k: Read timeout on endpoint URL: "{url}/pictures/team/one/k"'),
        (
            Broken.DROPPED,
            "k: Connection was closed before we received a valid response from endpoint URL: "
            '"{url}/pictures/team/one/k"',
        ),
    ],
)
def test_what_does_not_pass_is_said_of_the_object_and_marked_as_passing(
    s3_server: S3Server, hasty_store: S3Store, fault: Any, reason: str
) -> None:
    s3_server.fault = lambda request: fault
    with pytest.raises(StoreUnavailableError) as caught:
        hasty_store.get("k")
    assert caught.value.fields["reason"] == reason.format(url=s3_server.url)
    assert caught.value.retryable
    assert len(s3_server.requests) == 3


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (
            (403, "InvalidObjectState"),
            "it is archived; restore it in the store, then add it again",
        ),
        ((412, "PreconditionFailed"), "it was replaced since it was listed; list it again"),
    ],
)
def test_what_is_wrong_with_an_object_is_no_fault_of_the_store(
    s3_server: S3Server, s3_store: S3Store, fault: tuple[int, str], reason: str
) -> None:
    s3_server.fault = lambda request: fault
    with pytest.raises(ObjectUnreadableError) as caught:
        s3_store.get("k")
    assert caught.value.args == ("k", "s3://pictures/team/one", reason)
    assert not caught.value.retryable
    assert len(s3_server.requests) == 1


def test_an_object_is_read_only_while_it_is_the_one_that_was_listed(
    s3_server: S3Server, s3_client: Any
) -> None:
    listed = s3_client.put_object(Bucket=BUCKET, Key="k", Body=b"one")["ETag"]
    reader = S3Reader(BUCKET, endpoint_url=s3_server.url)
    with reader.open("k", listed) as stream:
        assert stream.read() == b"one"
    s3_client.put_object(Bucket=BUCKET, Key="k", Body=b"two")
    with pytest.raises(ObjectUnreadableError, match="replaced since it was listed"):
        reader.open("k", listed)


def test_only_what_is_read_of_a_large_object_is_fetched(
    s3_server: S3Server, s3_client: Any
) -> None:
    s3_client.put_object(Bucket=BUCKET, Key="k", Body=DATA)
    s3_server.break_next(Cut(3))
    with S3Reader(BUCKET, endpoint_url=s3_server.url).open_seekable("k") as file:
        file.seek(-5, io.SEEK_END)
        assert file.read() == DATA[-5:]
        file.seek(MIB + 7)
        assert file.read(3) == DATA[MIB + 7 : MIB + 10]
        assert file.read(0) == b""
        file.seek(0, io.SEEK_END)
        assert file.read() == b""
    end = len(DATA)
    assert s3_server.ranges == [
        f"bytes={end - 5}-{end - 1}",
        f"bytes={end - 2}-{end - 1}",
        f"bytes={MIB + 7}-{2 * MIB + 6}",
    ]


def test_a_store_without_ranges_is_not_taken_at_its_word(
    s3_server: S3Server, s3_store: S3Store, s3_client: Any
) -> None:
    """It answers with the whole object, which would be put in the place of a part."""
    s3_client.put_object(Bucket=BUCKET, Key="team/one/k", Body=DATA)

    def ignore_ranges(request: dict[str, Any]) -> Any:
        return Cut(MIB) if request.pop("HTTP_RANGE", None) is None else None

    s3_server.fault = ignore_ranges
    with pytest.raises(
        StoreUnavailableError, match=r"^The object store .* cannot be used now: k: "
    ):
        s3_store.get("k")
    reader = S3Reader(BUCKET, endpoint_url=s3_server.url)
    with reader.open_seekable("team/one/k") as file:
        file.seek(MIB)
        with pytest.raises(BadLocationError, match="does not give ranges"):
            file.read(1)


@pytest.mark.parametrize("fault", [(500, "InternalError"), Broken.DROPPED])
def test_a_write_in_parts_that_fails_leaves_no_parts(
    s3_server: S3Server, hasty_store: S3Store, s3_client: Any, fault: Any
) -> None:
    def fail_second_part(request: dict[str, Any]) -> Any:
        return fault if "partNumber=2" in request["QUERY_STRING"] else None

    s3_server.fault = fail_second_part
    with pytest.raises(StoreUnavailableError, match=r"team/one/k"):
        hasty_store.put("k", io.BytesIO(bytes(17 * MIB)))
    assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=BUCKET)
    assert hasty_store.info("k") is None


def test_a_write_in_parts_whose_source_fails_leaves_no_parts(
    s3_server: S3Server, s3_store: S3Store, s3_client: Any
) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 10 * MIB:
                raise OSError("the disk was pulled out")
            return super().read(size)

    with pytest.raises(OSError, match="pulled out"):
        s3_store.put("k", Torn(bytes(12 * MIB)))
    assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=BUCKET)
    assert s3_store.info("k") is None


def test_threads_share_one_client(
    s3_server: S3Server, s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maskloop.platform.storage import s3_client

    made = itertools.count()
    new_client = s3_client.new_client

    def counted(endpoint_url: str | None, patience: Patience) -> Any:
        next(made)
        return new_client(endpoint_url, patience)

    monkeypatch.setattr(s3_client, "new_client", counted)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: s3_store.put(f"k{number}", b"x"), range(32)))
    assert next(made) == 1


# --- credentials ----------------------------------------------------------------------------------


def test_no_setting_holds_credentials_of_a_store() -> None:
    named = {name for name in Settings.model_fields if "s3" in name or "aws" in name}
    assert named == {"s3_endpoint_url"}


def test_a_profile_of_the_standard_chain_is_used_and_its_secret_neither_kept_nor_logged(
    s3_server: S3Server,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    secret = "a-secret-that-must-not-be-seen"
    (tmp_path / "profiles").write_text(
        f"[robot]\naws_access_key_id = ROBOT\naws_secret_access_key = {secret}\n"
    )
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "profiles"))
    monkeypatch.setenv("AWS_PROFILE", "robot")
    signed_by: list[str] = []

    def refuse_reading(request: dict[str, Any]) -> tuple[int, str] | None:
        signed_by.append(request["HTTP_AUTHORIZATION"])
        return (403, "AccessDenied") if request["REQUEST_METHOD"] == "GET" else None

    s3_server.fault = refuse_reading
    store = open_store(f"s3://{BUCKET}", s3_endpoint_url=s3_server.url)
    with caplog.at_level(logging.DEBUG):
        assert store.put("k", b"x") is True
        with pytest.raises(MaskloopError) as caught:
            store.get("k")
    assert all("Credential=ROBOT/" in signature for signature in signed_by)
    assert len(signed_by) == 2
    assert caplog.records
    seen = [caplog.text, str(caught.value), repr(caught.value.args), repr(vars(store))]
    assert not any(secret in text for text in seen)
    assert secret.encode() not in pickle.dumps(store)
