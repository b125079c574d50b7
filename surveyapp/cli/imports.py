"""Commands for imports that have been made: list, show, remove."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from surveyapp.cli.opened import opened, progress_bar
from surveyapp.cli.outputs import finish, json_file
from surveyapp.cli.survey_option import survey_option
from surveyapp.responses import batches
from surveyapp.store.models import ImportBatch
from surveyapp.surveys.queries import survey_by_code

_JSON = click.option(
    "--json", "to", type=click.Path(path_type=Path), default=None, help="Write it here, too."
)


@click.group()
def imports() -> None:
    """Imports: what each of them stored, and their removal."""


@imports.command("list")
@survey_option("The survey whose imports are listed.")
@_JSON
def imports_list(code: str, to: Path | None) -> None:
    """List the imports of a survey, the newest first."""
    with opened() as installation, installation.store.reading() as session:
        survey = survey_by_code(session, code)
        found = batches.batches_of(session, survey.id)
        states = [batches.state_of(session, each) for each in found]
    documents = [_document(each, state) for each, state in zip(found, states, strict=True)]
    head = ("import", "file", "date", "state", "stored", "already", "rejected", "removed")
    rows = [
        (
            *(str(each.id), each.file_name or "not known", f"{each.created_at:%Y-%m-%d %H:%M}"),
            *(state, f"{each.stored:,}", f"{each.already:,}", f"{each.refused:,}"),
            f"{each.removed:,}",
        )
        for each, state in zip(found, states, strict=True)
    ]
    said = [] if rows else [f"Nothing has been imported to {code}."]
    finish([(f"Imports to {code}", head, rows)] if rows else [], said, json_file(to, documents))


@imports.command("show")
@click.argument("number", type=int)
@_JSON
def imports_show(number: int, to: Path | None) -> None:
    """Show import NUMBER: its file, its options, what it stored."""
    with opened() as installation, installation.store.reading() as session:
        batch = batches.batch_of(session, None, number)
        document = _document(batch, batches.state_of(session, batch))
        document["responses_left"] = batches.left_in(session, number)
        document["choices"] = batch.choices
        document["notes"] = batch.notes
    said = [f"{name}: {value}" for name, value in document.items() if name != "notes"]
    finish([], [*said, *(f"Note: {note}" for note in batch.notes)], json_file(to, document))


@imports.command("remove")
@click.argument("number", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
def imports_remove(number: int, yes: bool) -> None:
    """Remove the responses of import NUMBER, with scores, results, runs and notes about them."""
    with opened() as installation:
        with installation.store.reading() as session:
            batch = batches.batch_of(session, None, number)
            left = batches.left_in(session, number)
        if not yes:
            named = f" of {batch.file_name}" if batch.file_name else ""
            click.confirm(
                f"Remove {left:,} responses{named} for good, with all that was made of them?",
                abort=True,
            )
        with installation.store.writing() as session:
            batches.begin_removal(session, number, user_id=None, now=installation.now())
        with progress_bar("Removing") as progress:
            removed = batches.remove_batch(installation, number, progress=progress)
    click.echo(f"Import {number} is removed: {removed:,} responses.")


def _document(batch: ImportBatch, state: str) -> dict[str, Any]:
    return {
        "import": batch.id,
        "file": batch.file_name,
        "created_at": batch.created_at.isoformat(timespec="seconds"),
        "state": state,
        "rows": batch.count_in,
        "stored": batch.stored,
        "already_stored": batch.already,
        "corrected": batch.corrected,
        "rejected": batch.refused,
        "removed": batch.removed,
        "first_month": f"{batch.first_at:%Y-%m}" if batch.first_at else None,
        "last_month": f"{batch.last_at:%Y-%m}" if batch.last_at else None,
        "wordings": batch.wordings,
    }
