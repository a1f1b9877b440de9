"""Reading a bucket of S3 or of a store that speaks its protocol, whoever wrote the objects."""

import io
import os
from collections.abc import Iterator
from typing import Any, BinaryIO, Self

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from maskloop.platform.storage.s3_errors import status_of, translated
from maskloop.platform.storage.store import ObjectInfo

_READ_BUFFER = 1024 * 1024
_WAITS = {
    "connect_timeout": 5,
    "read_timeout": 30,
    "retries": {"mode": "standard", "total_max_attempts": 4},
}
# Default checksums, sent since 2025, are refused by many stores that are not AWS.
_FOREIGN = {
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


class S3Reader:
    """Objects whose key starts with `prefix`; keys are relative to it and otherwise free.

    Credentials come from boto3's own chain (environment, profile, role) and are never held here.
    Each process makes its own client at its first call, so a reader can be pickled and forked.
    """

    def __init__(self, bucket: str, prefix: str = "", endpoint_url: str | None = None) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._endpoint_url = endpoint_url
        self._client_of: tuple[int, Any] = (0, None)
        self._bucket_seen = False

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, str | None]]:
        return type(self), (self._bucket, self._prefix, self._endpoint_url)

    @property
    def url(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def get(self, key: str) -> bytes:
        with self.open(key) as stream:
            return stream.read()

    def open(self, key: str) -> BinaryIO:
        address = self._address(key)
        with translated(self.url, key):
            body = self._client().get_object(**address)["Body"]
        return io.BufferedReader(_Body(body, self.url, key), _READ_BUFFER)

    def info(self, key: str) -> ObjectInfo | None:
        address = self._address(key)
        with translated(self.url):
            try:
                head = self._client().head_object(**address)
            except ClientError as error:
                if status_of(error) != 404:
                    raise
                self._check_bucket()
                return None
        return ObjectInfo(key, int(head["ContentLength"]), head["LastModified"])

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        start = self._prefix + prefix
        with translated(self.url):
            pages = self._client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=start):
                for item in page.get("Contents", []):
                    key = item["Key"].removeprefix(self._prefix)
                    yield ObjectInfo(key, int(item["Size"]), item["LastModified"])

    def _address(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + key}

    def _check_bucket(self) -> None:
        """HEAD answers 404 for a missing object and for a missing bucket alike: ask once which."""
        if not self._bucket_seen:
            try:
                self._client().head_bucket(Bucket=self._bucket)
            except ClientError as error:
                if status_of(error) == 404:
                    raise
            self._bucket_seen = True

    def _client(self) -> Any:
        process, client = self._client_of
        if process != os.getpid():
            options = _WAITS | (_FOREIGN if self._endpoint_url else {})
            # A session of our own: boto3's shared one is not safe to use from several threads.
            client = boto3.session.Session().client(
                "s3", endpoint_url=self._endpoint_url, config=Config(**options)
            )
            self._client_of = (os.getpid(), client)
        return client


class _Body(io.RawIOBase):
    """The body of an answer, with its errors translated as they come."""

    def __init__(self, body: Any, store: str, key: str) -> None:
        self._body = body
        self._store = store
        self._key = key

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with translated(self._store, self._key):
            return int(self._body.readinto(buffer))

    def close(self) -> None:
        self._body.close()
        super().close()
