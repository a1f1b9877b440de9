"""Manifests of images: what each line becomes, in CSV and Parquet."""

import gzip
import io
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from maskloop.platform.errors import (
    BadLocationError,
    ManifestUnusableError,
    ObjectMissingError,
)
from maskloop.platform.image_manifests import (
    BadLine,
    LeftOut,
    ManifestImage,
    ManifestLine,
    read_image_manifest,
)
from maskloop.platform.image_manifests.tables import csv_lines

DIGEST = "ab" * 32


def lines_of(
    tmp_path: Path, content: bytes, name: str = "list.csv", columns: Sequence[str] | None = None
) -> list[ManifestLine]:
    (tmp_path / name).write_bytes(content)
    return list(read_image_manifest(str(tmp_path / name), columns=columns))


def test_a_line_says_what_its_columns_are_named_for(tmp_path: Path) -> None:
    header = b"\xef\xbb\xbfURI,Size,note,E-Tag,sha256,Width,height,last_modified\r\n"
    values = f's3://b/k 1.jpg,12,"a, b",abc,{DIGEST},640,480,2026-01-02T03:04:05Z\r\n'
    assert lines_of(tmp_path, header + b"\r\n" + values.encode()) == [
        ManifestImage(
            place="list.csv:3",
            uri="s3://b/k 1.jpg",
            size=12,
            etag='"abc"',
            sha256=bytes.fromhex(DIGEST),
            width=640,
            height=480,
            last_modified=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize("name", ["list.csv", "list.csv.gz", "list", "list.tsv"])
def test_bucket_and_key_name_an_object_in_every_form_of_the_file(tmp_path: Path, name: str) -> None:
    content = b"bucket,key\nphotos,a/b.jpg\nphotos,c.jpg"
    content = content.replace(b",", b"\t") if name.endswith(".tsv") else content
    content = gzip.compress(content) if name.endswith(".gz") else content
    assert lines_of(tmp_path, content, name) == [
        ManifestImage(f"{name}:2", "s3://photos/a/b.jpg"),
        ManifestImage(f"{name}:3", "s3://photos/c.jpg"),
    ]


def test_columns_can_be_named_where_the_file_does_not(tmp_path: Path) -> None:
    assert lines_of(tmp_path, b"x,s3://b/k.jpg\n", columns=["note", "uri"]) == [
        ManifestImage("list.csv:1", "s3://b/k.jpg")
    ]


def test_paths_start_at_the_folder_of_a_manifest_on_disk(tmp_path: Path) -> None:
    content = b"uri\na.jpg\nsub/../b.jpg\n/c.jpg\nfile:///d%20e.jpg\n"
    assert [
        line.uri for line in lines_of(tmp_path, content) if isinstance(line, ManifestImage)
    ] == [
        f"{tmp_path}/a.jpg",
        f"{tmp_path}/b.jpg",
        "/c.jpg",
        "/d e.jpg",
    ]


BAD_LINES = [
    (b",1,", "uri is empty"),
    (b"http://h/k.jpg,1,", "http:// cannot be read; expected s3://, file:// or a path"),
    (b"s3://b,1,", "s3://b names no object; expected s3://bucket/key"),
    (b"s3:///k,1,", "s3:///k names no object; expected s3://bucket/key"),
    (
        b"file://host/k,1,",
        "file://host/k cannot be used: expected file:///folder with three slashes",
    ),
    (b"s3://b/\xff.jpg,1,", "its name holds control characters or bytes that are no UTF-8"),
    (b"s3://b/\x00.jpg,1,", "its name holds control characters or bytes that are no UTF-8"),
    (b"s3://b/k,many,", "size is not a whole number: 'many'"),
    (b"s3://b/k,1.5,", "size is not a whole number: '1.5'"),
    (b"s3://b/k,-1,", "size is -1, less than 0"),
    (b"s3://b/k,1,abc", "sha256 is not 64 hexadecimal digits: 'abc'"),
    (b"s3://b/k", "it has 1 values for 3 columns"),
    (b"s3://b/k,1,,", "it has 4 values for 3 columns"),
    (b'"s3://b/k,1,', "it is no CSV (unexpected end of data)"),
    (b"s3://b/" + b"k" * 70_000 + b",1,", "the line is longer than 65,536 bytes"),
    (b"s3://b/" + b"k" * 200_000 + b",1,", "the line is longer than 65,536 bytes"),
]


@pytest.mark.parametrize(("line", "reason"), BAD_LINES)
def test_a_bad_line_is_said_with_its_number_and_spoils_no_other(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    content = b"uri,size,sha256\ns3://b/1,1,\n" + line + b"\ns3://b/2,,\n"
    assert lines_of(tmp_path, content) == [
        ManifestImage("list.csv:2", "s3://b/1", size=1),
        BadLine("list.csv:3", reason),
        ManifestImage("list.csv:4", "s3://b/2"),
    ]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ("0,1,2026-01-01", "width is 0, less than 1"),
        ("1,x,2026-01-01", "height is not a whole number: 'x'"),
        ("1,1,yesterday", "last_modified is not an ISO 8601 time: 'yesterday'"),
    ],
)
def test_a_bad_value_is_said(tmp_path: Path, values: str, reason: str) -> None:
    content = f"uri,width,height,last_modified\ns3://b/k,{values}\n"
    assert lines_of(tmp_path, content.encode()) == [BadLine("list.csv:2", reason)]


def test_older_versions_and_deletions_are_left_out(tmp_path: Path) -> None:
    content = b"uri,IsLatest,IsDeleteMarker\ns3://b/1,true,false\ns3://b/2,false,\ns3://b/3,,TRUE\n"
    assert lines_of(tmp_path, content + b"s3://b/4,perhaps,\n") == [
        ManifestImage("list.csv:2", "s3://b/1"),
        LeftOut("list.csv:3"),
        LeftOut("list.csv:4"),
        BadLine("list.csv:5", "is_latest is neither true nor false: 'perhaps'"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "a.csv",
            b"s3://b/k.jpg\n",
            "it needs a column uri, or bucket and key; its first line has",
        ),
        ("a.csv", b"bucket,size\n", "it needs a column uri, or bucket and key"),
        ("a.csv", b"uri,URI\n", "more than one column is uri"),
        ("a.orc", b"ORC", "ORC is not read; have it written as CSV or Parquet"),
        ("a.parquet", b"PAR1 no more", "it is no Parquet or damaged behind line 0"),
        ("a.json", b"{}", "it is not the manifest.json of an S3 Inventory"),
        ("a.json", b"[1]", "it is not the manifest.json of an S3 Inventory"),
        ("a.json", b'{"fileFormat"', "it is not the manifest.json of an S3 Inventory"),
        (
            "manifest.json",
            b'{"fileFormat":"ORC","destinationBucket":"b","files":[],"fileSchema":""}',
            "its files are ORC; have the inventory written as CSV or Parquet",
        ),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(ManifestUnusableError) as caught:
        lines_of(tmp_path, content, name)
    assert str(caught.value.fields["reason"]).startswith(reason)


def test_a_manifest_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ObjectMissingError):
        list(read_image_manifest(str(tmp_path / "none.csv")))
    with pytest.raises(BadLocationError, match="it names no object"):
        list(read_image_manifest("s3://bucket"))


@pytest.mark.parametrize("spoil", [lambda data: data[:-20], lambda data: data[:-8] + bytes(8)])
def test_what_stands_before_a_damage_is_read(tmp_path: Path, spoil: Any) -> None:
    content = b"uri\n" + b"".join(b"s3://b/%d.jpg\n" % number for number in range(5000))
    (tmp_path / "list.csv.gz").write_bytes(spoil(gzip.compress(content)))
    lines = read_image_manifest(str(tmp_path / "list.csv.gz"))
    read: list[ManifestLine] = []
    with pytest.raises(ManifestUnusableError, match="it is damaged behind line") as caught:
        read.extend(lines)
    del caught
    assert len(read) > 4000
    assert read[4000] == ManifestImage("list.csv.gz:4002", "s3://b/4000.jpg")


# --- Parquet --------------------------------------------------------------------------------------


def write(path: Path, **columns: Any) -> str:
    parquet.write_table(pa.table(columns), path, row_group_size=2)
    return str(path)


def test_parquet_has_the_same_columns(tmp_path: Path) -> None:
    location = write(
        tmp_path / "list.parquet",
        bucket=["b", "b", "b"],
        key=["1.jpg", None, "3.jpg"],
        size=pa.array([5, 6, -7]),
        e_tag=["x", None, None],
        sha256=[bytes.fromhex(DIGEST), None, None],
        last_modified_date=pa.array([datetime(2026, 1, 1)] * 3, pa.timestamp("ms")),
        note=[{"x": 1}] * 3,
    )
    time = datetime(2026, 1, 1, tzinfo=UTC)
    assert list(read_image_manifest(location)) == [
        ManifestImage(
            "list.parquet:1",
            "s3://b/1.jpg",
            size=5,
            etag='"x"',
            sha256=bytes.fromhex(DIGEST),
            last_modified=time,
        ),
        BadLine("list.parquet:2", "key is empty"),
        BadLine("list.parquet:3", "size is -7, less than 0"),
    ]


def test_columns_of_parquet_can_be_named(tmp_path: Path) -> None:
    location = write(tmp_path / "list.parquet", f=["s3://b/1"], g=[1.5])
    assert list(read_image_manifest(location, columns=["uri", "size"])) == [
        BadLine("list.parquet:1", "size is no whole number: '1.5'")
    ]
    with pytest.raises(ManifestUnusableError, match="it has 2 columns, --columns names 1"):
        list(read_image_manifest(location, columns=["uri"]))


def test_a_damaged_row_group_of_parquet_is_said(tmp_path: Path) -> None:
    location = write(tmp_path / "l.parquet", uri=[f"s3://b/{'k' * 500}{n}" for n in range(40)])
    data = bytearray(Path(location).read_bytes())
    data[len(data) // 2 : len(data) // 2 + 300] = bytes(300)
    Path(location).write_bytes(data)
    with pytest.raises(ManifestUnusableError, match="damaged behind line"):
        list(read_image_manifest(location))


# --- memory ---------------------------------------------------------------------------------------


class Endless(io.RawIOBase):
    """A CSV of as many lines as anybody reads; nothing of it is kept."""

    def __init__(self) -> None:
        self._number = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._number += 1
        text = b"s3://bucket/folder/%012d.jpg\n" % self._number if self._number > 1 else b"uri\n"
        buffer[: len(text)] = text
        return len(text)


def test_memory_does_not_grow_with_lines() -> None:
    lines = csv_lines(io.BufferedReader(Endless()), "endless")
    tracemalloc.start()
    try:
        for _ in islice(lines, 1_000):
            pass
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        for _ in islice(lines, 100_000):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 256 * 1024
