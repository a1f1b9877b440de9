"""Asking the Serve application, from the API's process."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException

from maskloop.actors.app import APPLICATION, DECODER, ENCODER
from maskloop.actors.serving.calls import translated
from maskloop.actors.serving.decoder_replica import DecoderStatus
from maskloop.actors.serving.encoder_replica import EncoderStatus
from maskloop.platform.errors import MaskloopError, ServingUnavailableError
from maskloop.platform.mask_answers import (
    EmbeddingSource,
    ImageRef,
    MaskAnswer,
    MaskQuestion,
    ShadowSkipped,
)

_ANSWER_SECONDS: Final = 30.0
"""An image of any size is encoded in far less; what takes longer hangs."""
_STATUS_SECONDS: Final = 3.0
_UNREACHABLE = (MaskloopError, RayError, RayServeException, TimeoutError, RuntimeError)
"""What asking for a status ends with while the application starts, restarts or is gone."""


def _trouble() -> str:
    """Serve's message holds a trace; its last line is the error."""
    try:
        application = serve.status().applications.get(APPLICATION)
    except _UNREACHABLE as error:
        return str(error)
    if application is None:
        return ""
    messages = [application.message, *(d.message for d in application.deployments.values())]
    lines = [line for message in messages for line in message.splitlines() if "rror: " in line]
    return lines[-1].strip() if lines else ""


@dataclass(frozen=True)
class ApplicationStatus:
    """Of the replicas that answered."""

    decoders: list[DecoderStatus] = field(default_factory=list)
    encoders: list[EncoderStatus] = field(default_factory=list)
    trouble: str = ""
    """The last word of what keeps a deployment from starting, where something does."""


class ServingClient:
    """Handles are made at the first call, when the application may still be starting."""

    def __init__(self) -> None:
        self._handles: dict[str, Any] = {}

    async def masks(self, question: MaskQuestion) -> MaskAnswer:
        """Asked once more where a replica dies over it: the answer depends on nothing but the
        question. Raises what `DecoderReplica.masks` raises, and `ServingBusyError`."""
        try:
            return await self._masks(question)
        except ServingUnavailableError:
            return await self._masks(question)

    async def _masks(self, question: MaskQuestion) -> MaskAnswer:
        handle = self._handle(DECODER).options(session_id=question.image.sha256.hex())
        with translated("decoder"):
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer: MaskAnswer = await handle.masks.remote(question)
        return answer

    def warm(self, image: ImageRef) -> EmbeddingSource:
        """From a thread; returns when the image is ready for its first click."""
        handle = self._handle(DECODER).options(session_id=image.sha256.hex())
        with translated("decoder"):
            source: EmbeddingSource = handle.warm.remote(image).result(timeout_s=_ANSWER_SECONDS)
        return source

    def shadow(self, question: MaskQuestion) -> MaskAnswer | ShadowSkipped:
        """From a thread. Whatever the challenger's own code raises is a `ServingUnavailableError`
        too: nobody waits for its answer. Raises what `DecoderReplica.shadow` raises besides."""
        handle = self._handle(DECODER).options(session_id=question.image.sha256.hex())
        try:
            with translated("decoder"):
                answer: MaskAnswer | ShadowSkipped = handle.shadow.remote(question).result(
                    timeout_s=_ANSWER_SECONDS
                )
        except RayError as error:
            raise ServingUnavailableError("challenger", str(error).strip()) from error
        return answer

    def status(self) -> ApplicationStatus:
        """From a thread. What does not answer in time is left out."""
        decoders, encoders = self._ask_all(DECODER), self._ask_all(ENCODER)
        trouble = "" if decoders and encoders else _trouble()
        return ApplicationStatus(decoders, encoders, trouble)

    def _ask_all(self, name: str) -> list[Any]:
        try:
            asked = self._handle(name).broadcast("status")
            answers = asked.results(timeout_s=_STATUS_SECONDS, return_exceptions=True)
        except _UNREACHABLE:
            return []
        return [answer for answer in answers if not isinstance(answer, Exception)]

    def _handle(self, name: str) -> Any:
        if name not in self._handles:
            with translated(name.lower()):
                try:
                    self._handles[name] = serve.get_deployment_handle(name, APPLICATION)
                except KeyError as error:  # Serve's word for a deployment it does not know yet
                    raise ServingUnavailableError(name.lower(), "it is starting") from error
        return self._handles[name]
