"""Whatever is asked within the OpenAPI document, or nearly so, nothing breaks: never a 500.

Requests are schemathesis's, from the server's own document; most ids are made to exist, so that
they get past the door.
"""

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

if TYPE_CHECKING:
    from sites.site import Site

EXAMPLES = 30
GENERATED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_no_request_breaks_the_server(site: "Site") -> None:
    project = site.project("cats")
    there = {"project_id": project, "image_id": site.image(project)}
    admin = site.person("fuzz", is_admin=True).headers["Authorization"]
    document = schemathesis.openapi.from_url(f"{site.server.url}/openapi.json")
    statuses: Counter[int] = Counter()
    for found in document.get_all_operations():
        operation = found.ok()
        _ask(operation, there, admin, statuses)
    assert statuses[500] == 0
    assert statuses[200] > 0
    assert statuses[422] > 0
    assert site.client(admin.removeprefix("Bearer ")).get("/healthz").text == "ok"


def _ask(operation: Any, there: dict[str, int], admin: str, statuses: Counter[int]) -> None:
    @GENERATED
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        chance = random.Random(repr(case.path_parameters) + repr(case.body))
        for name, existing in there.items():
            if name in (case.path_parameters or {}) and chance.random() < 0.8:
                case.path_parameters[name] = existing
        answer = case.call(headers={"Authorization": admin})
        statuses[answer.status_code] += 1
        assert answer.status_code != 500, f"{operation.label}: {answer.text}"

    ask()
