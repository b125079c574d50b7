"""Groups of customers counted in the contact frame, and weights that make up for who was asked and who answered."""

from __future__ import annotations

import pytest

from analysis.weighting import raked_cells
from surveyapp.errors import Conflict
from surveyapp.sampling.frame_shares import frame_shares
from surveyapp.sampling.reasons import Reason
from surveyapp.store.db import Store
from surveyapp.store.models import Decision, Interaction
from tests.responses.makers import NOW, make_survey

# Of each region: customers with an event, of these sampled, of these answered.
FRAME = {"North": (40, 40, 10), "South": (60, 15, 12)}


def met(store: Store) -> int:
    """Customers of each region, some asked; one of the north moved there; some are not covered."""
    with store.writing() as session:
        survey = make_survey(session, asks=("nps",))

        def happened(customer: str, known: dict[str, object], reason: str) -> None:
            event = Interaction(
                touchpoint_id=survey.touchpoint_id, customer_ref=customer, at=NOW, attributes=known
            )
            session.add(event)
            session.flush()
            asked = "skip" if reason else "ask"
            session.add(
                Decision(
                    interaction_id=event.id,
                    survey_id=survey.id,
                    customer_ref=customer,
                    outcome=asked,
                    reason=reason,
                )
            )

        happened("North 0", {"region": "South"}, "")
        for region, (customers, sampled, _) in FRAME.items():
            for number in range(customers):
                reason = "" if number < sampled else Reason.SAMPLED_OUT
                happened(f"{region} {number}", {"region": region, "age": 30}, reason)
        happened("silent", {}, "")
        for number in range(9):
            happened(f"other {number}", {"region": "West"}, Reason.NOT_TRIGGERED)
        return survey.journey_id


def test_customers_of_the_frame_are_counted_once_asked_or_not(store: Store):
    journey = met(store)
    with store.reading() as session:
        found = frame_shares(session, journey, "region", minimum=5)
        assert dict(found.customers) == {"North": 40, "South": 60}
        assert (found.without, found.shares) == (1, {"North": 0.4, "South": 0.6})
        assert dict(frame_shares(session, journey, "age", minimum=5).customers) == {"30": 100}
        with pytest.raises(Conflict, match=r"Fewer than 50 customers .* region North"):
            frame_shares(session, journey, "region", minimum=50)
        with pytest.raises(Conflict, match="has the attribute plan"):
            frame_shares(session, journey, "plan", minimum=5)


def test_weights_to_the_frame_are_the_inverse_of_sampling_and_response(store: Store):
    journey = met(store)
    with store.reading() as session:
        shares = frame_shares(session, journey, "region", minimum=5).shares
    answered = [FRAME[region][2] for region in shares]
    weights = raked_cells([(region,) for region in shares], answered, {"region": shares}).values
    inverse = [
        1 / ((sampled / customers) * (answers / sampled))
        for customers, sampled, answers in (FRAME[region] for region in shares)
    ]
    mean = sum(n * w for n, w in zip(answered, inverse, strict=True)) / sum(answered)
    assert weights == pytest.approx([each / mean for each in inverse], rel=1e-9)
