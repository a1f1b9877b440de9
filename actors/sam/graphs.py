"""OpenVINO graphs of PyTorch modules: converted once, kept on disk, compiled in each process.

    weights/graphs/<key>/graph.xml, graph.bin, sha256     derived; may be deleted at any time

The key is what a graph depends on: the weights' digest, the source of its modules, and the versions
of PyTorch and OpenVINO. Converting takes seconds, reading and compiling a graph some 0.3 s.
"""

import hashlib
import inspect
import shutil
import sys
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import torch
from torch import Tensor, nn

from maskloop.actors.sam.weights import locked, remove_unfinished
from maskloop.platform.errors import BadLocationError

# OpenVINO tells its maker of every import and conversion, unless its telemetry is not installed.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino as ov  # noqa: E402
from openvino.preprocess import PrePostProcessor  # noqa: E402
from openvino.tools.ovc import telemetry_stub  # noqa: E402

# Whoever imported OpenVINO before us has let the telemetry in.
for _name, _module in list(sys.modules.items()):
    if _name.startswith("openvino.tools.") and hasattr(_module, "tm"):
        _module.tm = telemetry_stub  # type: ignore[attr-defined]

_UNFINISHED = ".graph-"
_FILES = ("graph.xml", "graph.bin")
Traced = tuple[nn.Module, Sequence[Tensor], Sequence[Sequence[int]]]
"""A module, example inputs, and the inputs' shapes with -1 for what may vary."""


def graph_of(
    weights: Path,
    digest: str,
    part: str,
    trace: Callable[[], Traced],
    sources: Sequence[type],
    *,
    in_fp32: tuple[str, ...] = (),
) -> ov.Model:
    """The graph of a part of the component `digest`, converted from `trace` if there is none yet.

    `sources` are the classes whose files the graph depends on, `in_fp32` the paths of submodules
    that are computed in float32 even where bf16 is asked for. Safe in many processes at once: one
    converts, others wait.
    Raises `BadLocationError` when there is none and none can be kept.
    """
    root = weights / "graphs"
    folder = root / _key(digest, part, sources, in_fp32)
    try:
        if not _is_whole(folder):
            root.mkdir(parents=True, exist_ok=True)
            with locked(root / ".lock"):
                remove_unfinished(root, _UNFINISHED)
                if not _is_whole(folder):
                    _convert(folder, *trace(), in_fp32)
    except OSError as error:
        reason = (
            f"{error.strerror or error}; the model's OpenVINO graphs are kept there. Make it "
            "writable, or set MASKLOOP_ENGINE=pytorch"
        )
        raise BadLocationError(str(root), reason) from error
    return ov.Core().read_model(folder / _FILES[0])


def compile_graph(
    graph: ov.Model,
    *,
    bf16: bool,
    threads: int,
    streams: int = 1,
    shapes: dict[int, Sequence[int]] | None = None,
    bf16_in: int = 0,
    bf16_out: bool = False,
) -> ov.CompiledModel:
    """`shapes` fixes inputs by their number. The first `bf16_in` inputs are given as bf16, and with
    `bf16_out` all outputs are; the others are float32.

    `streams` requests run at once, each on `threads / streams` of the processor's cores.
    """
    graph = graph.clone()
    if shapes is not None:
        graph.reshape({graph.inputs[number]: list(shape) for number, shape in shapes.items()})
    if bf16_in or bf16_out:
        prepared = PrePostProcessor(graph)
        for number in range(bf16_in):
            prepared.input(number).tensor().set_element_type(ov.Type.bf16)
        for number in range(len(graph.outputs) if bf16_out else 0):
            prepared.output(number).tensor().set_element_type(ov.Type.bf16)
        graph = prepared.build()
    options: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": streams,
        # Pinned, the processes of one machine would all sit on its first cores.
        "ENABLE_CPU_PINNING": False,
    }
    return ov.Core().compile_model(graph, "CPU", options)


