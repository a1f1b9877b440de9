"""A server of its own for every test."""

from collections.abc import Iterator

import pytest

from maskloop.services.runtime import Runtime
from sites.site import Model, Site, api_site


@pytest.fixture
def site(runtime: Runtime, model: Model) -> Iterator[Site]:
    with api_site(runtime, model) as made:
        yield made
