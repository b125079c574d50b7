"""Northbank: two journeys, six stages, twelve touchpoints, and what is true of each.

``level`` is the population mean of a touchpoint's experience in standard deviations, ``repaired``
the gain from the month of the repair on. The reports must find these again.
"""

from __future__ import annotations

from dataclasses import dataclass

PROVIDER = "Northbank"
MONTHS = 12
REPAIR_MONTH = 8  # new app and document portal at the start of this month, counted from 0


@dataclass(frozen=True)
class TouchpointPlan:
    code: str
    name: str
    channel: str
    level: float
    ownership: str = "provider"
    partner: str = ""
    moment_of_truth: bool = False
    repaired: float = 0.0
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True)
class StagePlan:
    code: str
    name: str
    goal: str
    touchpoints: tuple[TouchpointPlan, ...]


@dataclass(frozen=True)
class JourneyPlan:
    code: str
    name: str
    goal: str
    stages: tuple[StagePlan, ...]
    group: str = ""
    tags: str = ""
    studied: bool = False  # whether its end asks for service quality and a marker too
    felt: float = 0.0  # level of the journey quality, in standard deviations
    harder: tuple[str, ...] = ()  # questions that are answered lower than the journey is felt
    together: float = (
        0.0  # how much less seamlessness goes with recommending where coherence is high
    )

    @property
    def touchpoints(self) -> tuple[TouchpointPlan, ...]:
        return tuple(point for stage in self.stages for point in stage.touchpoints)


JOURNEYS = (
    JourneyPlan(
        "account",
        "Open an account",
        "Have a working current account without losing an afternoon.",
        (
            StagePlan(
                "decide",
                "Decide",
                "Know which account fits.",
                (
                    TouchpointPlan("compare", "Comparing accounts online", "website", 0.45),
                    TouchpointPlan("advice", "First advisory meeting", "branch", 0.6),
                ),
            ),
            StagePlan(
                "apply",
                "Apply",
                "Become a customer.",
                (
                    TouchpointPlan("form", "Application form", "website", 0.05),
                    TouchpointPlan(
                        "identity",
                        "Identity check by video",
                        "app",
                        -0.85,
                        ownership="partner",
                        moment_of_truth=True,
                        complaints=(
                            "The video call dropped twice and I had to start again.",
                            "I waited twenty minutes for an agent.",
                            "They asked for a document that nobody had mentioned before.",
                            "My passport was not accepted although it is valid.",
                        ),
                    ),
                ),
            ),
            StagePlan(
                "start",
                "Start",
                "Pay and be paid.",
                (
                    TouchpointPlan(
                        "signin",
                        "First sign-in to the app",
                        "app",
                        -0.2,
                        moment_of_truth=True,
                        repaired=0.95,
                    ),
                    TouchpointPlan(
                        "card",
                        "Arrival of the card",
                        "post",
                        0.1,
                        ownership="partner",
                        partner="City Courier",
                    ),
                ),
            ),
        ),
        group="Daily banking",
        tags="app, new customers",
    ),
    JourneyPlan(
        "mortgage",
        "Get a mortgage",
        "Move into a home of one's own, knowing what it costs.",
        (
            StagePlan(
                "explore",
                "Explore",
                "Know what is affordable.",
                (
                    TouchpointPlan("calculator", "Mortgage calculator", "website", 0.4),
                    TouchpointPlan(
                        "meeting", "Advisory meeting", "branch", 0.7, moment_of_truth=True
                    ),
                ),
            ),
            StagePlan(
                "commit",
                "Commit",
                "Get a binding offer.",
                (
                    TouchpointPlan(
                        "documents",
                        "Uploading documents",
                        "website",
                        -0.7,
                        repaired=0.8,
                        complaints=(
                            "I uploaded the same pay slip three times.",
                            "No word on whether my files had arrived.",
                            "The portal refused a photo without saying why.",
                        ),
                    ),
                    TouchpointPlan(
                        "decision",
                        "Credit decision",
                        "phone",
                        -0.2,
                        moment_of_truth=True,
                        complaints=(
                            "It took three weeks and nobody could say why.",
                            "The adviser had promised another rate.",
                        ),
                    ),
                ),
            ),
            StagePlan(
                "move-in",
                "Move in",
                "Own the home.",
                (
                    TouchpointPlan(
                        "signing",
                        "Signing the loan",
                        "partner office",
                        0.35,
                        ownership="partner",
                        partner="Harbour Notaries",
                    ),
                    TouchpointPlan("instalment", "First instalment", "app", 0.15),
                ),
            ),
        ),
        group="Lending",
        tags="home, adviser",
        studied=True,
        felt=-0.45,
        harder=("coh3",),
        together=0.3,
    ),
)

SEGMENTS = (
    ("north", "Region North", "region = North"),
    ("new-customers", "New customers", "tenure_years < 2"),
    ("branch-first", "Branch first", "preferred_channel = branch"),
    ("digital-first", "Digital first", "preferred_channel in (app, website)"),
)

# What is true of the customers, in standard deviations.
NORTH_SEAMLESSNESS = -1.0  # two regional systems that do not talk to each other
NEW_CUSTOMERS = -0.3  # on every experience
