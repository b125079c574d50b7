"""Files of somebody's own as the data of a project: kept, read otherwise, deleted in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.installation import Installation
from surveyapp.journeys.record_removals import KEPT
from surveyapp.results.projects.projects import describe_again, name_project
from surveyapp.store.audit import record
from surveyapp.store.models import File, Journey, Project, ProjectModel
from surveyapp.tables.options import ReadOptions

MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 100_000, 500, 5_000_000
MONTHS_KEPT = (3, 6, 12, 24)
_MOST_GROUPS = 50  # headings
_DAYS_A_MONTH = 30.44
_DONE = 20  # files that are deleted at a time


@dataclass(frozen=True)
class FileReading:
    """How a project's file is read: ``groups`` are headings whose values make groups; ``instrument`` is
    the questionnaire whose items columns may be named after, empty for none; ``person`` is the heading
    of the column that tells respondents with several rows apart, empty for none."""

    options: ReadOptions
    groups: Sequence[str] = ()
    instrument: str = ""
    person: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "options": self.options.to_json(),
            "groups": list(self.groups),
            "instrument": self.instrument,
            # Left out where there is none, as of readings that were stored before there was one.
            **({"person": self.person} if self.person else {}),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> FileReading:
        return cls(
            ReadOptions.from_json(document["options"]),
            tuple(document["groups"]),
            document["instrument"],
            document.get("person", ""),
        )


def headings_in(text: str) -> tuple[str, ...]:
    """The headings in a text that separates them by commas or lines. Raises Invalid for too many."""
    found = tuple(
        dict.fromkeys(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())
    )
    if len(found) > _MOST_GROUPS:
        raise Invalid(
            f"{len(found)} headings are named; use at most {_MOST_GROUPS}.", field="groups"
        )
    return found


def make_file_project(
    session: Session,
    journey: Journey,
    file: File,
    reading: FileReading,
    *,
    name: str,
    months: int,
    today: date,
    user_id: int | None,
) -> Project:
    """A project on a file, which is read and described in the worker, and deleted after ``months``.

    Raises Invalid, with the field, for a name that is empty, too long or taken, and for months that are
    not offered; Conflict for one project too many. The caller holds the journey.
    """
    named = name_project(session, journey, name)
    project = Project(
        journey_id=journey.id,
        name=named,
        file_id=file.id,
        file_name=file.name,
        file_until=_until(today, months),
        file_reading=reading.to_json(),
        created_by=user_id,
    )
    session.add(project)
    session.flush()
    _record(session, user_id, "make project", project, name=named, file=file.name, size=file.size,
            sha256=file.sha256)  # fmt: skip
    describe_again(session, project, user_id=user_id)
    return project


def read_again(
    session: Session, project: Project, reading: FileReading, *, user_id: int | None
) -> None:
    """Read the project's file in another way, and describe it anew.

    Raises NotFound for a project without a file, Conflict where models were fitted to what was read.
    """
    if project.file_id is None:
        raise NotFound("This project has no file; it may have been deleted.")
    if reading.to_json() == project.file_reading and project.file_columns is not None:
        return
    if is_fitted(session, project):
        raise Conflict(
            "Models of this project were fitted to the file as it was read; upload it to a new project"
            " to read it in another way."
        )
    project.file_reading, project.file_columns = reading.to_json(), None
    _record(session, user_id, "read project file", project, **reading.to_json())
    describe_again(session, project, user_id=user_id)


def is_fitted(session: Session, project: Project) -> bool:
    """Whether a model was fitted to the file as it is read now."""
    fitted = exists().where(ProjectModel.project_id == project.id, ProjectModel.result.is_not(None))
    return bool(session.scalar(select(fitted)))


def delete_file(
    installation: Installation, session: Session, project: Project, *, user_id: int | None
) -> None:
    """Delete the project's file for good; its models and their results stay. A second time nothing."""
    file = session.get(File, project.file_id) if project.file_id is not None else None
    if file is None:
        return
    project.file_id = None
    session.flush()
    installation.files.remove(session, file)
    _record(session, user_id, "delete project file", project, file=project.file_name)


def forget_files(installation: Installation, now: datetime) -> int:
    """Delete files whose time is over, and those of projects that were removed long ago; how many."""
    due = (
        select(Project.id)
        .where(
            Project.file_id.is_not(None),
            or_(Project.file_until <= now.date(), Project.removed_at < now - KEPT),
        )
        .limit(_DONE)
    )
    with installation.store.reading() as session:
        numbers = list(session.scalars(due))
    for number in numbers:
        with installation.store.writing() as session:
            project = session.get(Project, number, with_for_update={"of": Project})
            if project is not None:
                delete_file(installation, session, project, user_id=None)
    return len(numbers)


def _until(today: date, months: int) -> date:
    if months not in MONTHS_KEPT:
        raise Invalid(f"{months} months are not offered; choose from the list.", field="months")
    return today + timedelta(days=round(months * _DAYS_A_MONTH))


def _record(
    session: Session, user_id: int | None, action: str, project: Project, **detail: Any
) -> None:
    record(session, user_id, action, f"project {project.id}", **detail)
