"""Customers asked before and after a change as a file of its own: do the items still mean the same?"""

from __future__ import annotations

import random
from bisect import bisect
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

NAME = "Customers asked twice"
MODEL = "clarity =~ found + understood + complete + minutes\n"
_ORDINAL = ("found", "understood", "complete")
_CUTS = (-1.4, -0.5, 0.3, 1.2)
Run = Callable[[int | None], None]


def upload_panel(installation: Installation, code: str, *, owner_id: int, run: Run) -> None:
    """Upload the file, fit ordinal items beside a number with errors by branch, and compare the waves."""
    with installation.store.writing() as session:
        journey = session.scalars(select(Journey).where(Journey.code == code)).one()
        file = installation.files.put(
            session, _rows(), name="asked twice.csv", media_type="application/octet-stream"
        )
        project = make_file_project(
            session,
            journey,
            file,
            FileReading(ReadOptions(), ("wave", "branch"), person="customer"),
            name=NAME,
            months=24,
            today=installation.now().date(),
            user_id=owner_id,
        )
        number, described = project.id, project.job_id
    run(described)
    with installation.store.writing() as session:
        project = session.get_one(Project, number)
        known = variables_of(session, project, installation.library)
        chosen = {
            "estimator": "WLSMV",
            "ordered": ", ".join(_ORDINAL),
            "missing": "pairwise",
            "cluster": "branch",
        }
        options = options_of(COVARIANCE, chosen, known)
        why = "Answers have five points, the time is a number, and customers of a branch are alike."
        asked = ModelText("Clarity of the letter", COVARIANCE, MODEL, options, reason=why)
        model = add_model(session, project, asked, known=known, parent=None, user_id=owner_id)
        fitted, job = model.id, model.job_id
    run(job)
    with installation.store.writing() as session:
        made = ask_project_analysis(
            session,
            session.get_one(ProjectModel, fitted),
            "longitudinal",
            known=known,
            user_id=owner_id,
            chosen={"wave": "wave"},
        )
        job = made.job_id
    run(job)


def _rows() -> bytes:
    """260 customers of 40 branches before and after a letter was rewritten, 40 of them only before. It is
    clearer, and one item is answered higher for no reason of clarity's.
    """
    draw = random.Random(20260313)  # noqa: S311 - an example, no secret
    lines = ["customer,wave,found,understood,complete,minutes,branch"]
    branches = [draw.gauss(0, 0.4) for _ in range(40)]
    for customer in range(1, 261):
        branch = draw.randrange(len(branches))
        clarity = draw.gauss(0, 0.9) + branches[branch]
        own = [draw.gauss(0, 0.35) for _ in range(4)]
        for wave in (1, 2):
            if wave == 2:
                if customer > 220:
                    continue
                clarity = 0.75 * clarity + draw.gauss(0.35, 0.6)
            behind = [
                slope * clarity + each + draw.gauss(0, 0.6)
                for slope, each in zip((1.0, 0.9, 0.8, 0.85), own, strict=True)
            ]
            behind[2] += 0.5 * (wave == 2)
            points = [str(bisect(_CUTS, each) + 1) for each in behind[:3]]
            cells = [f"K{customer:03d}", f"{wave}", *points, f"{10 + 2 * behind[3]:.1f}"]
            lines.append(",".join([*cells, f"Branch {branch + 1:02d}"]))
    return "\n".join(lines).encode()
