"""A program: the server of the browser tests as a process that can be killed. Ends with its stdin.

python serve.py PORT WEIGHTS
"""

import sys
from pathlib import Path

from maskloop.actors.sam.compute import Compute
from maskloop.actors.sam.weights import WeightsFolder
from maskloop.platform.settings import Settings, cores
from maskloop.services.api.context import make_context
from maskloop.services.api.server import running
from maskloop.services.runtime import open_runtime
from maskloop.ui.pages import mount
from sites.site import InProcess, load_model


def main(port: str, weights: str) -> None:
    model = load_model(WeightsFolder(Path(weights)), Compute("cpu", "fp32", "openvino", cores()))
    with open_runtime(Settings()) as runtime:
        context = make_context(runtime, InProcess(runtime, model), host="127.0.0.1")
        with running(context, port=int(port), pages=[mount]):
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
