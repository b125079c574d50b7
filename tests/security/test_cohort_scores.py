"""Why scores by cohort are not shown: beside months that are, they would tell of a few customers."""

from __future__ import annotations

from surveyapp.results.suppression.overlaps import overlaps
from surveyapp.results.suppression.publication import publication
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY

MINIMUM = 5
JANUARY, FEBRUARY = (2026, 1), (2026, 2)
# Answers by the month in which a customer began, and that of the answer.
ANSWERS = {(JANUARY, JANUARY): 8, (JANUARY, FEBRUARY): 2, (FEBRUARY, FEBRUARY): 7}


def test_cohorts_that_are_large_enough_leave_a_pair_between_them_and_shown_months():
    """The example under "Cohorts" of docs/researchers/what-stays-hidden.md.

    Once months are hidden here, cohorts can be thought of anew.
    """
    months = {
        month: sum(n for (_, at), n in ANSWERS.items() if at == month)
        for month in (JANUARY, FEBRUARY)
    }
    begun = {
        month: sum(n for (first, _), n in ANSWERS.items() if first == month)
        for month in (JANUARY, FEBRUARY)
    }
    told = publication({EVERYBODY: months}, overlaps(()), minimum=MINIMUM)
    assert [told.why_hidden(EVERYBODY, month, month) for month in months] == [Hidden.NO] * 2
    assert (months, begun) == ({JANUARY: 8, FEBRUARY: 9}, {JANUARY: 10, FEBRUARY: 7})
    # Nobody who began in February answered in January, which every reader knows.
    assert 0 < begun[JANUARY] - months[JANUARY] < MINIMUM <= min(begun.values())
