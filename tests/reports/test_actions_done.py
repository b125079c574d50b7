"""The table of actions and what came of them says differences without a cause, and what is missing."""

from __future__ import annotations

from datetime import date

from surveyapp.reports.document import Heading, Table
from surveyapp.reports.journeys.actions_done import actions_done
from surveyapp.results.registered_changes.action_effects import ActionEffect
from surveyapp.results.registered_changes.effects import BeforeAfter, ChangeEffect, Missing
from surveyapp.results.view_models import Contrast, Marker
from tests.reports.test_charts import CSAT, satisfied


def test_a_done_action_heads_the_scores_before_and_after_its_change():
    up = Contrast(20.0, 12.0, 28.0, 0.001, True)
    few = Missing("after", 12, 30, "answers", date(2026, 9, 1))
    rows = (
        BeforeAfter("1.csat", "Sign-in: CSAT", CSAT, satisfied(50.0), satisfied(70.0), up, None),
        BeforeAfter("end.nps", "Whole journey: NPS", CSAT, satisfied(50.0), satisfied(51.0), None, few),
    )  # fmt: skip
    effect = ChangeEffect(rows, rows[0], None, None, (), None, None)
    marker = Marker("A", "New app", date(2026, 7, 31))
    done = ActionEffect(1, "Ease the sign-in", "Low CSAT", "Sign-in", 1, marker, effect)
    heading, table = actions_done([done], few=5)
    assert isinstance(heading, Heading) and heading.text == "You said, we did"
    assert isinstance(table, Table) and table.groups == {0}
    said = [" ".join(map(str, row)) for row in table.cells]
    assert "Ease the sign-in" in said[0] and "31 July 2026" in said[0]
    assert "significantly higher after" in said[1]
    assert "Needs 30 answers after it, has 12." in said[2] and "1 September 2026" in said[2]
    assert "everything else that differed" in str(table.note)
    assert list(actions_done([], few=5)) == []
