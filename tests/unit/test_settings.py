"""Settings come from MASKLOOP_* variables, once, and never show a secret."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from maskloop.platform.errors import BadSettingError
from maskloop.platform.settings import Settings, load_settings

SECRET = "hunter2"


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without settings of the machine."""
    for key in Settings.model_fields:
        monkeypatch.delenv(f"MASKLOOP_{key.upper()}", raising=False)
    return monkeypatch


def test_unset_settings_have_the_documented_defaults(env: pytest.MonkeyPatch) -> None:
    env.setenv("HOME", "/home/someone")
    settings = load_settings()
    assert settings.home == Path("/home/someone/.maskloop")
    assert settings.objects == "/home/someone/.maskloop/objects"
    assert settings.weights == Path("/home/someone/.maskloop/weights")
    assert settings.database_url is None
    assert settings.s3_endpoint_url is None
    assert (settings.device, settings.precision, settings.engine) == ("auto", "auto", "auto")
    assert settings.workers is None
    assert settings.max_image_pixels == 100_000_000
    assert settings.max_image_bytes == 536_870_912
    assert (settings.lease_seconds, settings.image_lease_minutes) == (30.0, 10.0)
    assert (settings.card_lease_minutes, settings.retry_seconds) == (10.0, 3.0)
    assert settings.ray_object_store_mb == 256
    assert (settings.encoder_replicas, settings.decoder_replicas) == (1, 1)
    assert (settings.encoder_replicas_most, settings.decoder_replicas_most) == (None, None)
    assert (settings.encoder_gpus, settings.encoder_batch) == (1.0, 8)
    assert settings.bulk_encoders is None
    assert (settings.worker_labels, settings.encoder_labels) == ({}, {})
    assert settings.decoder_threads is None
    assert (settings.serving_queue, settings.prefetch_images) == (64, 3)
    assert settings.embedding_cache_mb == 512
    assert (settings.embedding_quota_gb, settings.embedding_days) == (None, None)
    assert settings.secret_key is None
    assert (settings.session_hours, settings.session_days_most) == (12.0, 30.0)
    assert (settings.sessions_per_user, settings.tokens_per_user) == (20, 50)
    assert settings.access_cache_seconds == 5.0


