"""Contenders as child processes: started when first asked, one at work at a time, always ended."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent.parent
GRACE_SECONDS = 10
Answer = dict[str, Any]


class SkippedError(Exception):
    """A contender cannot do this here; the message is the reason, which the table repeats."""


class ContenderFailedError(Exception):
    """A contender ended although it should have answered."""


class Contender:
    """One process of `contenders/<module>.py`; what it says on stderr goes to `log`."""

    def __init__(self, module: str, *, python: Path, log: Path, threads: int) -> None:
        self.module = module
        self._log = log
        limits = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        with log.open("w") as said:
            self._process = subprocess.Popen(
                [str(python), "-m", f"contenders.{module}"],
                cwd=HERE,
                env=os.environ | dict.fromkeys(limits, str(threads)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def ask(self, request: Mapping[str, Any]) -> Answer:
        """Raises `SkippedError` or `ContenderFailedError`."""
        requests, answers = self._process.stdin, self._process.stdout
        if requests is None or answers is None:
            raise ContenderFailedError(f"{self.module} has no pipes")
        try:
            requests.write(json.dumps(request) + "\n")
            requests.flush()
            line = answers.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ContenderFailedError(f"{self.module} ended: {last_line(self._log)}")
        answer: Answer = json.loads(line)
        if "skipped" in answer:
            raise SkippedError(answer["skipped"])
        return answer

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        """It ends by itself when its input does, unless it is in the middle of something."""
        try:
            self._process.communicate(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.communicate()


class Contenders:
    """All of a run, by module; leaving the block ends them. `loads`: the first request of each."""

    def __init__(
        self, loads: Mapping[str, Answer], *, peer_python: Path, logs: Path, threads: int
    ) -> None:
        self._loads = loads
        self._peer_python = peer_python
        self._logs = logs
        self._threads = threads
        self._running: dict[str, Contender] = {}
        self._missing: dict[str, str] = {}
        self.facts: dict[str, Answer] = {}

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:  # nobody waits for what is under way
            for contender in self._running.values():
                contender.kill()
        for contender in self._running.values():
            contender.end()

    def get(self, module: str) -> Contender:
        """Raises `SkippedError` for the official package when its environment lacks something."""
        if module in self._missing:
            raise SkippedError(self._missing[module])
        if module not in self._running:
            self._running[module] = self._started(module, module)
        return self._running[module]

    def start_another(self, module: str, name: str) -> Contender:
        """A fresh process beside the one that is there, for what a process can do only once."""
        self.end(name)
        self._running[name] = self._started(module, name)
        return self._running[name]

    def end(self, name: str) -> None:
        if name in self._running:
            self._running.pop(name).end()

    def _started(self, module: str, name: str) -> Contender:
        official = module == "official"
        python = self._peer_python if official else Path(sys.executable)
        log = self._logs / f"{name}.log"
        if official and not python.exists():
            self._skip(module, f"there is no .venv-peer ({self._installing()})")
        contender = Contender(module, python=python, log=log, threads=self._threads)
        try:
            self.facts[name] = contender.ask({"do": "load"} | self._loads[module])
        except ContenderFailedError as error:
            contender.end()
            if not official:
                raise
            self._skip(
                module, f"the official package does not start: {error} ({self._installing()})"
            )
        except BaseException:
            contender.end()
            raise
        return contender

    def _installing(self) -> str:
        return f"installing it: {last_line(self._logs / 'peer.log')}"

    def _skip(self, module: str, reason: str) -> None:
        self._missing[module] = reason
        raise SkippedError(reason)


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1][:300] if lines else "no log says why"
