"""The table of responses: what was answered, and how it came about."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from instruments.loader import BUILT_IN
from surveyapp.exports.chosen import Chosen
from surveyapp.exports.formats.csv_file import chunks
from surveyapp.exports.responses import responses_table
from surveyapp.responses.actions import submit
from surveyapp.results.scope import Scope
from surveyapp.store.db import Store
from surveyapp.store.models import Response
from tests.responses.makers import NOW, as_survey, make_survey, some_answers


def test_a_row_says_when_it_was_begun_and_changed_by_what_way_and_in_which_words(store: Store):
    with store.writing() as session:
        made = make_survey(session, asks=("csat", "nps"), consent="Yes.", consent_version="3")
        submit(
            session,
            as_survey(session, made),
            some_answers(1, ("csat", "nps")),
            submission_key="a",
            attributes={},
            started_at=NOW - timedelta(seconds=75),
            paradata={"way": "kiosk"},
            now=NOW,
            library=BUILT_IN,
        )
        submit(
            session,
            as_survey(session, made),
            some_answers(2, ("csat", "nps")),
            submission_key="b",
            attributes={},
            now=NOW,
            library=BUILT_IN,
        )
    with store.writing() as session:
        session.query(Response).filter_by(submission_key="b").one().corrected_at = NOW
    with store.reading() as session:
        text = "".join(
            chunks(responses_table(session, Chosen(Scope(made.journey_id)), library=BUILT_IN))
        )
    first, second = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    told = ("started_at", "corrected_at", "way", "wording", "consent_version")
    begun = "2026-03-29T00:58:44+00:00"
    assert [first[name] for name in told] == [begun, "", "kiosk", "csat:en-2; nps:en-1", "3"]
    assert [second[name] for name in told] == ["", first["submitted_at"], "", first["wording"], "3"]
