"""An export of far more rows than memory is meant to hold has them all, on both databases."""

from __future__ import annotations

from instruments.loader import BUILT_IN
from surveyapp.exports.chosen import Chosen
from surveyapp.exports.formats.csv_file import chunks
from surveyapp.exports.responses import responses_table
from surveyapp.results.scope import Scope
from surveyapp.store.db import Store
from tests.exports.rows import make_responses
from tests.responses.makers import make_survey


def test_a_hundred_thousand_responses_are_exported(store: Store):
    with store.writing() as session:
        made = make_survey(session, asks=("nps",))
        make_responses(session, made.id, 100_000)
    with store.reading() as session:
        table = responses_table(session, Chosen(Scope(made.journey_id)), library=BUILT_IN)
        lines = sum(chunk.count("\r\n") for chunk in chunks(table))
    assert (table.count, lines) == (100_000, 100_001)
