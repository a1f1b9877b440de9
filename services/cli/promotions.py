"""`maskloop promote` and `maskloop rollback`"""

from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, Version, runtime

if TYPE_CHECKING:
    from maskloop.platform.db.promotions import Promotion

Because = Annotated[str | None, typer.Option(help="The reason, kept with the promotion.")]


def promote(
    number: Version,
    because: Because = None,
    against_gate: Annotated[
        bool,
        typer.Option(
            "--against-gate",
            help="Although the gate refuses it or was not asked; --because then says why.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Have a version serve from now on, if the gate lets it."""
    from maskloop.services.promotions import promote as promote_version
    from maskloop.services.sign_in import local_user

    with runtime() as opened:
        made = promote_version(
            opened,
            number,
            because=because,
            by=local_user(opened).id,
            against_gate=against_gate,
        )
    _tell(made, as_json=as_json)


def rollback(because: Because = None, as_json: AsJson = False) -> None:
    """Have the version serve again that did before the one that serves."""
    from maskloop.services.promotions import rollback as roll_back
    from maskloop.services.sign_in import local_user

    with runtime() as opened:
        made = roll_back(opened, because=because, by=local_user(opened).id)
    _tell(made, as_json=as_json)


def _tell(made: "Promotion", *, as_json: bool) -> None:
    if as_json:
        console.write_json(
            {
                "promotion": made.id,
                "version": made.version.id,
                "name": made.version.name,
                "because": made.because,
                "against_gate": made.against_gate,
                "gate_result": made.gate_result_id,
                "created_at": made.created_at,
            }
        )
        return
    console.say(f"Version {made.version.id}, {made.version.name}, serves now: {made.because}.")
    console.note("A platform that runs follows within seconds; jobs under way keep their version.")
