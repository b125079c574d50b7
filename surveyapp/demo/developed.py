"""A scale of the bank's own on its way: pool, two rounds of judges, interviews, translation, pilot, version."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.scale_development.interviews import FindingWanted, add_finding
from surveyapp.scale_development.judging import (
    UNSURE,
    Judged,
    RoundKind,
    begin_round,
    close_round,
    invite_judges,
    save_judgement,
)
from surveyapp.scale_development.pilots import PilotOptions, Source, make_pilot
from surveyapp.scale_development.pool import (
    ConstructWanted,
    ItemWanted,
    ScaleWanted,
    add_construct,
    add_item,
    change_item,
    make_scale,
    set_state,
)
from surveyapp.scale_development.translation_log import TurnWanted, add_turn
from surveyapp.scale_development.versions import freeze
from surveyapp.store.models import Journey, ScaleDevelopment, ScaleItem

Run = Callable[[int | None], None]
_SCALE = ScaleWanted(
    "Adviser encounter",
    "How customers judge the adviser who served them: as somebody who means well (warmth), and as"
    " somebody who can (competence). Neither the bank nor the result of the visit is judged.",
    "Customers who talked to an adviser in the last four weeks",
    "en",
    "agree7",
)
_CONSTRUCTS = (
    ("dimension", "warmth", "Warmth", "The adviser was friendly, honest and on my side.", ""),
    ("dimension", "competence", "Competence", "The adviser knew and could do what it took.", ""),
    (
        "neighbour",
        "satisfaction",
        "Satisfaction with the visit",
        "The visit as a whole was worth it, whoever served the customer.",
        "positive, .50 to .70 with both dimensions",
    ),
)
# Items by code: their wording, and of ten judges how many sort them to their own construct.
_ITEMS: Mapping[str, tuple[str, int]] = {
    "warm1": ("My adviser was friendly.", 10),
    "warm2": ("My adviser took my side.", 9),
    "warm3": ("My adviser was honest with me.", 9),
    "warm4": ("My adviser had time for me.", 8),
    "warm5": ("I liked being there.", 3),
    "comp1": ("My adviser knew the products well.", 10),
    "comp2": ("My adviser could answer my questions.", 10),
    "comp3": ("My adviser worked without mistakes.", 9),
    "comp4": ("My adviser explained things clearly.", 8),
    "comp5": ("My adviser seemed unsure.", 9),
}
_LOADINGS = {"warm1": 0.85, "warm2": 0.8, "warm3": 0.78, "warm4": 0.62} | {
    "comp1": 0.82,
    "comp2": 0.86,
    "comp3": 0.7,
    "comp4": 0.66,
    "comp5": -0.55,
}
_FINNISH = {
    "warm1": ("Asiantuntijani oli ystävällinen.", "My expert was friendly.", "minor", "accepted"),
    "warm2": ("Asiantuntijani oli puolellani.", "My expert was on my side.", "different", "revise"),
    "comp1": ("Asiantuntijani tunsi tuotteet hyvin.", "", "same", "open"),
}
_SEED, _RESPONDENTS = 1991, 420


def develop_scale(installation: Installation, code: str, *, owner_id: int, run: Run) -> None:
    """Bring a scale from its construct to a first version; ``run`` runs a job."""
    with installation.store.writing() as session:
        journey = session.scalars(select(Journey).where(Journey.code == code)).one()
        scale = _pool(session, installation, journey, owner_id)
        _judge(session, installation, scale, owner_id)
        _listen(session, installation, scale, owner_id)
        job = _pilot(session, installation, scale, owner_id)
        freeze(
            session,
            scale,
            "First version: one item dropped after sorting, one reworded after interviews.",
            user_id=owner_id,
            now=installation.now(),
        )
    run(job)


def _pool(
    session: Session, installation: Installation, journey: Journey, owner_id: int
) -> ScaleDevelopment:
    scale = make_scale(session, journey, _SCALE, user_id=owner_id)
    made = {
        code: add_construct(
            session,
            scale,
            ConstructWanted(kind, code, name, definition, relation),
            user_id=owner_id,
        )
        for kind, code, name, definition, relation in _CONSTRUCTS
    }
    for code, (text, _) in _ITEMS.items():
        wanted = ItemWanted(
            code,
            text,
            made[_construct(code)].id,
            reverse=_LOADINGS.get(code, 1) < 0,
            source="Interviews with customers" if code.endswith("2") else "Written here",
        )
        add_item(session, scale, wanted, user_id=owner_id, now=installation.now())
    return scale


def _judge(
    session: Session, installation: Installation, scale: ScaleDevelopment, owner_id: int
) -> None:
    """Ten judges sort the items and six rate them; the item that is sorted elsewhere is dropped."""
    now = installation.now()
    sorting = begin_round(session, scale, RoundKind.SORT, user_id=owner_id, now=now)
    labels = [f"Colleague {n}" for n in range(1, 11)]
    invited = invite_judges(session, sorting, labels, days=14, user_id=owner_id, now=now)
    for at, (judge, _) in enumerate(invited):
        answers = {
            str(item["id"]): item["construct"]
            if at < _ITEMS[item["code"]][1]
            else ("satisfaction" if item["code"] == "warm5" else UNSURE)
            for item in sorting.items
        }
        save_judgement(session, judge, Judged(answers, {}), final=True, now=now)
    close_round(session, sorting, user_id=owner_id, now=now)
    items = _items(session, scale)
    why = "Seven of ten judges sorted it elsewhere: it is about the visit."
    set_state(session, scale, items["warm5"], "dropped", why, user_id=owner_id, now=now)
    rating = begin_round(session, scale, RoundKind.RELEVANCE, user_id=owner_id, now=now)
    experts = [f"Expert {n}" for n in range(1, 7)]
    for at, (judge, _) in enumerate(
        invite_judges(session, rating, experts, days=30, user_id=owner_id, now=now)
    ):
        if at == 5:
            continue  # has not answered yet
        low = "comp5" if at in (1, 3) else "warm4" if at == 2 else ""
        answers = {str(x["id"]): "2" if x["code"] == low else "4" for x in rating.items}
        remarks = {str(items["comp5"].id): "A doubt is not a lack of competence."}
        sent = Judged(answers, remarks if at == 1 else {})
        save_judgement(session, judge, sent, final=True, now=now)


def _listen(
    session: Session, installation: Installation, scale: ScaleDevelopment, owner_id: int
) -> None:
    """Two interviews, a new wording, translations, and the decision to keep what is left."""
    now, items = installation.now(), _items(session, scale)
    heard = (
        ("P1", "warm2", "comprehension", "major", "Whose side, and against whom?"),
        ("P2", "warm2", "comprehension", "minor", "Thought of a quarrel first."),
        ("P2", "comp1", "none", "none", "Talked of the mortgage that was explained."),
    )
    for who, code, problem, severity, text in heard:
        change = "Reworded" if code == "warm2" and who == "P2" else ""
        wanted = FindingWanted(who, problem, severity, text, change)
        add_finding(session, scale, items[code], wanted, user_id=owner_id, now=now)
    reworded = ItemWanted(
        "warm2",
        "My adviser cared about what is good for me.",
        items["warm2"].construct_id,
        source="Interviews with customers",
        reason="Two of two participants asked whose side was meant.",
    )
    change_item(session, scale, items["warm2"], reworded, user_id=owner_id, now=now)
    for code, (forward, back, comparison, decision) in _FINNISH.items():
        turn = TurnWanted("fi", forward, "A. K.", back, "J. M.", comparison, decision)
        add_turn(session, scale, items[code], turn, user_id=owner_id, now=now)
    for item in items.values():
        if item.state == "judging":
            set_state(session, scale, item, "kept", "", user_id=owner_id, now=now)


def _pilot(
    session: Session, installation: Installation, scale: ScaleDevelopment, owner_id: int
) -> int | None:
    pilot = make_pilot(
        session,
        scale,
        "Panel pilot",
        Source(uploaded=_answers(np.random.default_rng(_SEED))),
        PilotOptions(seed=_SEED, size=6, least=2),
        names={},
        library=installation.library,
        user_id=owner_id,
    )
    return pilot.job_id


def _answers(rng: np.random.Generator) -> dict[str, Sequence[float | None]]:
    factors = rng.multivariate_normal([0, 0], [[1, 0.55], [0.55, 1]], size=_RESPONDENTS)
    found: dict[str, Sequence[float | None]] = {}
    for code, loading in _LOADINGS.items():
        own = factors[:, int(_construct(code) == "competence")]
        noise = rng.normal(size=_RESPONDENTS) * np.sqrt(1 - loading**2)
        values = np.clip(np.round(4.8 + 1.3 * (loading * own + noise)), 1, 7)
        missing = rng.random(_RESPONDENTS) < 0.01
        found[code] = [None if gone else float(v) for v, gone in zip(values, missing, strict=True)]
    return found


def _construct(code: str) -> str:
    return "warmth" if "warm" in code else "competence"


def _items(session: Session, scale: ScaleDevelopment) -> dict[str, ScaleItem]:
    query = select(ScaleItem).where(ScaleItem.scale_id == scale.id).order_by(ScaleItem.id)
    return {each.code: each for each in session.scalars(query)}
