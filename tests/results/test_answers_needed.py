"""The calculator of answers needed: as the command has it, in the words of an address."""

from __future__ import annotations

import pytest

from surveyapp.errors import Invalid
from surveyapp.results.answers_needed import answer_size, read_size


def needed(**asked: str):
    return answer_size(read_size(asked))


def test_an_address_asks_as_the_command_does():
    assert read_size({}) is None
    found = needed(kind="margin", margin="5", population="1000", response_rate="20")
    assert found.document["n"] == 278 and found.said[1] == "Ask 1,390 people."
    assert needed(kind="nps", margin="5", promoters="50", detractors="20").document["n"] == 938
    found = needed(kind="difference", difference="12.5", metric="mean", sd="25")
    assert found.document["n"] == 64 and "80% power" in found.said[0]
    assert needed(kind="margin", margin="5", confidence="99").document["n"] == 664


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "other"}, "kind"),
        ({"kind": "margin", "metric": "median"}, "metric"),
        ({"kind": "margin"}, "margin"),
        ({"kind": "margin", "margin": "nan"}, "margin"),
        ({"kind": "margin", "margin": "5", "power": "80"}, "power"),
        ({"kind": "margin", "margin": "5", "population": "1.5"}, "population"),
        ({"kind": "difference", "difference": "5", "sd": "9"}, "sd"),
        ({"kind": "difference", "difference": "5", "metric": "mean", "base": "9"}, "base"),
        ({"kind": "nps", "margin": "5", "promoters": "50"}, "detractors"),
        ({"kind": "nps", "margin": "5", "promoters": "80", "detractors": "50"}, None),
    ],
)
def test_what_would_not_be_used_is_refused_with_its_field(asked, field):
    with pytest.raises(Invalid) as refused:
        needed(**asked)
    assert refused.value.field == field
