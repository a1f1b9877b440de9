"""What every figure of a run is made with."""

from dataclasses import dataclass

from harness.processes import Contenders
from harness.rows import Report
from model.inputs import Inputs


@dataclass(frozen=True)
class Options:
    runs: int
    official_runs: int
    quick: bool


@dataclass(frozen=True)
class Bench:
    contenders: Contenders
    inputs: Inputs
    options: Options
    report: Report

    def points_per_side(self) -> int:
        return 4 if self.options.quick else 32
