"""Settings to a choice of device, precision, engine and threads. This machine has no GPU or may."""

import subprocess
import sys

import pytest
import torch

from maskloop.actors.sam.compute import Compute, compute_of, settle_threads
from maskloop.platform.errors import BadSettingError
from maskloop.platform.settings import Settings, cores

WITHOUT_OPENVINO = """
import sys
from importlib.machinery import PathFinder

class WithoutOpenVino(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        found = name.partition(".")[0] == "openvino"
        return None if found else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutOpenVino
from maskloop.actors.sam import decoder, encoder
from maskloop.actors.sam.compute import compute_of
from maskloop.platform.errors import BadSettingError
from maskloop.platform.settings import Settings

print(compute_of(Settings(device="cpu", precision="fp32"), threads=2))
try:
    compute_of(Settings(device="cpu", engine="openvino"))
except BadSettingError as error:
    print(error)
assert "openvino" not in sys.modules
"""


def multiplies_bf16() -> bool:
    found = torch.cpu.get_capabilities()
    return any(found.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


@pytest.mark.parametrize(
    ("engine", "expected"),
    [("auto", "openvino"), ("openvino", "openvino"), ("pytorch", "pytorch")],
)
@pytest.mark.parametrize("precision", ["auto", "fp32", "bf16"])
def test_a_processor_computes_with_openvino_unless_pytorch_is_wanted(
    engine: str, expected: str, precision: str
) -> None:
    settings = Settings.model_validate({"device": "cpu", "engine": engine, "precision": precision})
    automatic = "bf16" if multiplies_bf16() else "fp32"
    wanted = automatic if precision == "auto" else precision
    assert compute_of(settings, threads=3) == Compute("cpu", wanted, expected, 3)  # type: ignore[arg-type]


def test_all_cores_are_used_unless_a_number_is_given() -> None:
    assert compute_of(Settings(device="cpu")).threads == cores()


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_named(device: str) -> None:
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if there[device]:
        pytest.skip(f"this machine has {device}")
    with pytest.raises(BadSettingError) as caught:
        compute_of(Settings.model_validate({"device": device}))
    assert str(caught.value) == (
        f"The setting MASKLOOP_DEVICE cannot be used: this PyTorch finds no {device} device; set "
        "it to auto, or install another build."
    )


def test_a_machine_without_gpu_computes_on_the_processor() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has cuda")
    assert compute_of(Settings()).device == "cpu"


def test_without_openvino_auto_is_pytorch_and_asking_for_openvino_is_an_error() -> None:
    command = [sys.executable, "-c", WITHOUT_OPENVINO]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "Compute(device='cpu', precision='fp32', engine='pytorch', threads=2)",
        "The setting MASKLOOP_ENGINE cannot be used: OpenVINO cannot be used: install it.",
    ]


@pytest.mark.parametrize(("engine", "expected"), [("openvino", 1), ("pytorch", 3)])
def test_pytorch_has_threads_of_its_own_only_where_it_computes(engine: str, expected: int) -> None:
    before = torch.get_num_threads()
    try:
        settle_threads(Compute("cpu", "fp32", engine, 3))  # type: ignore[arg-type]
        assert torch.get_num_threads() == expected
    finally:
        torch.set_num_threads(before)
