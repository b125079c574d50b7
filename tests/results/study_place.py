"""A survey that asked for everything the study needs, with answers of a known population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pandas as pd
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.results.analyses.studies import journey_scales, study_items
from surveyapp.store.models import SurveyRow
from tests.analysis.sjq_population import answers
from tests.responses.makers import NOW, as_survey, make_journey, make_survey

STUDY = ("sjq", "servqual-p", "loyalty", "marker")
ITEMS = study_items(journey_scales(None, library=BUILT_IN))


def people(n: int, *, seed: int = 3) -> pd.DataFrame:
    """Whole-number answers of n customers."""
    return answers(n, seed=seed).astype(int)


def prepared(
    row: Mapping[str, int], at: int, asks: Sequence[str] = STUDY, ref: str | None = None
) -> Prepared:
    given = {code: {item: int(row[item]) for item in ITEMS[code]} for code in asks}
    when = NOW - timedelta(hours=500 - at)
    return Prepared(
        given, when, attributes={"region": ("North", "South")[at % 2]}, customer_ref=ref
    )


def make_study(session: Session, data: pd.DataFrame, asks: Sequence[str] = STUDY) -> SurveyRow:
    """A journey whose end asks all of it, answered by the rows of ``data``."""
    survey = make_survey(session, asks=tuple(asks), journey=make_journey(session), at_end=True)
    rows = data.to_dict("records")
    store_bulk(
        session,
        as_survey(session, survey),
        (prepared(row, at, asks) for at, row in enumerate(rows)),
        library=BUILT_IN,
    )
    return survey
