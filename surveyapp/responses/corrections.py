"""Answers that are in already: found by who gave them, and put right, with all that was made of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from analysis.scoring import score_one
from instruments.loader import Library
from surveyapp.comments.intake import masked_by, open_items, texts_of
from surveyapp.comments.rows import QUOTE, Written, replace_comments
from surveyapp.errors import NotFound
from surveyapp.responses import counted
from surveyapp.responses.outdated import mark_quotes, mark_reports
from surveyapp.responses.reading import Faulty, read_answers
from surveyapp.responses.scores import keep_scores
from surveyapp.store import events
from surveyapp.store.audit import record
from surveyapp.store.counters import take
from surveyapp.store.models import CarelessFlag, Invitation, Response, Score
from surveyapp.surveys.links import Ticket
from surveyapp.surveys.survey import Survey

_RESPONSES = cast(Table, Response.__table__)
_FLAGS = cast(Table, CarelessFlag.__table__)
_SCORES = cast(Table, Score.__table__)


@dataclass(frozen=True)
class Correction:
    """The answers and scores that a stored response is to have; ``row`` is it, held."""

    row: Row[Any]
    answers: Mapping[str, Mapping[str, Any]]
    scores: Mapping[str, float]
    paradata: Mapping[str, Any]
    comments: Mapping[str, str] = field(default_factory=dict)
    originals: Mapping[str, str] = field(default_factory=dict)


def own_response(session: Session, survey_id: int, ticket: Ticket) -> Response | None:
    """The response that was sent with this ticket; None when there is none, or none any more."""
    return session.scalar(
        select(Response)
        .join(Invitation, Invitation.id == Response.invitation_id)
        .where(
            Invitation.token_hash == ticket.token_hash,
            Invitation.survey_id == survey_id,
        )
    )


def correct(
    session: Session,
    survey: Survey,
    response_id: int,
    raw: Mapping[str, object],
    *,
    now: datetime,
    library: Library,
    may_quote: bool | None = None,
) -> Faulty | None:
    """Put these answers in the place of the stored ones: answers, scores, rollups and reports.

    Tells the event "response.corrected" with the scores that changed, {scale: [before, after]}.
    ``raw`` is as ``submit`` takes it; a Faulty says what is wrong with it, and nothing was changed.
    ``may_quote`` is the consent to be quoted, which is given or withdrawn with it; None leaves it as it is.
    When and by whom the survey was answered stays. Raises NotFound when the response is gone.
    """
    optional: Collection[str] = ()
    not_applicable: Sequence[str] = ()
    logic = survey.fitted_logic(library)
    if logic:
        # The check of attention is no answer: it was passed or failed the first time.
        applied = logic.apply(raw)
        raw, optional, not_applicable = applied.raw, applied.optional, applied.not_applicable
    answers = read_answers(survey, raw, optional=optional, library=library)
    if isinstance(answers, Faulty):
        return answers
    session.flush()
    connection = session.connection()
    held = hold(connection, survey.id, [response_id])
    if not held:
        raise NotFound("These answers are not stored any more.")
    scores: dict[str, float] = {}
    for instrument, key in survey.asked(library):
        scores |= score_one(instrument, answers[instrument.code], key=key)
    paradata = _paradata(held[0].paradata, not_applicable, may_quote)
    withdrawn = QUOTE in held[0].paradata and QUOTE not in paradata
    said = {"quoting": "withdrawn"} if withdrawn else {}
    record(session, None, "correct response", f"survey {survey.code}", **said)
    items = open_items(survey, library)
    taken = masked_by(survey, items, answers)
    texts = (texts_of(items, taken.answers), taken.originals)
    correction = Correction(held[0], taken.answers, scores, paradata, *texts)
    put_right(session, survey, [correction], now=now)
    if withdrawn:
        mark_quotes(session, survey.journey_id, now.date(), held)
    return None


def hold(connection: Connection, survey_id: int, response_ids: Sequence[int]) -> list[Row[Any]]:
    """Responses' rows, held: two corrections of one come one after the other."""
    own = _RESPONSES.c
    query = select(
        *(own.id, own.public_id, own.survey_id, own.answers),
        *(own.attributes, own.submitted_at, own.paradata, own.source, own.language),
    ).where(own.id.in_(response_ids), own.survey_id == survey_id)
    return list(connection.execute(query.order_by(own.id).with_for_update()))


def put_right(
    session: Session, survey: Survey, corrections: Sequence[Correction], *, now: datetime
) -> None:
    """Store corrections with scores, rollups and reports, and tell "response.corrected" of each.

    The last thing in a transaction; a few hundred at most.
    """
    if not corrections:
        return
    connection = session.connection()
    numbers = [each.row.id for each in corrections]
    before = counted.scores_of(connection, numbers)
    changing = update(_RESPONSES).where(_RESPONSES.c.id == bindparam("number"))
    values = [
        {"number": each.row.id, "new_answers": each.answers, "new_paradata": each.paradata}
        for each in corrections
    ]
    to = {
        "answers": bindparam("new_answers", type_=_RESPONSES.c.answers.type),
        "paradata": bindparam("new_paradata", type_=_RESPONSES.c.paradata.type),
        "corrected_at": now,
        "version": _RESPONSES.c.version + 1,
    }
    connection.execute(changing.values(to), values)
    mark_reports(session, survey.journey_id, now.date(), [each.row for each in corrections])
    session.flush()
    connection.execute(delete(_FLAGS).where(_FLAGS.c.response_id.in_(numbers)))  # of other answers
    connection.execute(delete(_SCORES).where(_SCORES.c.response_id.in_(numbers)))
    keep_scores(connection, [(each.row.id, each.scores) for each in corrections])
    replace_comments(
        connection,
        [
            Written(
                each.row.id,
                {**each.row._asdict(), "paradata": each.paradata},
                each.comments,
                each.originals,
            )
            for each in corrections
        ],
    )
    subjects = [
        {
            "changed": _changed(before.get(each.row.id, {}), each.scores),
            "response_id": each.row.id,
            "survey_id": each.row.survey_id,
        }
        for each in corrections
    ]
    events.publish_all(connection, "response.corrected", subjects)
    counted.replace(
        connection,
        survey,
        [(each.row, before.get(each.row.id, {})) for each in corrections],
        [(each.row, each.scores) for each in corrections],
    )
    last = take(connection, "corrections", len(numbers))  # waited for, hence the last
    places = [
        {"number": number, "place": place}
        for place, number in enumerate(numbers, start=last - len(numbers) + 1)
    ]
    connection.execute(changing.values(correction=bindparam("place")), places)
    session.expire_all()


def _paradata(
    before: Mapping[str, Any], not_applicable: Sequence[str], may_quote: bool | None
) -> dict[str, Any]:
    kept = {name: value for name, value in before.items() if name != "not_applicable"}
    if may_quote is not None:
        kept.pop(QUOTE, None)
        kept |= {QUOTE: True} if may_quote else {}
    return {**kept, "not_applicable": list(not_applicable)} if not_applicable else kept


def _changed(
    before: Mapping[str, float], after: Mapping[str, float]
) -> dict[str, list[float | None]]:
    """The scores that differ, each as it was and as it is; None where there was or is none."""
    pairs = {scale: [before.get(scale), after.get(scale)] for scale in {*before, *after}}
    return {scale: pair for scale, pair in sorted(pairs.items()) if pair[0] != pair[1]}