class Requests:
    """Infer requests of a compiled graph, made as they are needed. Safe in many threads at once:
    whoever has taken one has it alone, and gives it back when nothing runs in it.
    """

    def __init__(self, compiled: ov.CompiledModel, *, idle: int) -> None:
        self._compiled = compiled
        # An idle request keeps its last inputs in memory, so not all of a rush are kept.
        self._idle = deque[ov.InferRequest](maxlen=idle)

    def take(self) -> ov.InferRequest:
        try:
            return self._idle.pop()
        except IndexError:
            return self._compiled.create_infer_request()

    def give(self, request: ov.InferRequest) -> None:
        self._idle.append(request)

    @contextmanager
    def taken(self) -> Iterator[ov.InferRequest]:
        request = self.take()
        try:
            yield request
        finally:
            self.give(request)


def as_input(tensor: Tensor, *, bf16: bool) -> ov.Tensor:
    """A tensor that OpenVINO reads in place; it keeps the values alive."""
    values = tensor.detach().contiguous()
    if not bf16:
        return ov.Tensor(values.float().numpy())
    raw = values.to(torch.bfloat16).view(torch.int16).numpy()
    return ov.Tensor(raw, list(values.shape), ov.Type.bf16)


def results(requests: Requests, inputs: Sequence[ov.Tensor]) -> list[ov.Tensor]:
    """All outputs, in memory of their own. Their shapes must be known."""
    with requests.taken() as request:
        ports = request.model_outputs
        outputs = [ov.Tensor(port.get_element_type(), port.get_shape()) for port in ports]
        for number, tensor in enumerate(outputs):
            request.set_output_tensor(number, tensor)
        for number, tensor in enumerate(inputs):
            request.set_input_tensor(number, tensor)
        request.infer()
    return outputs


def output(request: ov.InferRequest, number: int) -> Tensor:
    """A copy of a result, which the request overwrites next time."""
    return torch.from_numpy(np.array(request.get_output_tensor(number).data))


def _key(digest: str, part: str, sources: Sequence[type], in_fp32: tuple[str, ...]) -> str:
    written = [inspect.getsource(sys.modules[source.__module__]) for source in sources]
    parts = [*written, torch.__version__, ov.__version__, str(in_fp32)]
    return f"{digest}-{part}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]}"


def _convert(
    folder: Path,
    module: nn.Module,
    examples: Sequence[Tensor],
    shapes: Any,
    in_fp32: tuple[str, ...],
) -> None:
    inputs = tuple(examples)
    # Tracing warns of what it fixes (sizes) and of its own age.
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module, inputs, check_trace=False)  # type: ignore[no-untyped-call]
        graph = ov.convert_model(traced, example_input=inputs, input=[tuple(s) for s in shapes])
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_UNFINISHED))
    try:
        ov.save_model(graph, unfinished / _FILES[0], compress_to_fp16=False)
        if in_fp32:
            _keep_in_fp32(unfinished / _FILES[0], in_fp32)
        (unfinished / "sha256").write_text(_sha256(unfinished))
        unfinished.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)  # one that was not whole
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _keep_in_fp32(file: Path, submodules: tuple[str, ...]) -> None:
    """Mark their layers as sensitive, which the CPU plugin heeds when it is told in the file."""
    document = ElementTree.parse(file)
    names = tuple(f"__module.{submodule}" for submodule in submodules)
    for layer in document.iterfind("layers/layer"):
        if layer.get("name", "").startswith(names):
            told = layer.find("rt_info")
            told = ElementTree.SubElement(layer, "rt_info") if told is None else told
            ElementTree.SubElement(told, "attribute", {"name": "precise", "version": "0"})
    document.write(file)


def _is_whole(folder: Path) -> bool:
    try:
        return (folder / "sha256").read_bytes() == _sha256(folder).encode()
    except FileNotFoundError:
        return False


def _sha256(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in _FILES:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()