def test_every_setting_is_read_from_its_variable(env: pytest.MonkeyPatch) -> None:
    values = {
        "HOME": "/data/maskloop",
        "DATABASE_URL": "postgresql://ann:pw@db.example:5433/masks",
        "OBJECT_STORE_URL": "s3://bucket/prefix",
        "S3_ENDPOINT_URL": "http://minio:9000",
        "DEVICE": "cuda",
        "PRECISION": "fp32",
        "ENGINE": "pytorch",
        "WORKERS": "3",
        "WORKER_LABELS": "zone=b, maskloop/pool=propose",
        "BULK_ENCODERS": "0",
        "ENCODER_LABELS": "maskloop/pool=encode",
        "MAX_IMAGE_PIXELS": "1000",
        "MAX_IMAGE_BYTES": "2000",
        "LEASE_SECONDS": "12.5",
        "IMAGE_LEASE_MINUTES": "2.5",
        "CARD_LEASE_MINUTES": "3.5",
        "SERVER": "http://gpu1:8600",
        "TOKEN": "mlk_secret",
        "ENCODER_REPLICAS": "2",
        "DECODER_REPLICAS": "3",
        "ENCODER_REPLICAS_MOST": "4",
        "DECODER_REPLICAS_MOST": "5",
        "ENCODER_GPUS": "0.25",
        "ENCODER_BATCH": "6",
        "DECODER_THREADS": "7",
        "SERVING_QUEUE": "9",
        "EMBEDDING_CACHE_MB": "16",
        "PREFETCH_IMAGES": "0",
        "EMBEDDING_QUOTA_GB": "1.5",
        "EMBEDDING_DAYS": "30",
        "RAY_OBJECT_STORE_MB": "80",
        "RETRY_SECONDS": "0.5",
        "SECRET_KEY": "k" * 32,
        "SESSION_HOURS": "8",
        "SESSION_DAYS_MOST": "7",
        "SESSIONS_PER_USER": "3",
        "TOKENS_PER_USER": "4",
        "ACCESS_CACHE_SECONDS": "1.5",
    }
    assert {key.lower() for key in values} == set(Settings.model_fields)
    for key, value in values.items():
        env.setenv(f"MASKLOOP_{key}", value)
    settings = load_settings()
    assert settings.home == Path("/data/maskloop")
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == values["DATABASE_URL"]
    assert settings.objects == "s3://bucket/prefix"
    assert settings.s3_endpoint_url == "http://minio:9000"
    assert (settings.device, settings.precision, settings.engine) == ("cuda", "fp32", "pytorch")
    assert (settings.workers, settings.bulk_encoders) == (3, 0)
    assert settings.worker_labels == {"zone": "b", "maskloop/pool": "propose"}
    assert settings.encoder_labels == {"maskloop/pool": "encode"}
    assert (settings.max_image_pixels, settings.max_image_bytes) == (1000, 2000)
    assert (settings.lease_seconds, settings.ray_object_store_mb) == (12.5, 80)
    assert settings.retry_seconds == 0.5
    assert (settings.image_lease_minutes, settings.card_lease_minutes) == (2.5, 3.5)
    assert (settings.encoder_replicas, settings.decoder_replicas) == (2, 3)
    assert (settings.encoder_replicas_most, settings.decoder_replicas_most) == (4, 5)
    assert (settings.encoder_gpus, settings.encoder_batch, settings.decoder_threads) == (0.25, 6, 7)
    assert (settings.serving_queue, settings.prefetch_images) == (9, 0)
    assert settings.embedding_cache_mb == 16
    assert (settings.embedding_quota_gb, settings.embedding_days) == (1.5, 30.0)
    assert settings.server == "http://gpu1:8600"
    assert settings.token is not None
    assert settings.token.get_secret_value() == "mlk_secret"
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == values["SECRET_KEY"]
    assert (settings.session_hours, settings.session_days_most) == (8.0, 7.0)
    assert (settings.sessions_per_user, settings.tokens_per_user) == (3, 4)
    assert settings.access_cache_seconds == 1.5


def test_home_is_made_absolute_and_a_tilde_is_expanded(
    env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    env.chdir(tmp_path)
    env.setenv("MASKLOOP_HOME", "here")
    assert load_settings().home == tmp_path / "here"
    env.setenv("HOME", "/home/someone")
    env.setenv("MASKLOOP_HOME", "~/masks")
    assert load_settings().home == Path("/home/someone/masks")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DEVICE", "tpu"),
        ("WORKERS", "0"),
        ("WORKERS", "many"),
        ("MAX_IMAGE_PIXELS", "0"),
        ("MAX_IMAGE_BYTES", "-1"),
        ("LEASE_SECONDS", "0"),
        ("LEASE_SECONDS", "inf"),
        ("LEASE_SECONDS", "nan"),
        ("RAY_OBJECT_STORE_MB", "79"),
        ("SECRET_KEY", SECRET),
        ("SESSION_HOURS", "0"),
        ("SESSION_DAYS_MOST", "nan"),
        ("SESSIONS_PER_USER", "0"),
        ("TOKENS_PER_USER", "0"),
        ("ACCESS_CACHE_SECONDS", "31"),
        ("DATABASE_URL", f"mysql://ann:{SECRET}@host/name"),
        ("DATABASE_URL", f"ann:{SECRET}@host"),
        ("DATABASE_URL", SECRET),
    ],
)
def test_a_bad_setting_is_named_and_its_value_is_not_shown(
    env: pytest.MonkeyPatch, key: str, value: str
) -> None:
    env.setenv(f"MASKLOOP_{key}", value)
    with pytest.raises(BadSettingError) as caught:
        load_settings()
    assert caught.value.fields["name"] == f"MASKLOOP_{key}"
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_settings_never_print_the_password(env: pytest.MonkeyPatch) -> None:
    env.setenv("MASKLOOP_DATABASE_URL", f"postgresql://ann:{SECRET}@host/name")
    settings = load_settings()
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.model_dump())
    assert SECRET not in settings.model_dump_json()


def test_settings_are_frozen(env: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.workers = 2  # type: ignore[misc]
