"""What watches the platform: alive, ready, figures."""

import uuid
from typing import TYPE_CHECKING

from maskloop.platform.db import jobs, model_versions
from maskloop.platform.db.job_items import Counts
from maskloop.platform.db.jobs import Lease
from maskloop.platform.states import JobKind
from maskloop.services.api.server import running

if TYPE_CHECKING:
    from sites.site import Site


def test_a_platform_whose_parts_answer_is_ready(site: "Site") -> None:
    client = site.client()
    assert client.get("/healthz").text == "ok"
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "parts": {"database": "ready", "object store": "ready", "models": "ready"},
    }


def test_a_platform_that_stops_is_alive_and_not_ready(site: "Site") -> None:
    site.context.closing.set()
    client = site.client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["parts"]["server"] == "it is stopping"
    assert client.get("/healthz").status_code == 200


def test_a_request_is_counted_under_its_route_and_not_under_its_path(site: "Site") -> None:
    cells, client = site.project("cells"), site.client()
    client.get(f"/api/v1/projects/{cells}")
    client.get(f"/api/v1/projects/{cells + 1}")
    client.get("/no/such/path")
    labels = {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
        for metric in site.context.metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "maskloop_request_seconds_count"
    }
    route = "/projects/{project_id}"
    assert [
        v for (_, found, status), v in labels.items() if found.endswith(route) and status == "200"
    ] == [1]
    assert not any(str(cells + 1) in found or "no/such" in found for _, found, _ in labels)


def test_watching_needs_no_sign_in(site: "Site") -> None:
    site.person("ada")
    for path in ("/healthz", "/readyz", "/metrics"):
        assert site.client().get(path).status_code == 200


def test_the_server_is_gone_when_its_block_ends(site: "Site") -> None:
    with running(site.context, port=0) as server:
        port = server.port
    with running(site.context, port=port) as again:
        assert again.port == port


def figures_of(site: "Site") -> dict[str, float]:
    """What `/metrics` says, by name and labels."""
    lines = site.client().get("/metrics").text.splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


def test_jobs_are_counted_by_state_and_those_whose_worker_is_lost(site: "Site") -> None:
    site.project("cells")
    runtime = site.context.runtime
    with runtime.engine.begin() as connection:
        version = model_versions.register(
            connection, name="minisam", encoder_digest="e" * 64, decoder_digest="d" * 64
        )
        made = [
            jobs.insert(
                connection,
                project_id=1,
                kind=JobKind.AUTOLABEL,
                parameters={},
                model_version_id=version.id,
            )
            for _ in range(3)
        ]
        for job_id, seconds in zip(made, (60.0, -1.0), strict=False):
            lease = Lease("far-away:7", uuid.uuid4(), seconds)
            assert jobs.claim(connection, job_id, lease, take_over=False)

    found = figures_of(site)

    assert found['maskloop_jobs{state="running"}'] == 2
    assert found['maskloop_jobs{state="queued"}'] == found["maskloop_jobs_waiting"] == 1
    assert found['maskloop_jobs{state="failed"}'] == 0
    assert (found["maskloop_jobs_lost"], found["maskloop_database_up"]) == (1, 1)


def test_images_of_jobs_are_counted_from_where_the_worker_began(site: "Site") -> None:
    metrics = site.context.metrics
    metrics.count_images(7, Counts(queued=8, done=2, masks=20))  # it resumes a job
    metrics.count_images(7, Counts(queued=5, done=4, quarantined=1, masks=50))
    metrics.count_images(8, Counts(queued=1))
    metrics.count_images(8, Counts(failed=1))

    found = figures_of(site)

    settled = "maskloop_images_settled_total"
    assert found[settled + '{state="done"}'] == 2
    assert found[settled + '{state="quarantined"}'] == found[settled + '{state="failed"}'] == 1
    assert found["maskloop_masks_found_total"] == 30
