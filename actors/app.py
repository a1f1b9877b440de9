"""The Serve application: an encoder and a decoder deployment, built from one plan.

There is no HTTP in it: the API asks the decoder through its handle (docs/decisions/0010). It is
deployed by its import path, so that another version of the model changes the replicas'
`user_config` and nothing is restarted.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from ray import serve
from ray.serve.config import RequestRouterConfig
from ray.serve.context import _get_global_client
from ray.serve.schema import LoggingConfig, ServeDeploySchema

from maskloop.actors.serving.decoder_replica import DecoderReplica
from maskloop.actors.serving.encoder_replica import EncoderReplica
from maskloop.actors.serving.plan import Replicas, ServingPlan
from maskloop.actors.serving.versions import PromotedVersions, VersionSpec

APPLICATION: Final = "maskloop"
ENCODER: Final = "Encoder"
DECODER: Final = "Decoder"

_ROUTER: Any = "ray.serve.experimental.consistent_hash_router:ConsistentHashRouter"
_AFFINITY = RequestRouterConfig(request_router_class=_ROUTER)
"""By the handle's session id, which is an embedding's key: an image stays with the replica that
holds it, and goes to the next one on the ring while that is full or gone."""
_ONGOING = 32
"""Requests in a replica at once; most of them wait for a thread or for the store."""
_HEALTH_SECONDS = (5.0, 15.0)
"""Between checks, and until one that is not answered counts."""
_DRAIN_SECONDS = 20.0


@contextmanager
def serve_started() -> Iterator[None]:
    """Serve in the Ray of the caller, without a proxy. On this process's own Ray it ends with it;
    on a cluster the application stays."""
    # Serve tells of every step on the terminal; its errors reach us by the calls that they concern.
    quiet = LoggingConfig(log_level="ERROR")
    serve.start(proxy_location="Disabled", logging_config=quiet)
    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    yield


def build(plan: ServingPlan) -> serve.Application:
    """Serve's application builder. The decoder is what handles lead to."""
    encoder = _deployment(EncoderReplica, ENCODER, plan.encoder, plan.queue).bind(plan)
    decoder = _deployment(DecoderReplica, DECODER, plan.decoder, plan.queue)
    application: serve.Application = decoder.bind(plan, encoder)
    return application


def _deployment(replica: type, name: str, replicas: Replicas, queue: int) -> Any:
    check, patience = _HEALTH_SECONDS
    options: dict[str, Any] = {"num_replicas": replicas.least}
    if replicas.most > replicas.least:
        options = {
            "autoscaling_config": {
                "min_replicas": replicas.least,
                "max_replicas": replicas.most,
                "target_ongoing_requests": 2,
            }
        }
    return serve.deployment(
        replica,
        name=name,
        ray_actor_options={
            "num_cpus": replicas.num_cpus,
            "num_gpus": replicas.num_gpus,
            "label_selector": replicas.labels,
        },
        request_router_config=_AFFINITY,
        max_ongoing_requests=_ONGOING,
        max_queued_requests=queue,
        health_check_period_s=check,
        health_check_timeout_s=patience,
        graceful_shutdown_timeout_s=_DRAIN_SECONDS,
        **options,
    )


def deploy(
    plan: ServingPlan, versions: Sequence[VersionSpec], *, shadow: VersionSpec | None = None
) -> None:
    """Bring the application to this plan and these versions, newest first; returns at once.

    Where only versions differ from what is deployed, replicas are reconfigured and none restarts.
    Serve's applications of this cluster that were deployed by configuration are this one alone.
    """
    promoted = PromotedVersions(versions=tuple(versions))
    told = {ENCODER: promoted, DECODER: promoted.model_copy(update={"shadow": shadow})}
    application = {
        "name": APPLICATION,
        "route_prefix": None,
        "import_path": f"{__name__}:build",
        "args": plan.model_dump(mode="json"),
        "deployments": [
            {"name": name, "user_config": config.model_dump(mode="json")}
            for name, config in told.items()
        ],
    }
    config = ServeDeploySchema.model_validate({"applications": [application]})
    client: Any = _get_global_client()
    client.deploy_apps(config)
