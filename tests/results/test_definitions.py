"""How scores are explained where they are shown."""

from __future__ import annotations

from instruments.loader import BUILT_IN
from surveyapp.results.definitions import scored
from tests.responses.makers import FULL, unstored_survey


def test_each_scale_names_the_interval_that_its_scores_have():
    """Not the one that answers have which are all equal."""
    found = scored([unstored_survey(FULL)], library=BUILT_IN)
    said = {name: each.definition.interval for name, each in found.items() if "-" not in name}
    assert said["sjq"] == "t interval, 95%"
    assert said["csat"] == said["ces"] == "Wilson score interval, 95%"
    assert said["nps"] == "adjusted Wald (Rocks 2016), 95%"
    assert not any("all answers equal" in each.definition.interval for each in found.values())
