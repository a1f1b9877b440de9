"""OpenVINO graphs on disk: converted once, whole or made again, and nothing told to anybody."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from maskloop.platform.errors import BadLocationError

pytestmark = pytest.mark.slow

MODULE = """
import sys
import torch
from torch import nn

class Doubling(nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.full((64,), 2.0), requires_grad=False)

    def forward(self, x):
        return x * self.factor + 1
"""
CONVERT = """
import os, socket, sys
from pathlib import Path

told = []
WATCHED = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen",
           "os.fork", "os.posix_spawn", "urllib.Request")
def watch(event, arguments):
    if event in WATCHED:
        told.append(event)
folder, order, user = sys.argv[1:4]
if order == "openvino first":
    import openvino
    assert "openvino_telemetry" in sys.modules
import torch
from doubling import Doubling
from maskloop.actors.sam import graphs
from maskloop.platform.errors import MaskloopError
if user != "0":
    os.seteuid(int(user))
sys.addaudithook(watch)

def trace():
    print("converting", flush=True)
    return Doubling(), [torch.ones(1, 64)], [(-1, 64)]

try:
    graph = graphs.graph_of(Path(folder), "d" * 64, "all", trace, [Doubling])
    compiled = graphs.compile_graph(graph, bf16=False, threads=1)
    print(float(compiled(graphs.as_input(torch.full((3, 64), 5.0), bf16=False))[0].max()))
except MaskloopError as error:
    print(error)
import atexit
atexit.register(lambda: print("told", told))
"""


class Converting:
    """A process of its own that asks for a graph in `weights`; its home is `home`."""

    def __init__(self, folder: Path) -> None:
        self.weights, self.home = folder / "weights", folder / "home"
        for made in (self.weights, self.home):
            made.mkdir()
        (folder / "doubling.py").write_text(MODULE)
        quiet = {name: value for name, value in os.environ.items() if name != "CI"}
        path = os.pathsep.join([str(folder), *sys.path])
        self._environment = quiet | {"HOME": str(self.home), "PYTHONPATH": path}

    def start(self, order: str = "ours first", user: int = 0) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", CONVERT, str(self.weights), order, str(user)]
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
        )

    def run(self, order: str = "ours first", user: int = 0) -> list[str]:
        return finished(self.start(order, user))

    @property
    def kept(self) -> Path:
        """The folder of the one graph."""
        (found,) = [path for path in (self.weights / "graphs").iterdir() if path.is_dir()]
        return found


def finished(process: subprocess.Popen[str]) -> list[str]:
    said, complaints = process.communicate(timeout=120)
    assert process.returncode == 0, complaints
    return said.splitlines()


@pytest.fixture
def converting() -> Iterator[Converting]:
    """In a folder that every user may enter."""
    with TemporaryDirectory(prefix="maskloop-") as name:
        Path(name).chmod(0o755)
        yield Converting(Path(name))


CONVERTED = ["converting", "11.0", "told []"]
FOUND = ["11.0", "told []"]


def test_a_second_process_finds_the_graph(converting: Converting) -> None:
    assert converting.run() == CONVERTED
    assert converting.run() == FOUND
    assert sorted(path.name for path in converting.kept.iterdir()) == [
        "graph.bin",
        "graph.xml",
        "sha256",
    ]


def test_two_processes_at_once_convert_it_once(converting: Converting) -> None:
    processes = [converting.start() for _ in range(2)]
    assert sorted(map(finished, processes)) == sorted([CONVERTED, FOUND])


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x80  # in a text, no character any more
    file.write_bytes(data)


def test_a_damaged_graph_is_converted_again(converting: Converting) -> None:
    converting.run()
    damages = (
        (cut, "graph.bin"),
        (flip, "graph.bin"),
        (flip, "sha256"),
        (Path.unlink, "graph.xml"),
    )
    for damage, name in damages:
        damage(converting.kept / name)
        assert converting.run() == CONVERTED, f"{damage.__name__} {name}"
    assert converting.run() == FOUND


def test_what_a_killed_conversion_left_is_cleared(converting: Converting) -> None:
    left = converting.weights / "graphs" / ".graph-left"
    left.mkdir(parents=True)
    (left / "graph.bin").write_bytes(b"half")
    assert converting.run() == CONVERTED
    assert not left.exists()


def test_a_folder_that_cannot_be_written_is_named_unless_the_graph_is_there(
    converting: Converting,
) -> None:
    nobody = 65534 if os.geteuid() == 0 else 0
    converting.weights.chmod(0o555)
    folder = converting.weights / "graphs"
    expected = (
        f"{folder} cannot be used: Permission denied; the model's OpenVINO graphs are kept there. "
        "Make it writable, or set MASKLOOP_ENGINE=pytorch."
    )
    assert converting.run(user=nobody) == [expected, "told []"]
    converting.weights.chmod(0o755)
    assert converting.run() == CONVERTED
    converting.weights.chmod(0o555)
    assert converting.run(user=nobody) == FOUND
    converting.weights.chmod(0o755)


def test_nothing_is_told_even_where_somebody_imported_openvino_before(
    converting: Converting,
) -> None:
    assert converting.run("openvino first") == CONVERTED


def test_nothing_is_written_to_the_home_of_the_user(converting: Converting) -> None:
    assert converting.run() == CONVERTED
    assert list(converting.home.iterdir()) == []


def test_the_error_names_a_file_in_the_way(tmp_path: Path) -> None:
    from torch import nn

    from maskloop.actors.sam import graphs

    def never() -> graphs.Traced:
        raise AssertionError("nothing is to be converted")

    (tmp_path / "graphs").write_text("in the way")
    with pytest.raises(BadLocationError, match="graphs cannot be used: Not a directory"):
        graphs.graph_of(tmp_path, "d" * 64, "all", never, [nn.Linear])
