"""`maskloop shadow …`"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, runtime

if TYPE_CHECKING:
    from maskloop.platform.intervals import Interval
    from maskloop.services.shadows import ShadowView

shadow = typer.Typer(
    no_args_is_help=True,
    help="A version that decodes a share of the clicks beside the one that serves.",
)


@shadow.command("start")
def start(
    version: Annotated[int, typer.Argument(metavar="VERSION", help="The version's number.")],
    share: Annotated[float, typer.Option(help="Of the clicks, up to 1.")] = 0.2,
    as_json: AsJson = False,
) -> None:
    """Have a version decode a share of the clicks too; a running platform follows in seconds."""
    from maskloop.services import shadows
    from maskloop.services.sign_in import local_user

    with runtime() as opened:
        by = local_user(opened).id
        with opened.engine.begin() as connection:
            made = shadows.start_in(connection, version, share=share, started_by=by)
    if as_json:
        console.write_json(asdict(made))
    else:
        console.say(
            f"Version {made.version} ({made.name}) decodes {made.share:.0%} of the clicks too. "
            "See what comes of it: maskloop shadow show"
        )


@shadow.command("show")
def show(as_json: AsJson = False) -> None:
    """The shadow that runs: agreement, and win rate against what people saved."""
    from maskloop.services import shadows

    with runtime() as opened:
        found = shadows.running(opened)
        view = None if found is None else shadows.view_of_all(opened, found)
    if as_json:
        console.write_json(None if view is None else asdict(view))
    elif view is None:
        console.say("No shadow runs. Start one with: maskloop shadow start VERSION --share 0.2")
    else:
        console.table(["", ""], _rows(view))


@shadow.command("stop")
def stop(as_json: AsJson = False) -> None:
    """End the shadow that runs; its samples stay."""
    from maskloop.services import shadows

    with runtime() as opened:
        ended = shadows.stop(opened)
    if as_json:
        console.write_json(asdict(ended))
    else:
        console.say(f"Version {ended.version} ({ended.name}) is no shadow any more.")


def _rows(view: "ShadowView") -> list[tuple[str, str]]:
    found, figures = view.shadow, view.figures
    against = "" if view.champion is None else f", against version {view.champion}"
    decided = f"{figures.wins} won, {figures.losses} lost, {figures.ties} even"
    milliseconds = "" if figures.seconds is None else f"{figures.seconds * 1000:.1f} ms"
    return [
        ("version", f"{found.version} ({found.name}){against}"),
        ("since", f"{found.created_at:%Y-%m-%d %H:%M}, by {found.started_by}"),
        ("share of clicks", f"{found.share:.0%}"),
        ("samples", str(figures.samples)),
        ("agreement (IoU)", _interval(figures.agreement)),
        ("judged by what was saved", f"{figures.judged}: {decided}"),
        ("saved as the champion drew it", str(figures.untouched)),
        ("win rate", _interval(figures.win_rate)),
        ("decoding, median", milliseconds),
    ]


def _interval(interval: "Interval | None") -> str:
    if interval is None:
        return ""
    return f"{interval.mean:.3f} ({interval.low:.3f} to {interval.high:.3f})"
