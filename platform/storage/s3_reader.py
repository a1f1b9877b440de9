"""Reading a bucket of S3 or of a store that speaks its protocol, whoever wrote the objects."""

import io
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO, Self

from botocore.exceptions import ClientError

from maskloop.platform.errors import ObjectMissingError
from maskloop.platform.storage.s3_body import Ask, Body, RangedFile
from maskloop.platform.storage.s3_client import OneClient, Patience
from maskloop.platform.storage.s3_errors import status_of, translated
from maskloop.platform.storage.store import ObjectInfo

_READ_BUFFER = 1024 * 1024


class S3Reader:
    """Objects whose key starts with `prefix`; keys are relative to it and otherwise free.

    Credentials come from boto3's own chain (environment, profile, role) and are never held here.
    Each process makes its own client at its first call, so a reader can be pickled and forked.
    What is tried again, and for how long: docs/stores.md.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        endpoint_url: str | None = None,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._endpoint_url = endpoint_url
        self._patience = patience
        self._client = OneClient(endpoint_url, patience)
        self._bucket_seen = False

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, str | None, Patience]]:
        return type(self), (self._bucket, self._prefix, self._endpoint_url, self._patience)

    @property
    def url(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def get(self, key: str) -> bytes:
        with self.open(key) as stream:
            return stream.read()

    def open(self, key: str, etag: str | None = None) -> BinaryIO:
        """`etag`: that the object must have, else `ObjectUnreadableError`."""
        body = Body(self._asker(key), self.url, key, self._patience, etag=etag)
        return io.BufferedReader(body, _READ_BUFFER)

    def open_seekable(self, key: str) -> BinaryIO:
        """Fetches what is read, a mebibyte at least, and no more: for files with an index."""
        info = self.info(key)
        if info is None:
            raise ObjectMissingError(key, self.url)
        file = RangedFile(self._asker(key), self.url, key, self._patience, info.size)
        return io.BufferedReader(file, _READ_BUFFER)

    def _asker(self, key: str) -> Ask:
        return partial(self._ask, key, self._address(key))

    def _ask(
        self, key: str, address: dict[str, str], start: int, stop: int | None, etag: str | None
    ) -> Any:
        request = dict(address)
        if start or stop is not None:
            request["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
        if etag is not None:
            request["IfMatch"] = etag
        with translated(self.url, key):
            return self._client().get_object(**request)

    def info(self, key: str) -> ObjectInfo | None:
        address = self._address(key)
        with translated(self.url, about=key):
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
