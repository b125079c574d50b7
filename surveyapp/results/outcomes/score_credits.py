"""Which touchpoints customers with a high score had met before they answered, by every attribution rule.

The same rules as for outcomes, with a score in its highest band in the place of the event: a promoter, a
satisfied customer, one in the upper third.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from surveyapp.results.outcomes.cells import DISTINCT, TOO_FEW
from surveyapp.results.outcomes.rows import Customer
from surveyapp.results.outcomes.score_bands import Bands
from surveyapp.results.outcomes.touchpoint_credits import told_credits, ways_to_answer


def score_credits(
    answered: Sequence[Customer], bands: Sequence[Bands], *, minimum: int
) -> list[dict[str, Any]]:
    """The credits for each scale's highest band, as documents; what may not be shown has its reason."""
    return [
        {
            "scale": each.scale,
            "label": each.label,
            "band": each.names[-1],
            "attribution": _credits(answered, each, minimum),
        }
        for each in bands
    ]


def _credits(answered: Sequence[Customer], bands: Bands, minimum: int) -> dict[str, Any] | None:
    own = [each for each in answered if bands.scale in each.scores]
    highest = len(bands.names) - 1
    ways = ways_to_answer(own, [bands.of(each) == highest for each in own], minimum)
    if not ways:
        return None
    # The scores of all are shown elsewhere: those without a touchpoint must not follow from the rest.
    if 0 < len(own) - len(ways) < minimum:
        return {"reason": DISTINCT if len(ways) >= minimum else TOO_FEW}
    return told_credits(ways, minimum)
