"""No peer but the machine: how fast PyTorch multiplies two matrices that fit its cache."""

import torch

from contenders.protocol import Answer, serve, timed

TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def load(threads: int) -> Answer:
    torch.set_num_threads(threads)
    return {}


def multiply(side: int, precision: str) -> Answer:
    left = torch.rand(side, side).to(TYPES[precision])
    seconds, _ = timed(lambda: left @ left)
    return {"seconds": seconds, "gflop": 2 * side**3 / 1e9}


if __name__ == "__main__":
    serve({"load": load, "multiply": multiply})
