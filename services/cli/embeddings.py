"""`maskloop embeddings …`"""

from datetime import timedelta
from typing import Annotated

import typer

from maskloop.services.cli import console
from maskloop.services.cli.options import AsJson, runtime

embeddings = typer.Typer(no_args_is_help=True, help="What encoders made and the store keeps.")

_GB = 1_000_000_000


@embeddings.command("show")
def show(as_json: AsJson = False) -> None:
    """How many embeddings there are, and how large they are together."""
    from maskloop.services.embeddings import count_embeddings

    with runtime() as opened:
        found = count_embeddings(opened)
    if as_json:
        console.write_json({"embeddings": found.embeddings, "bytes": found.bytes})
    else:
        console.say(f"{found.embeddings:,} embeddings, {found.bytes / _GB:.2f} GB")


@embeddings.command("collect")
def collect(
    quota_gb: Annotated[
        float | None, typer.Option(min=0, help="Delete the oldest until the rest is this large.")
    ] = None,
    days: Annotated[float | None, typer.Option(min=0, help="Delete those that are older.")] = None,
    as_json: AsJson = False,
) -> None:
    """Delete embeddings; images that need them again are encoded again.

    Without options by MASKLOOP_EMBEDDING_QUOTA_GB and MASKLOOP_EMBEDDING_DAYS, which `maskloop up`
    applies every hour.
    """
    from maskloop.actors.embedding_collector import Limits
    from maskloop.services.embeddings import collect_embeddings, limits_of

    with runtime() as opened:
        limits = limits_of(opened.settings)
        if quota_gb is not None or days is not None:
            limits = Limits(
                most_bytes=None if quota_gb is None else int(quota_gb * _GB),
                longest=None if days is None else timedelta(days=days),
            )
        if limits == Limits():
            raise typer.BadParameter("give --quota-gb or --days, or set their variables")
        found = collect_embeddings(opened, limits)
    if as_json:
        console.write_json({"deleted": found.deleted, "deleted_bytes": found.deleted_bytes})
    else:
        left = found.embeddings - found.deleted
        console.say(f"{found.deleted:,} deleted, {left:,} left")
