"""What a contender and its parent say to each other: JSON lines, one request, one answer.

    {"do": "encode", "photograph": "/…/coffee.npy"}  →  {"seconds": 0.31}

Imports the standard library alone, because it runs in every contender's environment. A contender
ends when its input does. What it raises ends it too, and the parent reads why in its log.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Answer = dict[str, Any]
Handler = Callable[..., Answer]
Result = TypeVar("Result")


def serve(handlers: Mapping[str, Handler]) -> None:
    """Answer until the input ends; `do` names the handler, the other keys are its arguments."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a library that prints must not break into an answer
    for line in sys.stdin:
        request = json.loads(line)
        answer = handlers[request.pop("do")](**request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def skipped(reason: str) -> Answer:
    """The answer of a contender that does not have what it was asked for."""
    return {"skipped": reason}


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Wall seconds, and what the work returned."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result
