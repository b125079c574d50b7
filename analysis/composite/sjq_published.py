"""The figures printed for the SJQ nomological study: a benchmark of another population."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = (
    "Jaakkola, E. and Terho, H. (2021), Service journey quality: conceptualization, measurement "
    "and customer outcomes, Journal of Service Management 32(6), study 2, N = 239, financial "
    "services, CC BY 4.0"
)
CAUTION = (
    "Another population, wording and time: context, not a target. Some printed figures do not "
    "reconcile with each other (.76 squared is 57.8 %, printed is 60 %), so small differences mean "
    "nothing."
)


@dataclass(frozen=True)
class Published:
    """One printed figure; ``key`` is what ``sjq_study`` computes for the same quantity."""

    key: str
    label: str
    value: float


PUBLISHED: tuple[Published, ...] = (
    Published("baseline total", "SJQ -> loyalty, baseline", 0.76),
    Published("baseline r_squared loyalty", "Loyalty explained, baseline", 0.60),
    Published("baseline weight personalization", "Weight of personalization, baseline", 0.40),
    Published("baseline weight coherence", "Weight of coherence, baseline", 0.38),
    Published("baseline weight seamlessness", "Weight of seamlessness, baseline", 0.29),
    Published("full path reliability", "SJQ -> reliability", 0.85),
    Published("full path assurance", "SJQ -> assurance", 0.73),
    Published("full path tangibles", "SJQ -> tangibles", 0.68),
    Published("full path empathy", "SJQ -> empathy", 0.65),
    Published("full path responsiveness", "SJQ -> responsiveness", 0.57),
    Published("full direct", "SJQ -> loyalty, direct", 0.26),
    Published("full indirect", "SJQ -> loyalty, through service quality", 0.50),
    Published("full total", "SJQ -> loyalty, total", 0.76),
    Published("full service quality loyalty", "Service quality -> loyalty", 0.58),
    Published("full weight personalization", "Weight of personalization", 0.56),
    Published("full weight seamlessness", "Weight of seamlessness", 0.28),
    Published("full weight coherence", "Weight of coherence", 0.21),
    Published("full r_squared service quality", "Service quality explained", 0.53),
)
