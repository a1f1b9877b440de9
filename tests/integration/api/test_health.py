"""What watches the platform: alive, ready, figures."""

from typing import TYPE_CHECKING

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
