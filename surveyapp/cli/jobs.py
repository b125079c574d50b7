"""Commands about jobs: what waits, runs and failed, and what to do about it."""

from __future__ import annotations

import json
from typing import Any

import click
from sqlalchemy.orm import Session

from surveyapp.cli.opened import opened
from surveyapp.errors import NotFound
from surveyapp.store.models import Job

_STATES = ("waiting", "running", "done", "failed")


@click.group()
def jobs() -> None:
    """Jobs: analyses, reports, imports and recounts that workers do."""


@jobs.command("list")
@click.option("--state", type=click.Choice(_STATES), multiple=True, help="Only these; repeatable.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, for programs.")
def jobs_list(state: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List the newest jobs."""
    from sqlalchemy import select

    from surveyapp.jobs.kinds import title_of

    query = select(Job).order_by(Job.id.desc()).limit(limit)
    if state:
        query = query.where(Job.state.in_(state))
    with opened() as installation, installation.store.reading() as session:
        rows: list[dict[str, Any]] = [
            {
                "id": job.id,
                "kind": job.kind,
                "title": title_of(job.kind),
                "state": job.state,
                "percent": job.percent,
                "attempts": job.attempts,
                "asked_at": job.created_at.isoformat(timespec="seconds"),
                "error": job.error,
            }
            for job in session.scalars(query)
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not rows:
        click.echo("There are no such jobs." if state else "There are no jobs.")
    for row in rows:
        far = f" {row['percent']}%" if row["state"] == "running" else ""
        why = f": {row['error']}" if row["error"] else ""
        click.echo(
            f"{row['id']:>6}  {row['asked_at'][:16]}  {row['state']}{far}  {row['title']}{why}"
        )


@jobs.command("cancel")
@click.argument("job_id", type=int)
def jobs_cancel(job_id: int) -> None:
    """End a job: at once where it waits, at its next step where a worker has begun it."""
    from surveyapp.jobs.kinds import KINDS, title_of
    from surveyapp.store import queue
    from surveyapp.store.audit import record

    with opened() as installation, installation.store.writing() as session:
        job = _job(session, job_id)
        title = title_of(job.kind)
        if job.kind in KINDS and not KINDS[job.kind].can_be_cancelled:
            raise click.ClickException(
                f"{title} cannot be cancelled: half done is worse than not begun."
            )
        if not queue.stop(session, job_id, "Cancelled by a command."):
            raise click.ClickException(f"Job {job_id} has ended already ({job.state}).")
        record(session, None, "cancel job", f"job {job_id}")
    click.echo(f"Job {job_id} ({title}) is cancelled.")


@jobs.command("retry")
@click.argument("job_id", type=int)
def jobs_retry(job_id: int) -> None:
    """Let a failed job wait for a worker once more."""
    from surveyapp.jobs.kinds import IMPORT_RESPONSES, PREVIEW_IMPORT, title_of
    from surveyapp.store import queue
    from surveyapp.store.audit import record

    with opened() as installation, installation.store.writing() as session:
        job = _job(session, job_id)
        title = title_of(job.kind)
        if job.kind in {IMPORT_RESPONSES.name, PREVIEW_IMPORT.name}:  # its file is gone
            raise click.ClickException(f"{title} is not done twice: import the file again.")
        if not queue.retry(session, job_id):
            raise click.ClickException(f"Job {job_id} has not failed: it is {job.state}.")
        record(session, None, "retry job", f"job {job_id}")
    click.echo(f"Job {job_id} ({title}) waits for a worker.")


def _job(session: Session, job_id: int) -> Job:
    job = session.get(Job, job_id)
    if job is None:
        raise NotFound(f"There is no job {job_id}: surveyapp jobs list.")
    return job
