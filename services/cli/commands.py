"""All commands, in the order in which people meet them."""

import typer

from maskloop.services.cli import (
    autolabel,
    doctor,
    embeddings,
    export,
    jobs,
    models,
    people,
    platform_up,
    predict,
    projects,
    report,
    segment,
)


def add_to(app: typer.Typer) -> None:
    app.command()(platform_up.demo)
    app.command()(platform_up.up)
    app.command()(doctor.doctor)
    app.add_typer(models.model, name="model")
    app.command("models")(models.models)
    app.command()(segment.segment)
    app.command()(predict.predict)
    app.add_typer(projects.project, name="project")
    app.add_typer(projects.images, name="images")
    app.add_typer(people.user, name="user")
    app.add_typer(people.member, name="member")
    app.add_typer(people.token, name="token")
    app.command()(autolabel.autolabel)
    app.add_typer(jobs.jobs, name="jobs")
    app.command()(report.report)
    app.add_typer(embeddings.embeddings, name="embeddings")
    app.command()(export.export)
