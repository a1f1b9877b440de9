"""What only S3 can do or refuse: paging, conditional writes, faults of the service."""

import io
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from moto.backends import get_backend

from maskloop.platform.errors import (
    BadLocationError,
    MaskloopError,
    ObjectMissingError,
    StoreDeniedError,
    StoreUnavailableError,
)
from maskloop.platform.storage import open_store
from maskloop.platform.storage.s3 import S3Store

BUCKET = "pictures"
MOTO_ACCOUNT = "123456789012"
MIB = 1024 * 1024


def test_more_keys_than_a_page_are_listed_in_order(s3_server: Any, s3_store: S3Store) -> None:
    backend = get_backend("s3")[MOTO_ACCOUNT]["aws"]
    for number in range(2500):
        backend.put_object(BUCKET, f"team/one/k{number:04}", b"x")
    backend.put_object(BUCKET, "team/one-more/k", b"another store")
    assert [item.key for item in s3_store.list()] == [f"k{number:04}" for number in range(2500)]
    assert s3_server.requests == [f"GET /{BUCKET}"] * 3


def test_objects_lie_under_the_prefix(s3_store: S3Store, s3_client: Any) -> None:
    s3_store.put("a/b", b"x")
    assert s3_store.url == "s3://pictures/team/one"
    assert s3_client.get_object(Bucket=BUCKET, Key="team/one/a/b")["Body"].read() == b"x"


def test_folder_marks_made_by_consoles_are_not_listed(s3_store: S3Store, s3_client: Any) -> None:
    for key in ("team/one/", "team/one/a/"):
        s3_client.put_object(Bucket=BUCKET, Key=key)
    s3_store.put("a/b", b"")
    assert [item.key for item in s3_store.list()] == ["a/b"]


@pytest.mark.parametrize("size", [100, 9 * MIB], ids=["whole", "in parts"])
def test_writes_with_the_checksums_of_aws_are_accepted(
    s3_server: Any, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server.url)
    store = open_store(f"s3://{BUCKET}")
    data = bytes(range(256)) * (size // 256) + b"end"
    assert store.put("k", io.BytesIO(data)) is True
    assert store.get("k") == data


@pytest.mark.parametrize("answer", [(501, "NotImplemented"), (400, "InvalidArgument")])
@pytest.mark.parametrize("size", [100, 9 * MIB], ids=["whole", "in parts"])
def test_a_store_without_conditional_writes_still_never_overwrites(
    s3_server: Any, s3_store: S3Store, size: int, answer: tuple[int, str]
) -> None:
    s3_server.fault = lambda request: answer if "HTTP_IF_NONE_MATCH" in request else None
    assert s3_store.put("k", io.BytesIO(b"1" * size)) is True
    assert s3_store.put("k", io.BytesIO(b"2" * size)) is False
    assert s3_store.put("k", b"3") is False
    assert s3_store.get("k") == b"1" * size


def test_parts_of_a_refused_write_are_removed(
    s3_server: Any, s3_store: S3Store, s3_client: Any
) -> None:
    class Overtaken(io.BytesIO):
        """Another writer finishes while this one is still sending."""

        def read(self, size: int | None = -1) -> bytes:
            if self.tell() == 10 * MIB:
                assert s3_store.put("k", b"other") is True
            return super().read(size)

    assert s3_store.put("k", Overtaken(bytes(12 * MIB))) is False
    assert s3_store.get("k") == b"other"
    assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=BUCKET)


def test_a_bucket_that_does_not_exist_is_said_so(s3_server: Any) -> None:
    store = open_store("s3://no-such-bucket/x", s3_endpoint_url=s3_server.url)
    for operation in (
        lambda: store.info("k"),
        lambda: store.get("k"),
        lambda: store.put("k", b""),
        lambda: store.put("k", io.BytesIO(bytes(9 * MIB))),
        lambda: list(store.list()),
        lambda: store.delete("k"),
    ):
        with pytest.raises(BadLocationError) as caught:
            operation()
        assert caught.value.fields == {
            "location": "s3://no-such-bucket/x",
            "reason": "there is no bucket of that name at this endpoint",
        }


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (403, "AccessDenied", StoreDeniedError),
        (403, "SignatureDoesNotMatch", StoreDeniedError),
        (400, "ExpiredToken", StoreDeniedError),
        (409, "ConditionalRequestConflict", StoreUnavailableError),
        (500, "InternalError", StoreUnavailableError),
        (503, "SlowDown", StoreUnavailableError),
        (400, "KeyTooLongError", BadLocationError),
        (404, "NoSuchKey", ObjectMissingError),
    ],
)
def test_a_refusal_of_the_service_becomes_our_error(
    s3_server: Any, s3_store: S3Store, status: int, code: str, expected: type[MaskloopError]
) -> None:
    s3_server.fault = lambda request: (status, code)
    with pytest.raises(expected) as caught:
        s3_store.get("k")
    reason = caught.value.fields.get("reason", code)
    assert code in str(reason)
    assert s3_store.url in str(caught.value)


def test_a_fault_that_passes_is_tried_again(s3_server: Any, s3_store: S3Store) -> None:
    s3_store.put("k", b"x")
    faults = [(503, "SlowDown"), (500, "InternalError")]
    s3_server.fault = lambda request: faults.pop() if faults else None
    assert s3_store.get("k") == b"x"


@pytest.mark.usefixtures("aws_environment")
@pytest.mark.timeout(60)
def test_a_closed_port_is_reported_as_passing_within_bounded_time() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        store = open_store(f"s3://{BUCKET}/x", s3_endpoint_url=address)
        with pytest.raises(StoreUnavailableError) as caught:
            store.get("k")
    assert caught.value.retryable
    assert caught.value.fields["store"] == "s3://pictures/x"
    assert address in str(caught.value)


def test_missing_credentials_are_explained(
    s3_server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store = open_store(f"s3://{BUCKET}", s3_endpoint_url=s3_server.url)
    with pytest.raises(StoreDeniedError, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        store.put("k", b"")


def test_no_region_is_needed_with_an_endpoint(
    s3_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    store = open_store(f"s3://{BUCKET}", s3_endpoint_url=s3_server.url)
    assert store.put("k", b"x") is True


@pytest.mark.usefixtures("aws_environment")
@pytest.mark.parametrize(
    ("location", "endpoint"), [("s3://Bad_Bucket!/x", None), ("s3://pictures/x", "no-url")]
)
def test_a_bad_bucket_or_endpoint_is_a_bad_location(location: str, endpoint: str | None) -> None:
    store = open_store(location, s3_endpoint_url=endpoint)
    with pytest.raises(BadLocationError) as caught:
        store.get("k")
    assert caught.value.fields["location"] == location


def test_an_answer_cut_short_is_reported_as_passing(aws_environment: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        pool.submit(_answer_half, listener)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(StoreUnavailableError) as caught:
            open_store("s3://pictures", s3_endpoint_url=address).get("k")
    assert caught.value.fields["store"] == "s3://pictures"


def _answer_half(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
