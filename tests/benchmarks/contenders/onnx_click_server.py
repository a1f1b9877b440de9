"""A plain click server, as labeling tools have them: FastAPI, and ONNX Runtime over the package's
decoder graph, with the embedding in memory. One mask at full size, as compressed RLE."""

import sys
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI
from pycocotools import mask as coco

from contenders.onnx_runtime import SIDE, input_array, session


def application(archive: str, photograph: str, threads: int) -> FastAPI:
    pixels = np.load(photograph)
    features = session(archive, "encoder", threads).run(None, {"input": input_array(pixels)})[0]
    decoder = session(archive, "sam", threads)
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    app = FastAPI()

    @app.post("/masks")
    def masks(body: dict[str, Any]) -> dict[str, Any]:
        points = np.array([[x * scale, y * scale] for x, y, _ in body["points"]], np.float32)
        labels = np.array([label for *_, label in body["points"]], np.float32)
        feeds = {
            "image_embeddings": features,
            "point_coords": np.concatenate([points, np.zeros((1, 2), np.float32)])[None],
            "point_labels": np.append(labels, np.float32(-1))[None],
            "mask_input": np.zeros((1, 1, 256, 256), dtype=np.float32),
            "has_mask_input": np.zeros(1, dtype=np.float32),
            "orig_im_size": np.array([height, width], dtype=np.float32),
        }
        found, scores, _ = decoder.run(None, feeds)
        rle = coco.encode(np.asfortranarray(found[0, 0] > 0, dtype=np.uint8))
        return {"counts": rle["counts"].decode(), "predicted_iou": float(scores[0, 0])}

    return app


if __name__ == "__main__":
    archive, photograph, threads, port = sys.argv[1:]
    app = application(archive, photograph, int(threads))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", access_log=False)
