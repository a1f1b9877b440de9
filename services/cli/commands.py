"""All commands, in the order in which people meet them."""

import typer

from maskloop.services.cli import (
    audit,
    auto_accept,
    autolabel,
    checks,
    database,
    doctor,
    doubts,
    embeddings,
    evaluation,
    export,
    folds,
    jobs,
    models,
    people,
    plan,
    platform_up,
    predict,
    projects,
    promotions,
    provenance,
    quality,
    queues,
    report,
    segment,
    shadow,
    training,
    training_sets,
)


def add_to(app: typer.Typer) -> None:
    app.command()(platform_up.demo)
    app.command()(platform_up.up)
    app.command()(doctor.doctor)
    app.add_typer(models.model, name="model")
    app.add_typer(models.models, name="models")
    app.command()(evaluation.evaluate)
    app.command()(promotions.promote)
    app.command()(promotions.rollback)
    app.command()(segment.segment)
    app.command()(predict.predict)
    app.add_typer(projects.project, name="project")
    app.add_typer(projects.images, name="images")
    app.add_typer(people.user, name="user")
    app.add_typer(people.member, name="member")
    app.add_typer(people.token, name="token")
    app.command()(autolabel.autolabel)
    app.command()(plan.plan)
    app.command()(training.train)
    app.add_typer(jobs.jobs, name="jobs")
    app.command()(report.report)
    app.command()(provenance.provenance)
    app.command()(provenance.replay)
    app.command()(quality.quality)
    app.command()(audit.audit)
    app.command()(doubts.doubts)
    app.add_typer(auto_accept.auto_accept, name="auto-accept")
    app.add_typer(queues.queues, name="queues")
    app.add_typer(checks.checks, name="checks")
    app.add_typer(folds.folds, name="folds")
    app.add_typer(shadow.shadow, name="shadow")
    app.add_typer(embeddings.embeddings, name="embeddings")
    app.add_typer(database.database, name="database")
    app.command()(export.export)
    app.add_typer(training_sets.training_set, name="training-set")
