"""A server beside the past that tests put into the database."""

from collections.abc import Iterator

import pytest

from maskloop.services.api.context import make_context
from maskloop.services.api.server import running
from maskloop.services.runtime import Runtime
from sites.site import InProcess, Model, Site


@pytest.fixture
def site(runtime: Runtime, model: Model) -> Iterator[Site]:
    predictor = InProcess(runtime, model)
    context = make_context(runtime, predictor, host="127.0.0.1")
    with running(context, port=0) as server:
        made = Site(runtime, context, server, predictor)
        yield made
        for client in made.clients:
            client.close()
