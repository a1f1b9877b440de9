"""Manifests in a bucket, and what S3 Inventory writes."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from maskloop.platform.errors import (
    BadImageError,
    ObjectMissingError,
    ObjectUnreadableError,
    StoreUnavailableError,
)
from maskloop.platform.image_manifests import (
    BadLine,
    LeftOut,
    ManifestImage,
    ManifestLine,
    read_image_manifest,
)
from maskloop.platform.storage.sources import NamedSources
from sites.s3_server import BUCKET, Broken, Cut, S3Server

PLACE = "inventories/photos/daily"
CSV = (
    b'"photos","a+b/%C3%A9+1%2B1.JPG","10","2026-01-02T03:04:05.000Z","0a","true","false"\n'
    b'"photos","notes.txt","10","2026-01-02T03:04:05.000Z","0b","true","false"\n'
    b'"photos","old.jpg","10","2026-01-02T03:04:05.000Z","0c","false","false"\n'
    b'"photos","gone.jpg","","2026-01-02T03:04:05.000Z","","true","true"\n'
    b'"photos","odd.jpg","ten","2026-01-02T03:04:05.000Z","0d","true","false"\n'
)
SCHEMA = "Bucket, Key, Size, LastModifiedDate, ETag, IsLatest, IsDeleteMarker"


def manifest(kind: str, schema: str, *files: str) -> bytes:
    document = {
        "sourceBucket": "photos",
        "destinationBucket": f"arn:aws:s3:::{BUCKET}",
        "version": "2016-11-30",
        "creationTimestamp": "1767312000000",
        "fileFormat": kind,
        "fileSchema": schema,
        "files": [{"key": f"{PLACE}/data/{file}", "size": 1, "MD5checksum": ""} for file in files],
    }
    return json.dumps(document).encode()


def read(s3_server: S3Server, key: str) -> list[ManifestLine]:
    return list(read_image_manifest(f"s3://{BUCKET}/{key}", s3_endpoint_url=s3_server.url))


def test_an_inventory_in_csv_is_read_file_by_file(s3_server: S3Server, s3_client: Any) -> None:
    more = b'"photos","z.png","1","2026-01-02T03:04:05.000Z","0e","true","false"\n'
    objects = {
        "manifest.json": manifest("CSV", SCHEMA, "1.csv.gz", "2.csv.gz"),
        "data/1.csv.gz": gzip.compress(CSV),
        "data/2.csv.gz": gzip.compress(more),
    }
    for name, body in objects.items():
        s3_client.put_object(Bucket=BUCKET, Key=f"{PLACE}/{name}", Body=body)
    first, *others, last = read(s3_server, f"{PLACE}/manifest.json")
    assert isinstance(first, ManifestImage)
    assert (first.place, first.uri) == ("1.csv.gz:1", "s3://photos/a b/é 1+1.JPG")
    assert (first.size, first.etag) == (10, '"0a"')
    assert others == [
        LeftOut("1.csv.gz:2"),
        LeftOut("1.csv.gz:3"),
        LeftOut("1.csv.gz:4"),
        BadLine("1.csv.gz:5", "size is not a whole number: 'ten'"),
    ]
    assert isinstance(last, ManifestImage)
    assert (last.place, last.uri) == ("2.csv.gz:1", "s3://photos/z.png")


def test_an_inventory_in_parquet_on_disk_names_files_in_the_bucket(
    s3_server: S3Server, s3_client: Any, tmp_path: Path
) -> None:
    columns = {
        "bucket": ["photos", "photos"],
        "key": ["a b+c.jpg", "notes.txt"],
        "size": pa.array([5, 6], pa.int64()),
        "e_tag": ["0a", "0b"],
        "is_latest": [True, True],
    }
    body = io.BytesIO()
    parquet.write_table(pa.table(columns), body)
    s3_client.put_object(Bucket=BUCKET, Key=f"{PLACE}/data/1.parquet", Body=body.getvalue())
    (tmp_path / "manifest.json").write_bytes(manifest("Parquet", "message s3 {}", "1.parquet"))
    lines = read_image_manifest(str(tmp_path / "manifest.json"), s3_endpoint_url=s3_server.url)
    assert list(lines) == [
        ManifestImage("1.parquet:1", "s3://photos/a b+c.jpg", size=5, etag='"0a"'),
        LeftOut("1.parquet:2"),
    ]


def test_a_data_file_that_is_gone_is_said(s3_server: S3Server, s3_client: Any) -> None:
    body = manifest("CSV", SCHEMA, "1.csv.gz")
    s3_client.put_object(Bucket=BUCKET, Key="manifest.json", Body=body)
    with pytest.raises(ObjectMissingError) as caught:
        read(s3_server, "manifest.json")
    assert caught.value.fields["key"] == f"{PLACE}/data/1.csv.gz"


def test_a_manifest_in_a_bucket_names_no_files_of_this_machine(
    s3_server: S3Server, s3_client: Any
) -> None:
    s3_client.put_object(Bucket=BUCKET, Key="list.csv", Body=b"uri\n/etc/passwd\ns3://b/k\n")
    assert read(s3_server, "list.csv") == [
        BadLine("list.csv:2", "/etc/passwd is no s3:// URL, and the manifest is in a bucket"),
        ManifestImage("list.csv:3", "s3://b/k"),
    ]


def test_a_manifest_is_read_on_through_a_broken_connection(
    s3_server: S3Server, s3_client: Any
) -> None:
    body = b"uri\n" + b"".join(b"s3://b/%d\n" % number for number in range(1000))
    s3_client.put_object(Bucket=BUCKET, Key="list.csv", Body=body)
    s3_server.break_next(Cut(5001), Cut(100))
    lines = read(s3_server, "list.csv")
    assert [line.uri for line in lines if isinstance(line, ManifestImage)] == [
        f"s3://b/{number}" for number in range(1000)
    ]
    assert s3_server.ranges == ["bytes=5001-", "bytes=5101-"]


def test_a_store_that_goes_away_under_parquet_is_said_as_such(
    s3_server: S3Server, s3_client: Any
) -> None:
    body = io.BytesIO()
    parquet.write_table(pa.table({"uri": ["s3://b/k"]}), body)
    s3_client.put_object(Bucket=BUCKET, Key="list.parquet", Body=body.getvalue())
    s3_server.fault = lambda request: Broken.DROPPED if request["REQUEST_METHOD"] == "GET" else None
    with pytest.raises(StoreUnavailableError, match=r"list\.parquet"):
        read(s3_server, "list.parquet")


def test_named_objects_are_opened_under_the_etag_of_their_line(
    s3_server: S3Server, s3_client: Any
) -> None:
    etag = s3_client.put_object(Bucket=BUCKET, Key="k", Body=b"one")["ETag"]
    sources = NamedSources(s3_server.url)
    s3_server.requests.clear()
    good = sources.source(f"s3://{BUCKET}/k", size=3, etag=etag)
    other = sources.source(f"s3://{BUCKET}/k", etag='"other"')
    missing = sources.source(f"s3://{BUCKET}/none")
    assert s3_server.requests == []
    assert good.read(10) == b"one"
    with pytest.raises(ObjectUnreadableError):
        other.read(10)
    with pytest.raises(ObjectMissingError):
        missing.read(10)
    with pytest.raises(BadImageError):
        good.read(2)
