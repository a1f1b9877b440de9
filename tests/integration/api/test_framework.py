"""What every route stands on: guard, problems, pages, repeated requests."""

import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from maskloop.platform import errors
from maskloop.platform.errors import MaskloopError
from maskloop.services.api.context import is_loopback
from maskloop.services.api.guard import MOST_BODY
from maskloop.services.api.problems import STATUSES

if TYPE_CHECKING:
    from sites.site import Site

OWN_TROUBLE = {
    "address_in_use",
    "address_refused",
    "bad_location",
    "bad_prices",
    "bad_setting",
    "database_not_empty",
    "download_corrupt",
    "download_failed",
    "dump_failed",
    "graph_unexpected",
    "internal",
    "manifest_unusable",
    "not_comparable",
    "nothing_measured",
    "nothing_to_plan_by",
    "object_unreadable",
    "remote",
    "schema_too_new",
    "server_unreachable",
    "store_denied",
    "training_changed_nothing",
    "training_diverged",
    "weights_corrupt",
    "weights_missing",
    "workers_die",
}
"""Not a client's doing: answered with 500."""


def all_below(base: type[MaskloopError]) -> list[type[MaskloopError]]:
    return [found for child in base.__subclasses__() for found in (child, *all_below(child))]


def test_every_error_has_a_status_or_is_the_platform_s_own_trouble() -> None:
    codes = {cls.code for cls in all_below(errors.MaskloopError)}
    assert codes - set(STATUSES) == OWN_TROUBLE & codes
    assert set(STATUSES) <= codes


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.7", False),
        ("example.org", False),
    ],
)
def test_which_addresses_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_name_that_another_site_points_here_is_refused(site: "Site") -> None:
    answer = site.client().get("/api/v1/projects", headers={"Host": "evil.example:80"})
    assert (answer.status_code, answer.json()["code"]) == (421, "bad_host")
    for host in ("localhost:1", "127.0.0.1", "[::1]:8600"):
        assert site.client().get("/healthz", headers={"Host": host}).text == "ok"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_s_page_cannot_change_anything(site: "Site", headers: dict[str, str]) -> None:
    answer = site.client().post("/api/v1/projects", json={"name": "cats"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert site.client().get("/api/v1/projects").json()["items"] == []


def test_our_own_page_can(site: "Site") -> None:
    own = {"Origin": site.server.url, "Sec-Fetch-Site": "same-origin"}
    assert site.client().post("/api/v1/projects", json={"name": "cats"}, headers=own).is_success


def test_a_body_that_is_too_large_is_refused_however_it_comes(site: "Site") -> None:
    client = site.client()
    json = {"Content-Type": "application/json"}
    whole = client.post("/api/v1/projects", content=b" " * (MOST_BODY + 1), headers=json)
    assert (whole.status_code, whole.json()["code"]) == (413, "body_too_large")

    def pieces() -> "object":
        for _ in range(MOST_BODY // 65536 + 1):
            yield b" " * 65536

    streamed = client.post("/api/v1/projects", content=pieces(), headers=json)  # type: ignore[arg-type]
    assert streamed.status_code == 413


def test_errors_of_the_router_are_problems_too(site: "Site") -> None:
    client = site.client()
    for method, path, status, code in (
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("DELETE", "/api/v1/projects", 405, "method_not_allowed"),
    ):
        answer = client.request(method, path)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == code


def test_an_error_that_should_not_be_has_a_number_and_hides_its_inside(site: "Site") -> None:
    project = site.project("cats")
    image = site.image(project)
    site.predictor.raises = ZeroDivisionError("secret detail")
    path = f"/api/v1/projects/{project}/images/{image}/masks"
    answer = site.client().post(path, json={"points": [[1, 1, 1]]})
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert len(answer.json()["incident"]) == 8
    assert "secret" not in answer.text


def test_the_database_away_is_503_and_says_to_come_again(
    site: "Site", caplog: pytest.LogCaptureFixture
) -> None:
    site.runtime.engine.dispose()
    url = site.runtime.engine.url.set(database="no_such_database")
    site.runtime.engine.pool._creator = lambda *_: (_ for _ in ()).throw(  # type: ignore[attr-defined]
        errors.DatabaseUnavailableError(str(url.database), "it is away")
    )
    answer = site.client().get("/api/v1/projects")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert "request.unavailable path=/api/v1/projects" in caplog.text
    ready = site.client().get("/readyz")
    assert ready.status_code == 503
    assert "it is away" in ready.json()["parts"]["database"]
    assert ready.json()["parts"]["models"] == "ready"


def test_pages_follow_each_other_and_end(site: "Site") -> None:
    project = site.project("row")
    ids = [site.image(project, seed=seed) for seed in range(5)]
    client, path = site.client(), f"/api/v1/projects/{project}/images"
    seen: list[int] = []
    cursor = None
    for _ in range(3):
        page = client.get(path, params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        seen += [item["id"] for item in page.json()["items"]]
        cursor = page.json()["next"]
    assert seen == ids
    assert cursor is None


@pytest.mark.parametrize(
    "query", ["cursor=rubbish", "cursor=YTk5OTk5OTk5OTk5OTk5OTk5OTk5", "limit=0", "limit=1001"]
)
def test_a_bad_page_is_refused(site: "Site", query: str) -> None:
    project = site.project("row")
    answer = site.client().get(f"/api/v1/projects/{project}/images?{query}")
    assert answer.status_code == 422
    assert answer.json()["code"] in ("bad_parameters", "invalid_request")


def test_the_same_request_again_is_done_once(site: "Site") -> None:
    client, key = site.client(), {"Idempotency-Key": "my-1"}
    first = client.post("/api/v1/projects", json={"name": "cats"}, headers=key)
    again = client.post("/api/v1/projects", json={"name": "cats"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replay"] == "true"

    other = client.post("/api/v1/projects", json={"name": "dogs"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")
    assert [item["name"] for item in client.get("/api/v1/projects").json()["items"]] == ["cats"]


def test_the_same_request_at_once_is_done_once(site: "Site") -> None:
    site.client().get("/api/v1/projects")
    answers: list[httpx.Response] = []
    ready = threading.Barrier(6)
    clients = [site.client() for _ in range(6)]

    def ask(client: httpx.Client) -> None:
        ready.wait()
        headers = {"Idempotency-Key": "together"}
        answers.append(client.post("/api/v1/projects", json={"name": "cats"}, headers=headers))

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert {answer.status_code for answer in answers} == {201}
    assert [answer.json() for answer in answers] == [answers[0].json()] * 6


def test_a_request_that_failed_leaves_its_key_free(site: "Site") -> None:
    client, key = site.client(), {"Idempotency-Key": "my-2"}
    site.project("cats")
    refused = client.post("/api/v1/projects", json={"name": "cats"}, headers=key)
    assert refused.status_code == 409
    assert client.post("/api/v1/projects", json={"name": "dogs"}, headers=key).status_code == 201


def test_what_was_seen_is_not_sent_again(site: "Site") -> None:
    project = site.project("cats")
    path = f"/api/v1/projects/{project}/images/{site.image(project)}"
    first = site.client().get(path)
    again = site.client().get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_the_documentation_loads_nothing_from_elsewhere(site: "Site") -> None:
    client = site.client()
    page = client.get("/docs").text
    sources = [part.split('"')[0] for key in ('src="', 'href="') for part in page.split(key)[1:]]
    assert sources
    for source in sources:
        assert source.startswith(("/", "data:")), source
        if source.startswith("/"):
            assert client.get(source).is_success
    assert client.get("/openapi.json").json()["info"]["title"] == "maskloop"


def test_every_answer_tells_browsers_what_they_may_do(site: "Site") -> None:
    headers = site.client().get("/api/v1/projects").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert "server" not in headers
