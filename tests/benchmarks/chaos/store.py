"""An S3 server on loopback, its endpoint that can be killed, and objects that are spoiled."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

HOST = "127.0.0.1"
BUCKET = "chaos"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "chaos",
    "AWS_SECRET_ACCESS_KEY": "chaos",
    "AWS_DEFAULT_REGION": "us-east-1",
}
START_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        port: int = bound.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@dataclass
class Store:
    """`url` is that of the endpoint, `direct` leads round it."""

    port: int
    target: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=f"http://{HOST}:{self.target}",
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=CREDENTIALS["AWS_DEFAULT_REGION"],
        )

    def open(self) -> None:
        words = [str(Path(__file__).with_name("endpoint.py")), str(self.port), str(self.target)]
        self.process = subprocess.Popen([sys.executable, *words], stderr=subprocess.DEVNULL)
        _wait_for(self.port)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def spoil(self, prefix: str, keys: list[str]) -> None:
        """Three objects that poison a job: one is gone, one is cut off, one is something else."""
        gone, cut, other = (f"{prefix}/{key}" for key in keys)
        client = self.client
        client.delete_object(Bucket=BUCKET, Key=gone)
        whole = client.get_object(Bucket=BUCKET, Key=cut)["Body"].read()
        client.put_object(Bucket=BUCKET, Key=cut, Body=whole[: len(whole) // 2])
        client.put_object(Bucket=BUCKET, Key=other, Body=b"this is no image")


@contextmanager
def s3_store() -> Iterator[Store]:
    """moto's server, and the endpoint before it."""
    target = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(target)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        store = Store(free_port(), target)
        try:
            _wait_for(target)
            store.client.create_bucket(Bucket=BUCKET)
            store.open()
            yield store
        finally:
            store.kill()
            server.kill()
