"""Errors as problem+json (RFC 9457), with the codes of `platform/errors/`."""

import logging
import math
import secrets
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from maskloop.platform.errors import DatabaseUnavailableError, MaskloopError

logger = logging.getLogger(__name__)

STATUSES: Final[dict[str, HTTPStatus]] = {
    # what was asked cannot be done as asked
    "bad_prompt": HTTPStatus.UNPROCESSABLE_ENTITY,
    "bad_reference": HTTPStatus.UNPROCESSABLE_ENTITY,
    "bad_parameters": HTTPStatus.UNPROCESSABLE_ENTITY,
    "bad_name": HTTPStatus.UNPROCESSABLE_ENTITY,
    "bad_priority": HTTPStatus.UNPROCESSABLE_ENTITY,
    "bad_budget": HTTPStatus.UNPROCESSABLE_ENTITY,
    "bad_sample": HTTPStatus.UNPROCESSABLE_ENTITY,
    "budget_spent": HTTPStatus.CONFLICT,
    "bad_mask": HTTPStatus.UNPROCESSABLE_ENTITY,
    "bad_password": HTTPStatus.UNPROCESSABLE_ENTITY,
    "choice_refused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "empty_training_set": HTTPStatus.UNPROCESSABLE_ENTITY,
    "image_empty": HTTPStatus.UNPROCESSABLE_ENTITY,
    "image_unreadable": HTTPStatus.UNPROCESSABLE_ENTITY,
    "image_truncated": HTTPStatus.UNPROCESSABLE_ENTITY,
    "image_animated": HTTPStatus.UNPROCESSABLE_ENTITY,
    "image_differs": HTTPStatus.UNPROCESSABLE_ENTITY,
    "image_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "bad_host": HTTPStatus.MISDIRECTED_REQUEST,
    "idempotency_conflict": HTTPStatus.UNPROCESSABLE_ENTITY,
    "precondition_required": HTTPStatus.PRECONDITION_REQUIRED,
    # who asks
    "not_signed_in": HTTPStatus.UNAUTHORIZED,
    "nothing_to_replay": HTTPStatus.UNPROCESSABLE_ENTITY,
    "wrong_password": HTTPStatus.UNAUTHORIZED,
    "csrf_refused": HTTPStatus.FORBIDDEN,
    "foreign_origin": HTTPStatus.FORBIDDEN,
    "forbidden": HTTPStatus.FORBIDDEN,
    "not_your_annotation": HTTPStatus.FORBIDDEN,
    "too_many_attempts": HTTPStatus.TOO_MANY_REQUESTS,
    # what there is
    "not_found": HTTPStatus.NOT_FOUND,
    "already_exists": HTTPStatus.CONFLICT,
    "already_reviewed": HTTPStatus.CONFLICT,
    "annotation_conflict": HTTPStatus.CONFLICT,
    "refused_transition": HTTPStatus.CONFLICT,
    "job_busy": HTTPStatus.CONFLICT,
    "job_lease_lost": HTTPStatus.CONFLICT,
    "image_leased": HTTPStatus.CONFLICT,
    "lease_lost": HTTPStatus.CONFLICT,
    "card_lost": HTTPStatus.CONFLICT,
    "answer_shown": HTTPStatus.CONFLICT,
    "card_answered": HTTPStatus.CONFLICT,
    "queue_closed": HTTPStatus.CONFLICT,
    "no_candidates": HTTPStatus.CONFLICT,
    "wrong_job_kind": HTTPStatus.CONFLICT,
    "export_not_ready": HTTPStatus.CONFLICT,
    "training_busy": HTTPStatus.CONFLICT,
    "not_evaluated": HTTPStatus.CONFLICT,
    "gate_refused": HTTPStatus.CONFLICT,
    "nothing_to_roll_back": HTTPStatus.CONFLICT,
    "nothing_to_plant": HTTPStatus.CONFLICT,
    "last_admin": HTTPStatus.CONFLICT,
    "too_many_tokens": HTTPStatus.CONFLICT,
    "shadow_runs": HTTPStatus.CONFLICT,
    "no_threshold": HTTPStatus.CONFLICT,
    "auto_accept_on": HTTPStatus.CONFLICT,
    # what is behind it
    "image_changed": HTTPStatus.CONFLICT,
    "object_missing": HTTPStatus.CONFLICT,
    "candidates_missing": HTTPStatus.CONFLICT,
    "document_damaged": HTTPStatus.SERVICE_UNAVAILABLE,
    "serving_busy": HTTPStatus.SERVICE_UNAVAILABLE,
    "serving_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "server_busy": HTTPStatus.SERVICE_UNAVAILABLE,
    "no_version_serves": HTTPStatus.SERVICE_UNAVAILABLE,
    "database_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "store_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "pipeline_broken": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Codes that are not here are the platform's own trouble: 500."""

_RETRY_SECONDS: Final = 1.0
MEDIA_TYPE: Final = "application/problem+json"

RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "What is wrong, and what to do next",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["title", "status", "code", "detail", "retryable"],
                    "properties": {
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "code": {"type": "string", "description": "stable, for machines"},
                        "detail": {"type": "string"},
                        "retryable": {"type": "boolean"},
                        "fields": {"type": "object"},
                        "errors": {"type": "array", "items": {"type": "object"}},
                    },
                }
            }
        },
    }
}


def status_of(error: MaskloopError) -> HTTPStatus:
    return STATUSES.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    retryable: bool = False,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    content = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "code": code,
        "detail": detail,
        "retryable": retryable,
        **more,
    }
    return JSONResponse(content, int(status), headers, MEDIA_TYPE)


def problem_of(error: MaskloopError) -> JSONResponse:
    status = status_of(error)
    fields = {key: _plain(value) for key, value in error.fields.items()}
    headers = {}
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        seconds = fields.get("seconds", _RETRY_SECONDS)
        headers["Retry-After"] = str(max(1, math.ceil(float(seconds))))
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="maskloop"'
    return problem(
        status,
        error.code,
        str(error),
        retryable=error.retryable,
        headers=headers,
        fields=fields,
    )


def _plain(value: object) -> Any:
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def handle_with(app: FastAPI) -> None:
    """Every error of the application becomes a problem."""

    @app.exception_handler(MaskloopError)
    def ours(request: Request, error: MaskloopError) -> JSONResponse:
        answer = problem_of(error)
        if answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error(
                "request.failed path=%s code=%s error=%s", _path(request), error.code, error
            )
        elif isinstance(error, DatabaseUnavailableError):  # away, or it gave up a deadlock
            logger.warning("request.unavailable path=%s error=%s", _path(request), error)
        return answer

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        found = [
            {"where": [str(part) for part in one["loc"]], "what": one["msg"]}
            for one in error.errors()
        ]
        first = found[0] if found else {"where": [], "what": "it cannot be read"}
        detail = f"{'.'.join(first['where'])}: {first['what']}"
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return problem(status, "invalid_request", detail, errors=found)

    @app.exception_handler(HTTPException)
    def routed(request: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        code = status.phrase.lower().replace(" ", "_")
        headers = dict(error.headers or {})
        return problem(status, code, str(error.detail), headers=headers)

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        incident = secrets.token_hex(4)
        logger.error("request.broke path=%s incident=%s", _path(request), incident, exc_info=error)
        detail = f"Something that should not happen did (incident {incident} in the server's log)."
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", detail, incident=incident)


def _path(request: Request) -> str:
    return str(request.url.path)
