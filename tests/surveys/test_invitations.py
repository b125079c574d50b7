"""What becomes of an invitation is decided by one row, found by its token."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, text

from surveyapp.store.db import Store
from surveyapp.store.models import Invitation
from surveyapp.surveys.invitations import is_used, note_opened, use_invitation
from surveyapp.surveys.links import Ticket
from tests.responses.makers import NOW, make_survey

_READ = text(
    "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables"
    " WHERE relname = 'invitations'"
)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_other_invitation_is_read_where_the_database_knows_nothing_of_the_table(store: Store):
    """As after a list of customers was invited: PostgreSQL has not analysed the table since."""
    tickets = [Ticket(f"token {number}") for number in range(2_000)]  # more than are read at once
    with store.writing() as session:
        survey = make_survey(session)
        rows = [{"survey_id": survey.id, "token_hash": each.token_hash} for each in tickets]
        session.execute(insert(Invitation), rows)
        at = session.connection()
        before = at.execute(_READ).scalar_one()
        about = {"survey_id": survey.id, "ticket": tickets[150]}
        note_opened(at, now=NOW, **about)
        assert use_invitation(at, now=NOW, **about) is not None
        assert is_used(at, **about)
        assert at.execute(_READ).scalar_one() - before <= 6
