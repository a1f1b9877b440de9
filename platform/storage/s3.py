"""The object store that is a bucket prefix of S3 or of a store that speaks its protocol."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from maskloop.platform.errors import MaskloopError
from maskloop.platform.storage.keys import check_key, is_key
from maskloop.platform.storage.s3_client import Patience
from maskloop.platform.storage.s3_errors import status_of, translated
from maskloop.platform.storage.s3_reader import S3Reader
from maskloop.platform.storage.store import ObjectInfo

_PART = 8 * 1024 * 1024
_BLOCK = 1024 * 1024
_EXISTS = 412
_NO_CONDITIONS = (400, 501)
_PROOFS = ("ETag", "ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME")
"""What S3 says of a part and wants to hear again at the end."""

_Parts = list[dict[str, Any]]


class S3Store(S3Reader):
    """Objects under `s3://bucket/prefix/`.

    A write names the condition `If-None-Match: *`, so the store itself decides that one of several
    writers of a key succeeds and that nothing is overwritten, for single and multipart writes.
    A store that refuses the condition is asked first whether the key exists: two writers at the
    same moment may then both write; one object stays, whole. A write whose answer was lost is
    sent again and may find its own object: it reports False.

    Streams go in parts of 8 MiB, a few held at a time, to at most 10,000 parts (78 GiB). A writer
    that is killed leaves parts that no reader sees; a bucket rule AbortIncompleteMultipartUpload
    removes them.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        endpoint_url: str | None = None,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        folder = prefix.strip("/")
        super().__init__(bucket, f"{folder}/" if folder else "", endpoint_url, patience)
        self._conditional = True

    def put(self, key: str, data: bytes | BinaryIO) -> bool:
        if isinstance(data, bytes):
            return self._put_whole(key, data)
        first = _read_part(data)
        if len(first) < _PART:
            return self._put_whole(key, first)
        if self.info(key) is not None:  # saves sending parts that would be refused at the end
            return False
        return self._put_parts(key, first, data)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        # Consoles make "folder/" objects; nothing of ours has such a key.
        return (item for item in super().list(prefix) if is_key(item.key))

    def delete(self, key: str) -> None:
        with translated(self.url, key):
            self._client().delete_object(**self._address(key))

    def _address(self, key: str) -> dict[str, str]:
        check_key(key)
        return super()._address(key)

    def _put_whole(self, key: str, data: bytes | bytearray) -> bool:
        return self._finish(key, "put_object", {**self._address(key), "Body": data})

    def _put_parts(self, key: str, first: bytearray, rest: BinaryIO) -> bool:
        with translated(self.url, key):
            started = self._client().create_multipart_upload(**self._address(key))
        upload = {**self._address(key), "UploadId": started["UploadId"]}
        written = False
        try:
            parts = self._send_parts(upload, first, rest)
            finish = {**upload, "MultipartUpload": {"Parts": parts}}
            written = self._finish(key, "complete_multipart_upload", finish)
        finally:
            if not written:
                with suppress(MaskloopError), translated(self.url, key):
                    self._client().abort_multipart_upload(**upload)
        return written

    def _send_parts(self, upload: dict[str, str], part: bytearray, rest: BinaryIO) -> _Parts:
        sent: _Parts = []
        while part:
            number = {"PartNumber": len(sent) + 1}
            with translated(self.url, about=upload["Key"]):
                answer = self._client().upload_part(**upload, **number, Body=part)
            sent.append(number | {name: answer[name] for name in _PROOFS if name in answer})
            part = _read_part(rest)
        return sent

    def _finish(self, key: str, operation: str, request: dict[str, Any]) -> bool:
        """Make the object appear by `operation`, unless the key exists."""
        with translated(self.url, about=key):
            call = getattr(self._client(), operation)
            try:
                if self._conditional:
                    call(**request, IfNoneMatch="*")
                    return True
            except ClientError as error:
                if status_of(error) == _EXISTS:
                    return False
                if status_of(error) not in _NO_CONDITIONS:
                    raise
            if self.info(key) is not None:
                return False
            call(**request)
            self._conditional = False  # only now is it sure that the condition was the trouble
            return True


def _read_part(stream: BinaryIO) -> bytearray:
    """The next part, whole even where `stream` gives less than it is asked for."""
    part = bytearray()
    while len(part) < _PART and (block := stream.read(min(_BLOCK, _PART - len(part)))):
        part += block
    return part
