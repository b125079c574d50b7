"""A survey with comments, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from instruments.loader import BUILT_IN
from surveyapp.responses import corrections
from surveyapp.responses.actions import Stored, submit
from surveyapp.store.db import Store
from surveyapp.store.models import SurveyRow
from surveyapp.surveys.survey import Survey
from tests.responses.makers import NOW, as_survey, make_survey
from tests.web.conftest import app, client, installation, sign_in

__all__ = ["app", "client", "installation", "sign_in"]


class Commented:
    """A survey that asks NPS with its reason; each answer comes an hour after the one before."""

    def __init__(self, store: Store) -> None:
        self.store, self.count = store, 0
        with store.writing() as session:
            self.row: SurveyRow = make_survey(session, asks=("nps",))

    @property
    def survey(self) -> Survey:
        with self.store.reading() as session:
            return as_survey(session, self.row)

    def settle(self, **settings: Any) -> None:
        with self.store.writing() as session:
            session.get_one(SurveyRow, self.row.id).comments = settings

    def say(self, text: str, *, nps: int = 3, language: str = "en", **paradata: Any) -> int:
        """Answer the survey; the response's number."""
        self.count += 1
        at: datetime = NOW + timedelta(hours=self.count)
        raw: Mapping[str, object] = {"nps": {"nps": str(nps), "nps_reason": text}}
        about = {"submission_key": f"said-{self.count}", "attributes": {}, "now": at}
        with self.store.writing() as session:
            stored = submit(
                *(session, as_survey(session, self.row), raw),
                library=BUILT_IN,
                language=language,
                paradata=paradata,
                **about,
            )
        assert isinstance(stored, Stored) and stored.response_id is not None
        return stored.response_id

    def correct(self, number: int, text: str) -> None:
        """What the customer writes instead."""
        raw = {"nps": {"nps": "3", "nps_reason": text}}
        with self.store.writing() as session:
            survey = as_survey(session, self.row)
            found = corrections.correct(session, survey, number, raw, now=NOW, library=BUILT_IN)
        assert found is None


@pytest.fixture
def commented(store: Store) -> Commented:
    return Commented(store)
