"""A researcher's project on the first journey's scale: its plan, three models of its structure, and
why each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.results.preregistrations.departures import departures, give_reason
from surveyapp.results.preregistrations.preregistrations import freeze, plan_model, save_draft
from surveyapp.results.projects.analyses import ask_project_analysis
from surveyapp.results.projects.model_texts import COVARIANCE, with_line
from surveyapp.results.projects.options import options_of
from surveyapp.results.projects.phrases import proposals
from surveyapp.results.projects.projects import (
    ModelText,
    add_model,
    add_step,
    describe_again,
    make_project,
)
from surveyapp.results.projects.step_kinds import StepKind
from surveyapp.results.projects.variables import Variables, variables_of
from surveyapp.store.models import Journey, Project, ProjectModel, SurveyRow

NAME = "Structure of the journey scale"
Run = Callable[[int | None], None]


def model_scale(installation: Installation, code: str, *, owner_id: int, run: Run) -> None:
    """Fit the scale's own factors, one factor, and what the first result suggests; ``run`` runs a job."""
    with installation.store.writing() as session:
        journey = session.scalars(select(Journey).where(Journey.code == code)).one()
        end = select(SurveyRow.id).where(
            SurveyRow.journey_id == journey.id, SurveyRow.touchpoint_id.is_(None)
        )
        project = make_project(
            session,
            journey,
            name=NAME,
            survey_id=session.scalars(end).first(),
            segment_id=None,
            without_flagged=False,
            closed=True,
            user_id=owner_id,
        )
        known = variables_of(session, project, installation.library)
        number = project.id
    text = max(known.models.values(), key=lambda each: each.count("\n"))
    items = [
        item.strip() for line in text.splitlines() for item in line.partition("=~")[2].split("+")
    ]
    _registered(installation, number, text, items, known, owner_id)
    with installation.store.writing() as session:
        describe_again(session, session.get_one(Project, number), user_id=owner_id)
        described = session.get_one(Project, number).job_id
    run(described)

    def fit(
        name: str,
        text: str,
        reason: str,
        change: str = "",
        of: int | None = None,
        estimator: str = "MLR",
    ) -> int:
        with installation.store.writing() as session:
            options = _options(known, estimator)
            asked = ModelText(name, COVARIANCE, text, options, change, reason)
            model = _asked(session, number, asked, known, of, owner_id)
        run(model.job_id)
        return model.id

    first = fit("Three factors", text, "The structure that the scale's authors found.")
    fit(
        "One factor",
        _one_factor(items),
        "If one factor fitted as well, the dimensions would be one.",
        of=first,
    )
    ordinal = fit(
        "Three factors, ordinal",
        text,
        "Whether it matters that answers are categories.",
        estimator="WLSMV",
    )
    grouped = ("invariance", "alignment", "dif") if "region" in known.groups else ()
    further = {"alignment": {"simulate": "100"}}
    wanted: list[tuple[int, str, dict[str, str]]] = [
        (first, kind, {"group": "region"} | further.get(kind, {})) for kind in grouped
    ]
    wanted += [(ordinal, "alignment", {"group": "region"})] if grouped else []
    wanted += [(first, kind, {}) for kind in ("exploratory", "esem", "cutoffs")]
    for of, kind, chosen in wanted:
        with installation.store.writing() as session:
            asked = ask_project_analysis(
                session,
                session.get_one(ProjectModel, of),
                kind,
                chosen=chosen,
                known=known,
                user_id=owner_id,
            )
        run(asked.job_id)
    with installation.store.writing() as session:
        model = session.get_one(ProjectModel, first)
        asked = ask_project_analysis(
            session,
            model,
            "multiverse",
            chosen={"parameter": " ~~ ".join(_factors(text)[:2])},
            known=known,
            user_id=owner_id,
        )
    run(asked.job_id)
    with installation.store.reading() as session:
        result = session.get_one(ProjectModel, first).result
    lines = (
        [each.line for each in proposals(COVARIANCE, text, result) if each.line] if result else []
    )
    if lines:
        why = "To see how much the largest index changes; not a model to report."
        fit("One parameter freed", with_line(text, lines[0]), why, f"Added {lines[0]}", first)
    with installation.store.writing() as session:
        project = session.get_one(Project, number)
        for each in departures(session, project):
            why = "It came up after the planned models; no hypothesis rests on it."
            give_reason(session, project, each.deviation.key, why, user_id=owner_id)


def _registered(
    installation: Installation,
    project_id: int,
    text: str,
    items: Sequence[str],
    known: Variables,
    owner_id: int,
) -> None:
    """The plan: two models, registered before the answers are opened."""
    wanted = {
        "hypotheses": "\n".join(
            f"The dimensions {one} and {other} go together | {one} ~~ {other} | +"
            for one, other in pairwise(_factors(text))
        ),
        "correction": "holm",
        "design": "Customers answer at the end of their journey, each once.",
        "n_reason": "Every answer that is there; three factors are told from one with about 200.",
        "stopping": "Answers are taken as they are on the day on which the first model is fitted.",
        "outcome": "Fit of the three factors against one: CFI, RMSEA and SRMR, and the difference test.",
        "analyses": "A correlation of two factors of .85 or more counts as one dimension.",
    }
    further = ("invariance", "exploratory", "cutoffs")
    chosen = {"group": "region"} if "region" in known.groups else {}
    with installation.store.writing() as session:
        project = session.get_one(Project, project_id)
        add_step(
            session,
            project,
            StepKind.CARELESS,
            {},
            reason="They say nothing of the items.",
            user_id=owner_id,
        )
        save_draft(session, project, wanted, user_id=owner_id)
        for name, model, analyses in (
            ("Three factors", text, further if chosen else further[1:]),
            ("One factor", _one_factor(items), ()),
        ):
            asked = ModelText(name, COVARIANCE, model, _options(known))
            plan_model(session, project, asked, analyses, chosen, known=known, user_id=owner_id)
        freeze(
            session,
            project,
            session.get_one(Journey, project.journey_id),
            minimum_cell=installation.settings.minimum_cell,
            user_id=owner_id,
            now=installation.now(),
        )


def _factors(text: str) -> list[str]:
    return [line.partition("=~")[0].strip() for line in text.splitlines() if "=~" in line]


def _one_factor(items: Sequence[str]) -> str:
    return f"quality =~ {' + '.join(items)}\n"


def _options(known: Variables, estimator: str = "MLR") -> dict[str, object]:
    return options_of(COVARIANCE, {"estimator": estimator}, known)


def _asked(
    session: Session,
    project_id: int,
    asked: ModelText,
    known: Variables,
    parent_id: int | None,
    user_id: int,
) -> ProjectModel:
    parent = session.get_one(ProjectModel, parent_id) if parent_id is not None else None
    project = session.get_one(Project, project_id)
    return add_model(session, project, asked, known=known, parent=parent, user_id=user_id)
