"""What judges found, and what the stated rules propose."""

from __future__ import annotations

import pytest

from surveyapp.scale_development.judgements import Proposal, judgements
from surveyapp.scale_development.judging import ordered_items
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Judge, JudgingRound

CONSTRUCTS = [{"code": code, "name": code, "definition": ""} for code in ("warmth", "skill")]


def round_of(kind: str, items: int = 1) -> JudgingRound:
    said = [
        {"id": n, "code": f"i{n}", "text": "T", "construct": "warmth"} for n in range(1, items + 1)
    ]
    return JudgingRound(kind=kind, items=said, constructs=CONSTRUCTS)


def judges(*answers: str, submitted: bool = True) -> list[Judge]:
    return [
        Judge(answers={"1": each}, remarks={}, submitted_at=utc_now() if submitted else None)
        for each in answers
    ]


@pytest.mark.parametrize(
    ("kind", "answers", "proposal"),
    [
        ("sort", ["warmth"] * 5, Proposal.KEEP),
        ("sort", ["warmth"] * 4 + ["skill"], Proposal.REVISE),
        ("sort", ["warmth"] * 2 + ["skill"] * 3, Proposal.DROP),
        ("sort", ["warmth"] * 2 + ["none"] * 2, Proposal.DROP),
        ("sort", ["warmth"] * 2, Proposal.TOO_FEW),
        ("relevance", ["4"] * 5, Proposal.KEEP),
        ("relevance", ["4"] * 4 + ["2"], Proposal.REVISE),  # kappa .76, and not all of five
        ("relevance", ["3"] * 6 + ["2"], Proposal.KEEP),  # I-CVI .86, kappa .85
        ("relevance", ["4"] * 4 + ["1"] * 2, Proposal.REVISE),  # kappa .57
        ("relevance", ["4"] * 3 + ["1"] * 3, Proposal.DROP),
        ("essential", ["essential"] * 9 + ["useful"], Proposal.KEEP),
        ("essential", ["essential"] * 8 + ["no"] * 2, Proposal.REVISE),  # .60 of .80 needed
        ("essential", ["essential"] * 5 + ["useful"] * 5, Proposal.DROP),
    ],
)
def test_each_rule_proposes_what_it_says(kind, answers, proposal):
    found = judgements(round_of(kind), judges(*answers))
    assert [each.proposal for each in found.items] == [proposal]
    assert found.items[0].judges == len(answers)


def test_who_has_not_handed_in_does_not_count():
    found = judgements(round_of("relevance"), judges("4", "4", submitted=False))
    assert (found.judges, found.items[0].proposal) == (0, Proposal.TOO_FEW)
    assert found.agreement is None and found.relevance is None


def test_agreement_is_about_the_constructs_chosen():
    row = round_of("sort", 3)
    given = [("warmth", "skill", "warmth"), ("warmth", "skill", "skill")]
    both = [
        Judge(
            answers={str(at): each for at, each in enumerate(answers, 1)},
            remarks={},
            submitted_at=utc_now(),
        )
        for answers in given
    ]
    found = judgements(row, both).agreement
    # 3 units, 2 coders: D_o = 1/3; D_e = (36 - 9 - 9) / 30 = .6; alpha = 1 - (1/3) / .6
    assert found.estimate == pytest.approx(1 - (1 / 3) / 0.6)
    assert found.observed == pytest.approx(2 / 3)


def test_the_same_judgements_give_the_same_interval():
    row = round_of("relevance")
    first, second = (judgements(row, judges("4", "4", "2", "1")) for _ in range(2))
    assert first == second


def test_each_judge_has_an_order_of_their_own_that_stays():
    """In the pool's order items of one construct stand together, which would give it away."""
    row = round_of("sort", 12)
    orders = [[x["id"] for x in ordered_items(Judge(id=n, round=row))] for n in (1, 2, 1)]
    assert orders[0] == orders[2] != orders[1]
    assert sorted(orders[0]) == list(range(1, 13)) != orders[0]
