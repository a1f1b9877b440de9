"""The official MobileSAM package with our weights; runs in .venv-peer, where maskloop is not."""

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from contenders.protocol import Answer, serve, timed

sys.path.append(str(Path(__file__).parents[2] / "acceptance"))
from make_official_reference import load_official
from mobile_sam import SamAutomaticMaskGenerator, SamPredictor

PACKAGES = ("mobilesam-mirror", "numpy", "timm", "torch", "torchvision")


class Official:
    def load(self, weights: str, threads: int) -> Answer:
        torch.set_num_threads(threads)
        self.model = load_official(Path(weights))
        return {"versions": {name: version(name) for name in PACKAGES}}

    def encode(self, photograph: str) -> Answer:
        predictor, pixels = SamPredictor(self.model), np.load(photograph)
        seconds, _ = timed(lambda: predictor.set_image(pixels))
        return {"seconds": seconds}

    def everything(self, photograph: str, points_per_side: int = 32) -> Answer:
        """Default parameters but for the grid; masks as COCO RLE, as ours."""
        generator = SamAutomaticMaskGenerator(
            self.model, points_per_side=points_per_side, output_mode="coco_rle"
        )
        pixels = np.load(photograph)
        seconds, records = timed(lambda: generator.generate(pixels))
        return {"seconds": seconds, "count": len(records)}


if __name__ == "__main__":
    official = Official()
    serve({"load": official.load, "encode": official.encode, "everything": official.everything})
