"""What Prometheus reads at /metrics; docs/metrics.md has every name, and a test compares."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from maskloop.platform.mask_answers import MaskAnswer, ServedVersion

_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.5, 1, 3, 10)


class Metrics:
    """Of one API process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.request_seconds = Histogram(
            "maskloop_request_seconds",
            "Time of a request, by route",
            ("method", "route", "status"),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.requests_in_flight = Gauge(
            "maskloop_requests_in_flight", "Requests being answered", registry=self.registry
        )
        self.requests_refused = Counter(
            "maskloop_requests_refused",
            "Requests told to come again because too many were in flight",
            registry=self.registry,
        )
        self.mask_stage_seconds = Histogram(
            "maskloop_mask_stage_seconds",
            "Time of a click's stages",
            ("stage",),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.embeddings = Counter(
            "maskloop_embeddings",
            "Answered clicks by where their embedding came from: hit, store, encoded",
            ("source",),
            registry=self.registry,
        )
        self.masks_by_version = Counter(
            "maskloop_masks_answered",
            "Answered clicks by model version",
            ("version", "name"),
            registry=self.registry,
        )
        self.shadow_clicks = Counter(
            "maskloop_shadow_clicks",
            "Answered clicks of the share that a challenger is to decode too, by what became of it",
            ("outcome",),
            registry=self.registry,
        )
        self.uploads = Counter(
            "maskloop_uploads", "Uploaded files by outcome", ("outcome",), registry=self.registry
        )
        self.encoder_calls = Gauge(
            "maskloop_encoder_calls",
            "Images that went through the encoders that live now",
            registry=self.registry,
        )
        self.prefetch_waiting = Gauge(
            "maskloop_prefetch_waiting",
            "Images that the prefetch has still to make ready",
            registry=self.registry,
        )
        self.versions_served = Gauge(
            "maskloop_versions_served",
            "Decoder replicas by the model version they serve",
            ("version", "name"),
            registry=self.registry,
        )
        self.versions_refused = Gauge(
            "maskloop_versions_refused",
            "Promoted versions that are not served because they cannot be loaded",
            ("version", "name"),
            registry=self.registry,
        )
        self.jobs_waiting = Gauge(
            "maskloop_jobs_waiting", "Jobs that wait for a worker", registry=self.registry
        )

    def answered(self, answer: MaskAnswer, stages: Mapping[str, float]) -> None:
        """A click: its stages here and in the replica."""
        for name, seconds in {**answer.seconds, **stages}.items():
            self.mask_stage_seconds.labels(name).observe(seconds)
        self.embeddings.labels(answer.embedding.value).inc()
        version = answer.model_version
        self.masks_by_version.labels(str(version.number), version.name).inc()

    def serve_versions(
        self, served: Mapping[ServedVersion, int], refused: Mapping[ServedVersion, str]
    ) -> None:
        self.versions_served.clear()
        self.versions_refused.clear()
        for version, replicas in served.items():
            self.versions_served.labels(str(version.number), version.name).set(replicas)
        for version in refused:
            self.versions_refused.labels(str(version.number), version.name).set(1)
