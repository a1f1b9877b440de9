"""A Ray of one's own begins, at the second try if need be."""

import psutil
import pytest
import ray

from maskloop.actors import ray_session as module
from maskloop.actors.ray_session import ray_session


def test_a_ray_that_does_not_begin_in_time_is_begun_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "START_SECONDS", (0, 120))
    with ray_session(workers=1, object_store_mb=80):
        assert ray.is_initialized()
        servers = [each for each in _children() if "gcs_server" in each]
        assert len(servers) == 1  # nothing is left of the first
    assert "ray.not_started seconds=0" in caplog.text


def test_a_ray_that_never_begins_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "START_SECONDS", (0, 0))
    before = _children()
    with pytest.raises(RuntimeError, match="Timed out"), ray_session(workers=1, object_store_mb=80):
        pass
    assert _children() == before
    assert not ray.is_initialized()


def _children() -> list[str]:
    return sorted(each.name() for each in psutil.Process().children(recursive=True))
