"""What Prometheus reads at /metrics; docs/metrics.md has every name, and a test compares."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from maskloop.platform.db.job_items import Counts
from maskloop.platform.db.jobs import Standing
from maskloop.platform.mask_answers import MaskAnswer, ServedVersion
from maskloop.platform.states import ItemState, JobState

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
        self.jobs = Gauge("maskloop_jobs", "Jobs by state", ("state",), registry=self.registry)
        self.jobs_lost = Gauge(
            "maskloop_jobs_lost",
            "Running jobs whose worker was not heard of for as long as its lease",
            registry=self.registry,
        )
        self.database_up = Gauge(
            "maskloop_database_up", "Whether the database answers: 1 or 0", registry=self.registry
        )
        self.images_settled = Counter(
            "maskloop_images_settled",
            "Images that jobs of this process's worker were through with, by what became of them",
            ("state",),
            registry=self.registry,
        )
        self.masks_found = Counter(
            "maskloop_masks_found",
            "Masks that jobs of this process's worker found",
            registry=self.registry,
        )
        self._counted: dict[int, Counts] = {}

    def answered(self, answer: MaskAnswer, stages: Mapping[str, float]) -> None:
        """A click: its stages here and in the replica."""
        for name, seconds in {**answer.seconds, **stages}.items():
            self.mask_stage_seconds.labels(name).observe(seconds)
        self.embeddings.labels(answer.embedding.value).inc()
        version = answer.model_version
        self.masks_by_version.labels(str(version.number), version.name).inc()

    def count_jobs(self, standing: Standing | None) -> None:
        """None: the database does not answer, and its figures stay as they were."""
        self.database_up.set(0 if standing is None else 1)
        if standing is None:
            return
        self.jobs_waiting.set(standing.by_state.get(JobState.QUEUED, 0))
        self.jobs_lost.set(standing.lost)
        for state in JobState:
            self.jobs.labels(state.value).set(standing.by_state.get(state, 0))

    def count_images(self, job_id: int, counts: Counts) -> None:
        """What the worker has settled since it told last; its first word of a job tells none."""
        before = self._counted.get(job_id, counts)
        self._counted[job_id] = counts
        for state in (ItemState.DONE, ItemState.FAILED, ItemState.QUARANTINED):
            more = getattr(counts, state.value) - getattr(before, state.value)
            self.images_settled.labels(state.value).inc(max(0, more))
        self.masks_found.inc(max(0, counts.masks - before.masks))

    def serve_versions(
        self, served: Mapping[ServedVersion, int], refused: Mapping[ServedVersion, str]
    ) -> None:
        self.versions_served.clear()
        self.versions_refused.clear()
        for version, replicas in served.items():
            self.versions_served.labels(str(version.number), version.name).set(replicas)
        for version in refused:
            self.versions_refused.labels(str(version.number), version.name).set(1)
