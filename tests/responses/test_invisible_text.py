"""A comment of signs that nobody sees is no answer, by whatever door it comes."""

from __future__ import annotations

import io

from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.responses.actions import Stored, submit
from surveyapp.responses.imports import import_file
from surveyapp.store.db import Store
from surveyapp.store.models import Response
from tests.installations import installation_on
from tests.responses.makers import NOW, as_survey, make_survey

UNSEEN = "\u200b\u200b\u2060"


def stored(store: Store) -> list[dict[str, dict[str, object]]]:
    with store.reading() as session:
        return list(session.scalars(select(Response.answers).order_by(Response.id)))


def test_in_a_file(store: Store):
    with store.writing() as session:
        survey = as_survey(session, make_survey(session, asks=("nps",)))
    data = f"nps,nps_reason\n9,{UNSEEN}\n8,Quick\n".encode()
    assert import_file(installation_on(store), survey, io.BytesIO(data)).stored == 2
    assert stored(store) == [{"nps": {"nps": 9}}, {"nps": {"nps": 8, "nps_reason": "Quick"}}]


def test_in_a_form(store: Store):
    with store.writing() as session:
        survey = as_survey(session, make_survey(session, asks=("nps",)))
        kept = submit(
            session,
            survey,
            {"nps": {"nps": ["9"], "nps_reason": [UNSEEN]}},
            library=BUILT_IN,
            submission_key="form",
            attributes={},
            now=NOW,
        )
    assert isinstance(kept, Stored)
    assert stored(store) == [{"nps": {"nps": 9}}]
