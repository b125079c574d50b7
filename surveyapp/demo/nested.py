"""Customers of 60 branches as a file of its own: what holds within branches, what between them, and in which
branches waiting goes with less satisfaction."""

from __future__ import annotations

import random
from collections.abc import Callable

from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.results.projects.analyses import ask_project_analysis
from surveyapp.results.projects.model_texts import COVARIANCE
from surveyapp.results.projects.options import options_of
from surveyapp.results.projects.projects import ModelText, add_model
from surveyapp.results.projects.uploads import FileReading, make_file_project
from surveyapp.results.projects.variables import variables_of
from surveyapp.store.models import Journey, Project, ProjectModel
from surveyapp.tables.options import ReadOptions

NAME = "Customers within branches"
MODEL = (
    "level: 1\nservice =~ greeted + advised + settled + thanked\n"
    "level: 2\nbranch_service =~ greeted + advised + settled + thanked\n"
)
SATISFACTION = (
    "service =~ greeted + advised + settled + thanked\noverall ~ service + waited + free_counters\n"
)
Run = Callable[[int | None], None]


def upload_branches(installation: Installation, code: str, *, owner_id: int, run: Run) -> None:
    """Upload the file, fit both levels by region, free and with equal loadings and intercepts, and what goes
    with satisfaction, with slopes of waiting by branch."""
    with installation.store.writing() as session:
        journey = session.scalars(select(Journey).where(Journey.code == code)).one()
        file = installation.files.put(
            session, _rows(), name="branches.csv", media_type="application/octet-stream"
        )
        project = make_file_project(
            session,
            journey,
            file,
            FileReading(ReadOptions(), ("branch", "region")),
            name=NAME,
            months=24,
            today=installation.now().date(),
            user_id=owner_id,
        )
        number, described = project.id, project.job_id
    run(described)
    parent: int | None = None
    for name, equal, why in (
        ("Two levels by region", "", "Do customers and branches differ in the same qualities?"),
        (
            "The same in both regions",
            "loadings,intercepts",
            "Branches of the two regions can be compared if the scale is the same in both.",
        ),
    ):
        with installation.store.writing() as session:
            project = session.get_one(Project, number)
            known = variables_of(session, project, installation.library)
            chosen = {
                "estimator": "MLR",
                "missing": "fiml",
                "cluster": "branch",
                "group": "region",
                "equal": equal,
            }
            asked = ModelText(
                name, COVARIANCE, MODEL, options_of(COVARIANCE, chosen, known), reason=why
            )
            model = add_model(
                session,
                project,
                asked,
                known=known,
                parent=None if parent is None else session.get_one(ProjectModel, parent),
                user_id=owner_id,
            )
            parent, job = model.id, model.job_id
        run(job)
    run(_add_satisfaction(installation, number, owner_id=owner_id, run=run))


def _add_satisfaction(
    installation: Installation, number: int, *, owner_id: int, run: Run
) -> int | None:
    """The regression of one level, fitted, and the job of its mixed model."""
    with installation.store.writing() as session:
        project = session.get_one(Project, number)
        known = variables_of(session, project, installation.library)
        asked = ModelText(
            "Satisfaction and waiting",
            COVARIANCE,
            SATISFACTION,
            options_of(COVARIANCE, {"estimator": "MLR", "missing": "fiml"}, known),
            reason="Waiting may matter more in some branches than in others.",
        )
        model = add_model(session, project, asked, known=known, parent=None, user_id=owner_id)
        fitted, job = model.id, model.job_id
    run(job)
    with installation.store.writing() as session:
        made = ask_project_analysis(
            session,
            session.get_one(ProjectModel, fitted),
            "mixed",
            known=known,
            user_id=owner_id,
            chosen={"outcome": "overall", "cluster": "branch", "slope": "waited", "means": "apart"},
        )
        return made.job_id


def _rows() -> bytes:
    """600 customers of 60 branches in two regions, who differ as branches do; some answers are missing."""
    draw = random.Random(20260312)  # noqa: S311 - an example, no secret
    # Of its own, so that the four items are as they were.
    more_draw = random.Random(20260313)  # noqa: S311 - likewise
    lines = ["greeted,advised,settled,thanked,waited,overall,free_counters,branch,region"]
    loadings = (1.0, 0.85, 0.9, 0.75)
    for branch in range(1, 61):
        region = "North" if branch % 2 else "South"
        place = draw.gauss(0.35 if region == "South" else 0.0, 0.55)
        own = [draw.gauss(0, 0.3) for _ in loadings]
        counters = more_draw.randint(1, 5)
        slope = -0.25 + more_draw.gauss(0, 0.18)
        for _ in range(draw.randint(6, 14)):
            customer = draw.gauss(0, 0.9) + place
            cells = [
                ""
                if draw.random() < 0.04
                else str(min(7, max(1, round(4.6 + each * customer + more + draw.gauss(0, 0.6)))))
                for each, more in zip(loadings, own, strict=True)
            ]
            waited = min(30, max(0, round(more_draw.gauss(9 - counters, 3.5))))
            satisfied = 5.6 + 0.5 * customer + slope * waited + 0.1 * counters
            satisfied += more_draw.gauss(0, 0.6)
            cells += [str(waited), str(min(10, max(0, round(satisfied)))), str(counters)]
            lines.append(",".join([*cells, f"Branch {branch:02d}", region]))
    return "\n".join(lines).encode()
