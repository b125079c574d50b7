"""The control limits of a trend: of its newest month by the ordinary variation of the earlier ones."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.control_limits import FEWEST, ControlLimits, control_limits
from surveyapp.results.view_models import Month

RULE = (
    "Control limits: mean of the earlier months, and three standard deviations from their moving"
    " ranges on either side (individuals chart)."
)


def trend_limits(months: Sequence[Month]) -> ControlLimits | None:
    """Limits for the last of these months from those before it; None with too few shown ones."""
    earlier = [month.figure.estimate for month in months[:-1] if month.figure.estimate is not None]
    return control_limits(earlier) if len(earlier) >= FEWEST else None
