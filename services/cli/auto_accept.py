"""`maskloop auto-accept …`"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, ProjectName, runtime

if TYPE_CHECKING:
    from maskloop.services.auto_accept_offers import Offer
    from maskloop.services.auto_accepts import AutoAcceptView
    from maskloop.services.runtime import Runtime

auto_accept = typer.Typer(
    no_args_is_help=True, help="Proposals accepted unseen, from a score that audits have shown."
)
Precision = Annotated[float, typer.Option(help="Share of the accepted ones that must be right.")]
Confidence = Annotated[float, typer.Option(help="How sure of that the audits must make.")]
AuditShare = Annotated[
    float, typer.Option(help="Share that people go on to judge, so that the evidence goes on.")
]
Category = Annotated[str | None, typer.Option(help="That is given to what is accepted; its name.")]
VersionOption = Annotated[
    int | None, typer.Option("--version", help="Of which model version; else the one that serves.")
]


@auto_accept.command("show")
def show(
    project_name: ProjectName,
    category: Category = None,
    version: VersionOption = None,
    wanted_precision: Precision = 0.95,
    confidence: Confidence = 0.95,
    audit_share: AuditShare = 0.1,
    as_json: AsJson = False,
) -> None:
    """The threshold that the audits allow, or why there is none yet, and what it would save."""
    from maskloop.services import auto_accepts
    from maskloop.services.auto_accept_offers import Terms
    from maskloop.services.projects import find_project

    terms = Terms(wanted_precision, confidence, audit_share)
    with runtime() as opened:
        project_id = find_project(opened, project_name).id
        category_id = None
        if category is not None:
            category_id = _category(opened, project_id, category)
        offer = auto_accepts.offer(
            opened, project_id, terms, category_id=category_id, model_version_id=version
        )
        past = auto_accepts.page(opened, project_id, limit=10)
    if as_json:
        found = {"hours_saved": offer.hours_saved, **asdict(offer)}
        console.write_json({"offer": found, "auto_accepts": [asdict(view) for view in past]})
        return
    console.table(["", ""], _offered(offer))
    if past:
        console.table(
            ["auto-accept", "version", "category", "from", "accepted", "state"],
            [_row(view) for view in past],
        )


@auto_accept.command("on")
def on(
    project_name: ProjectName,
    category: Annotated[str, typer.Option(help="That is given to what is accepted; its name.")],
    version: VersionOption = None,
    wanted_precision: Precision = 0.95,
    confidence: Confidence = 0.95,
    audit_share: AuditShare = 0.1,
    as_json: AsJson = False,
) -> None:
    """Accept what waits above the threshold, and what jobs propose from now on."""
    from maskloop.services import auto_accepts
    from maskloop.services.auto_accept_offers import Terms
    from maskloop.services.projects import find_project
    from maskloop.services.sign_in import local_user

    terms = Terms(wanted_precision, confidence, audit_share)
    with runtime() as opened:
        project_id = find_project(opened, project_name).id
        category_id = _category(opened, project_id, category)
        with opened.engine.begin() as connection:
            made = auto_accepts.switch_on_in(
                connection,
                project_id,
                terms,
                category_id=category_id,
                model_version_id=version,
                by=local_user(opened).id,
            )
        accepted = auto_accepts.catch_up(opened, made)
    if as_json:
        console.write_json({"auto_accept": asdict(made), "accepted": accepted})
    else:
        console.say(
            f"Auto-accept {made.id}: {accepted} proposals of version {made.model_version_id} from "
            f"{made.threshold:.3f} on are {made.category} now. It is revoked when audits disagree."
        )


@auto_accept.command("off")
def off(
    project_name: ProjectName,
    auto_accept_id: Annotated[int, typer.Argument(metavar="AUTO_ACCEPT", help="Its number.")],
    back: Annotated[
        bool, typer.Option("--take-back", help="Put what it accepted back before people.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Accept nothing more by it; what it accepted stays, unless it is taken back."""
    from maskloop.services import auto_accepts
    from maskloop.services.projects import find_project
    from maskloop.services.sign_in import local_user

    taken = 0
    with runtime() as opened:
        project_id, by = find_project(opened, project_name).id, local_user(opened).id
        if back:
            taken = auto_accepts.take_back(opened, project_id, auto_accept_id, by=by)
        else:
            auto_accepts.switch_off(opened, project_id, auto_accept_id, by=by)
        left = auto_accepts.get(opened, project_id, auto_accept_id).accepted
    if as_json:
        console.write_json({"auto_accept": auto_accept_id, "taken_back": taken, "kept": left})
    else:
        console.say(f"Auto-accept {auto_accept_id} is off: {taken} taken back, {left} stay.")


def _category(opened: "Runtime", project_id: int, name: str) -> int:
    from maskloop.services.projects import category_by_name

    return category_by_name(opened, project_id, name).id


def _offered(offer: "Offer") -> list[tuple[str, str]]:
    version = offer.model_version
    rows = [
        ("version", f"{version.id} ({version.name})"),
        ("category", "" if offer.category is None else offer.category.name),
        ("audits", f"{offer.audits}, of which {offer.right} would have been right to accept"),
        ("threshold", "none yet" if offer.threshold is None else f"{offer.threshold:.3f}"),
        ("because", offer.because),
    ]
    if offer.expected_error is None or offer.most_error is None:
        return rows
    error = f"{offer.expected_error:.1%} expected, {offer.most_error:.1%} at most"
    left = f"{offer.would_accept} proposals; {offer.left_for_audits} more stay for audits"
    return [*rows, ("error", error), ("would accept", left), ("saves", _hours(offer))]


def _hours(offer: "Offer") -> str:
    if offer.hours_saved is None:
        return ""
    return f"{offer.hours_saved:.1f} hours, at {offer.median_seconds:.1f} s a proposal"


def _row(view: "AutoAcceptView") -> tuple[object, ...]:
    found = view.auto_accept
    state = "on" if found.revoked_because is None else f"off: {found.revoked_because}"
    threshold = f"{found.threshold:.3f}"
    return found.id, found.model_version_id, found.category, threshold, view.accepted, state
