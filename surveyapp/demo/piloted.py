"""A pilot of a new scale as a file of its own: read, taken through steps, and a model with products."""

from __future__ import annotations

import random
from collections.abc import Callable

from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.results.projects.analyses import ask_project_analysis
from surveyapp.results.projects.model_texts import COMPOSITE
from surveyapp.results.projects.options import options_of
from surveyapp.results.projects.projects import ModelText, add_model, add_step
from surveyapp.results.projects.step_kinds import StepKind
from surveyapp.results.projects.uploads import FileReading, make_file_project
from surveyapp.results.projects.variables import variables_of
from surveyapp.store.models import Journey, Project, ProjectModel
from surveyapp.tables.options import ReadOptions

NAME = "Pilot of the waiting scale"
MODEL = (
    "wait <~ wait1 + wait2 + wait3\ncare =~ care1 + care2 + care3\nback =~ back1 + back2\n"
    "back ~ wait + care + wait:care\n"
)
Run = Callable[[int | None], None]
_HEAD = (
    *("row", "wait1", "wait2", "wait3", "wait_all", "care1", "care2", "care3"),
    *("back1", "back2", "branch", "arm"),
)


def upload_pilot(installation: Installation, code: str, *, owner_id: int, run: Run) -> None:
    """Upload the file, leave out careless respondents, and fit how waiting goes with coming back."""
    with installation.store.writing() as session:
        journey = session.scalars(select(Journey).where(Journey.code == code)).one()
        file = installation.files.put(
            session, _rows(), name="waiting pilot.csv", media_type="application/octet-stream"
        )
        project = make_file_project(
            session,
            journey,
            file,
            FileReading(ReadOptions(missing=("-99",)), ("arm",)),
            name=NAME,
            months=24,
            today=installation.now().date(),
            user_id=owner_id,
        )
        number, described = project.id, project.job_id
    run(described)
    with installation.store.writing() as session:
        project = session.get_one(Project, number)
        why = "As planned before the pilot."
        add_step(session, project, StepKind.CARELESS, {}, reason=why, user_id=owner_id)
        described = project.job_id
    run(described)
    with installation.store.writing() as session:
        project = session.get_one(Project, number)
        known = variables_of(session, project, installation.library)
        options = options_of(COMPOSITE, {"bootstrap": 500}, known)
        why = "Waiting should matter less to customers who felt cared for."
        asked = ModelText("Waiting, care and return", COMPOSITE, MODEL, options, reason=why)
        model = add_model(session, project, asked, known=known, parent=None, user_id=owner_id)
        fitted, job = model.id, model.job_id
    run(job)
    for kind, chosen in (
        ("slopes", {}),
        ("redundancy", {"construct": "wait", "item": "wait_all"}),
        ("necessity", {"outcome": "back"}),
        ("importance", {"outcome": "back", "level": "60"}),
        ("copula", {}),
        ("multiverse", {"parameter": "back ~ wait"}),
    ):
        with installation.store.writing() as session:
            made = ask_project_analysis(
                session,
                session.get_one(ProjectModel, fitted),
                kind,
                known=known,
                user_id=owner_id,
                chosen=chosen,
            )
            job = made.job_id
        run(job)


def _rows() -> bytes:
    """200 answers of a population in which care halves what waiting does, some of them missing."""
    draw = random.Random(20260311)  # noqa: S311 - an example, no secret
    lines = [";".join(_HEAD)]

    def point(value: float) -> int:
        return min(7, max(1, round(4.4 + 1.1 * value)))

    for row in range(1, 201):
        wait, care = draw.gauss(0, 1), draw.gauss(0, 1)
        back = 0.45 * wait + 0.35 * care - 0.25 * wait * care + draw.gauss(0, 0.7)
        items = [point(0.8 * wait + draw.gauss(0, 0.6)) for _ in range(4)]
        items += [point(0.85 * care + draw.gauss(0, 0.5)) for _ in range(3)]
        items += [point(0.9 * back + draw.gauss(0, 0.4)) for _ in range(2)]
        cells = [str(-99 if draw.random() < 0.01 else each) for each in items]
        if row % 50 == 0:  # who answered everything alike
            cells = ["4"] * len(items)
        lines.append(
            ";".join([str(row), *cells, draw.choice(("North", "South")), str(row % 2 + 1)])
        )
    return "\n".join(lines).encode()
