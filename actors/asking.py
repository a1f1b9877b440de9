"""Which points of a crop are asked, of whom, and the candidates that their answers make."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from maskloop.actors.adaptive_grid import AdaptiveGrid
from maskloop.actors.candidates import Candidates
from maskloop.actors.crops import Crop, grid_xy
from maskloop.actors.referee import MARGIN, Point, Referee, to_decide
from maskloop.actors.sam.decoder import Decoder
from maskloop.actors.sam.embedding import Embedding
from maskloop.actors.upscaling import upscaling
from maskloop.platform.generation import GenerationParameters, Mode
from maskloop.platform.images import Pixels
from maskloop.platform.keeping import Keeping
from maskloop.platform.stages import Stages


@dataclass(frozen=True)
class _Answer:
    """To a few `points` (B,) of a grid: logits (B, 3, 256, 256) and predicted IoU (B, 3)."""

    points: npt.NDArray[np.intp]
    logits: npt.NDArray[np.float32]
    predicted_iou: npt.NDArray[np.float32]


class Asking:
    """Collects the candidates of one crop from what decoders answer to points of its grid."""

    def __init__(
        self,
        embedding: Embedding,
        crop: Crop,
        parameters: GenerationParameters,
        keeping: Keeping,
        stages: Stages,
        *,
        refereed: bool,
    ) -> None:
        self._embedding, self._crop, self._stages = embedding, crop, stages
        self._parameters = parameters
        self._grid = grid_xy(parameters.points_per_side_of_layer(crop.layer), crop.size_hw)
        self._look_above = max(0.0, parameters.pred_iou_thresh - (MARGIN if refereed else 0.0))
        self._above = min(keeping.above, self._look_above)
        self.candidates = Candidates(
            crop,
            upscaling(embedding.resized_hw, crop.size_hw),
            offset=parameters.stability_score_offset,
            reach=keeping.reach,
        )

    def ask_grid(self, decoder: Decoder) -> None:
        """All points of the grid, or those that adaptive mode chooses."""
        if self._parameters.mode is Mode.EXACT:
            for _ in self._ask(decoder, self._embedding, np.arange(len(self._grid)), "decode"):
                pass
            return
        with self._stages("adapt"):
            adaptive = AdaptiveGrid(self._embedding, self._grid, self._parameters)
            points = adaptive.next_points()
        while len(points):
            for answer in self._ask(decoder, self._embedding, points, "decode"):
                with self._stages("adapt"):
                    adaptive.hear(answer.points, answer.logits, answer.predicted_iou)
            with self._stages("adapt"):
                points = adaptive.next_points()

    def settle(self, referee: Referee, pixels: Pixels) -> None:
        """Ask the referee of the whole image's `pixels` until all that would be kept is its own."""
        size_hw = (pixels.shape[0], pixels.shape[1])
        numbers = {(x, y): number for number, (x, y) in enumerate(self._grid.tolist())}
        decided: set[Point] = set()
        embedding: Embedding | None = None
        while True:
            with self._stages("settle"):
                points = to_decide(self.candidates, decided, self._parameters, size_hw)
                if not points:
                    return
                decided.update(points)
                self.candidates.forget(points)
                if embedding is None:
                    embedding = referee.encoder.encode(self._crop.cut(pixels))
            asked = np.array([numbers[point] for point in points])
            for _ in self._ask(referee.decoder, embedding, asked, "settle"):
                pass

    def _ask(
        self, decoder: Decoder, embedding: Embedding, points: npt.NDArray[np.intp], stage: str
    ) -> Iterator[_Answer]:
        """Adds the candidates of the answers, which it passes on."""
        at_most = self._parameters.points_per_batch
        decoded = decoder.decode_points(embedding, self._grid[points], at_most=at_most)
        done = 0
        while True:
            with self._stages(stage):
                masks = next(decoded, None)
            if masks is None:
                return
            of = points[done : done + len(masks.predicted_iou)]
            done += len(of)
            answer = _Answer(
                of, masks.low_res_logits.cpu().numpy(), masks.predicted_iou.cpu().numpy()
            )
            with self._stages("filter"):
                self.candidates.add(
                    answer.logits,
                    answer.predicted_iou,
                    self._grid[of],
                    above=self._above,
                    look_above=self._look_above,
                )
            yield answer
