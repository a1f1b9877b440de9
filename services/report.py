"""One HTML page that shows what an autolabel job did and found. It needs no network and no server.

Size: at most `max_images` photographs of at most `report_drawing.LONG_SIDE` pixels, each with at
most `report_drawing.MAX_MASKS` outlines: 60 to 300 kB an image.
"""

import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup

from maskloop.platform.errors import BadLocationError
from maskloop.services.forecasts import NAMES, value
from maskloop.services.report_cards import make_cards
from maskloop.services.report_facts import read_facts
from maskloop.services.runtime import Runtime
from maskloop.services.units import duration

MAX_IMAGES = 200


def default_path(runtime: Runtime, job_id: int) -> Path:
    return runtime.settings.home / "reports" / f"job-{job_id}.html"


def write_report(runtime: Runtime, job_id: int, out: Path, *, max_images: int = MAX_IMAGES) -> Path:
    """Write the page to `out`, replacing an older one whole; answers `out`.

    A job may still be running: the page says as of when. Raises `NotFoundError` for a job that is
    not there, `BadLocationError` when `out` cannot be written.
    """
    facts = read_facts(runtime.engine, job_id, max_images=max_images)
    page = _template().generate(
        facts=facts,
        cards=make_cards(runtime, facts.ledger.shown),
        style=Markup(_resource("report.css")),
        script=Markup(_resource("report.js")),
    )
    try:
        _replace(out, page)
    except OSError as error:
        raise BadLocationError(str(out), error.strerror or str(error)) from error
    return out


def _replace(out: Path, parts: Iterable[str]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".report-", dir=out.parent) as folder:
        unfinished = Path(folder) / "page.html"
        with unfinished.open("w", encoding="utf-8") as file:
            file.writelines(parts)
        unfinished.replace(out)


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["duration"] = duration
    environment.globals["value"] = value
    environment.globals["names"] = NAMES
    environment.filters["moment"] = moment
    environment.filters["rate"] = rate
    environment.filters["count"] = "{:,}".format
    return environment.from_string(_resource("report.html.jinja"))


def _resource(name: str) -> str:
    return files("maskloop.services").joinpath(name).read_text(encoding="utf-8")


def rate(per_minute: float) -> str:
    """`2.47`, `31.4`, `1,204`."""
    return f"{per_minute:,.0f}" if per_minute >= 100 else f"{per_minute:.3g}"


def moment(when: datetime) -> str:
    utc = when.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y, %H:%M} UTC"
