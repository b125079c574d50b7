"""Commands about the counts that dashboards read."""

from __future__ import annotations

import sys

import click

from surveyapp.cli.opened import opened, progress_bar
from surveyapp.errors import SurveyappError

_MOST_SHOWN = 20
_WORKER = "command line"


@click.group()
def rollups() -> None:
    """Counts that dashboards read: whether they equal what is stored, and making them anew."""


@rollups.command("check")
def rollups_check() -> None:
    """Count every response, invitation and decision and compare; exit status 1 where anything differs."""
    from surveyapp.responses.rollups import recount
    from surveyapp.sampling.decision_rollups import DECISIONS
    from surveyapp.sampling.invitation_rollups import INVITATIONS

    with opened() as installation, installation.store.reading() as session:
        faults = recount(session) + INVITATIONS.recount(session) + DECISIONS.recount(session)
    for fault in faults[:_MOST_SHOWN]:
        click.echo(fault)
    if len(faults) > _MOST_SHOWN:
        click.echo(f"and {len(faults) - _MOST_SHOWN:,} more")
    if faults:
        click.echo(f"{len(faults):,} counts differ from what is stored: surveyapp rollups rebuild.")
        sys.exit(1)
    click.echo("All counts equal what is stored.")


@rollups.command("rebuild")
@click.option(
    "--journey", "code", default=None, metavar="CODE", help="Of this journey; all if omitted."
)
def rollups_rebuild(code: str | None) -> None:
    """Count all responses, invitations and decisions anew; pages show the present counts of responses,
    and count the others themselves, until the new ones are complete.
    """
    from sqlalchemy import select

    from surveyapp.journeys.queries import journey_by_code
    from surveyapp.journeys.zone_actions import count_anew
    from surveyapp.sampling.decision_rollups import DECISIONS
    from surveyapp.sampling.invitation_rollups import INVITATIONS
    from surveyapp.store.models import Job, Journey
    from surveyapp.worker import run_now

    with opened() as installation:
        with installation.store.writing() as session:
            if code is None:
                journeys = list(session.scalars(select(Journey).order_by(Journey.id)))
            else:
                journeys = [journey_by_code(session, code)]
            numbers = [each.id for each in journeys]
            asked = [(each.name, count_anew(session, each, user_id=None).id) for each in journeys]
        for name, job_id in asked:
            try:
                with progress_bar(name) as progress:
                    run_now(installation, job_id, worker=_WORKER, shown=progress)
            except SurveyappError:
                with installation.store.reading() as session:
                    state = session.get_one(Job, job_id).state
                if state != "running":
                    raise
                click.echo(f"{name}: a worker is counting (job {job_id}).")
                continue
            with installation.store.reading() as session:
                result = session.get_one(Job, job_id).result or {}
            click.echo(f"{name}: {result['responses']:,} responses counted.")
        if asked:
            for counted, word in ((INVITATIONS, "invitation"), (DECISIONS, "decision")):
                n = counted.count_anew(installation.store, numbers)
                click.echo(f"{n:,} {word if n == 1 else f'{word}s'} counted.")
    if not asked:
        click.echo("There is no journey yet.")
