"""One submission, read and scored: everything that can be known of it without the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from analysis.scoring import score_one
from instruments.loader import Library
from surveyapp.comments.intake import masked_by, open_items, texts_of
from surveyapp.responses.prepared import Prepared, wordings_of
from surveyapp.responses.reading import (
    Faulty,
    read_answers,
    with_attention_missing,
)
from surveyapp.surveys.attributes import Attribute
from surveyapp.surveys.links import Ticket
from surveyapp.surveys.survey import Survey


@dataclass(frozen=True)
class Submission:
    """A form that was sent and can be kept.

    ``key`` makes the same form sent again one response; ``invitation`` is the ticket that it uses up.
    ``scores`` are {scale: value}, ``wordings`` {instrument: id of the wording that was read},
    ``comments`` {<instrument>-<item>: masked text}.
    """

    survey: Survey
    key: str
    prepared: Prepared
    scores: Mapping[str, float]
    wordings: Mapping[str, str]
    source: str
    invitation: Ticket | None = None
    comments: Mapping[str, str] = field(default_factory=dict)


def read_submission(
    survey: Survey,
    raw: Mapping[str, object],
    *,
    submission_key: str,
    attributes: Mapping[str, Attribute],
    customer_ref: str | None = None,
    invitation: Ticket | None = None,
    started_at: datetime | None = None,
    source: str = "link",
    language: str | None = None,
    paradata: Mapping[str, Any] | None = None,
    now: datetime,
    library: Library,
) -> Submission | Faulty:
    """Read and score what was sent, or say everything that is wrong with it.

    ``raw`` is {instrument: {item: what was sent}}; the survey's logic says what of it is asked,
    and adds to ``paradata`` what it found. ``customer_ref`` is a pseudonym.
    """
    paradata = dict(paradata or {})
    optional: Collection[str] = ()
    logic = survey.fitted_logic(library)
    if logic:
        applied = logic.apply(raw)
        if applied.attention_missing:
            return with_attention_missing(survey, applied, library)
        raw, optional = applied.raw, applied.optional
        paradata |= applied.paradata
    answers = read_answers(survey, raw, optional=optional, library=library)
    if isinstance(answers, Faulty):
        return answers
    scores: dict[str, float] = {}
    for instrument, key in survey.asked(library):
        scores |= score_one(instrument, answers[instrument.code], key=key)
    items = open_items(survey, library)
    taken = masked_by(survey, items, answers)
    prepared = Prepared(
        taken.answers,
        now,
        attributes,
        customer_ref,
        language=language,
        started_at=started_at,
        paradata=paradata,
        originals=taken.originals,
    )
    comments = texts_of(items, taken.answers)
    wordings = wordings_of(survey, language or survey.language, library)
    return Submission(
        survey, submission_key, prepared, scores, wordings, source, invitation, comments
    )
