"""What opening an account is to become: a target state, and a service blueprint of its hardest
touchpoint.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from surveyapp.demo.targets import set_targets
from surveyapp.journeys import actions
from surveyapp.journeys.journey_kinds import BLUEPRINT, set_kind
from surveyapp.journeys.map_texts import TextPlace, write
from surveyapp.journeys.portfolio import place_journey
from surveyapp.journeys.sub_journeys import lead_to
from surveyapp.journeys.target_journeys import TARGET, set_target_of
from surveyapp.store.models import Journey

_DAYS = 90  # until the next review


@dataclass(frozen=True)
class Meeting:
    """A touchpoint of one of these maps."""

    code: str
    name: str
    channel: str
    front_stage: str
    backstage: str
    moment_of_truth: bool = False


# Code, name, goal, support systems, touchpoints.
_Drawn = tuple[tuple[str, str, str, str, tuple[Meeting, ...]], ...]

# As it is today by code; what has another code is new, what is missing goes.
_TARGET: _Drawn = (
    (
        "decide",
        "Decide",
        "Know which account fits, and what it costs in a year.",
        "Price list, appointment calendar",
        (
            Meeting(
                "compare",
                "Comparing accounts online",
                "website",
                "Costs of a year for one's own use",
                "Prices are checked each week",
            ),
            Meeting(
                "advice",
                "First advisory meeting",
                "branch",
                "The adviser one will keep",
                "Adviser prepares from the web form",
            ),
        ),
    ),
    (
        "apply",
        "Apply",
        "Become a customer in a quarter of an hour.",
        "Application service, register of residents, electronic identity",
        (
            Meeting(
                "form",
                "Application form",
                "app",
                "One page; the register fills the rest in",
                "Data come from the register",
            ),
            Meeting(
                "eid",
                "Identity check by electronic identity",
                "app",
                "Two taps, at any hour",
                "The register confirms at once",
                moment_of_truth=True,
            ),
        ),
    ),
    (
        "start",
        "Start",
        "Pay and be paid the same day.",
        "App, fingerprint service, virtual cards",
        (
            Meeting(
                "signin",
                "First sign-in to the app",
                "app",
                "Sign-in by fingerprint",
                "Fingerprint is tied to the device",
                moment_of_truth=True,
            ),
            Meeting(
                "virtual-card",
                "Card in the phone",
                "app",
                "Ready before the plastic one",
                "Issued with the account; plastic follows by post",
            ),
        ),
    ),
)

_BLUEPRINT: _Drawn = (
    (
        "queue",
        "Wait for an agent",
        "Know how long it takes.",
        "Queue of the video partner",
        (
            Meeting(
                "waiting-room",
                "Waiting room in the app",
                "app",
                "Place in the queue and minutes left",
                "The partner assigns agents by queue; few in the evening",
            ),
        ),
    ),
    (
        "call",
        "Show who one is",
        "Be recognised at once.",
        "Video service, reader of documents, register of residents",
        (
            Meeting(
                "agent",
                "Agent asks for the passport",
                "app",
                "An agent looks, asks, takes a picture",
                "Document is read, compared with the register",
                moment_of_truth=True,
            ),
            Meeting(
                "selfie",
                "Picture of the face",
                "app",
                "Turn the head twice",
                "Likeness is checked; a doubt goes to a second agent",
            ),
        ),
    ),
    (
        "result",
        "Hear the result",
        "Go on with the account.",
        "Application service, mail",
        (
            Meeting(
                "answer",
                "Confirmation",
                "email",
                "Yes, or what is missing",
                "Application goes on; a refusal opens a case",
            ),
        ),
    ),
)
_HARDEST = "identity"


def draw_target(session: Session, journey: Journey, *, today: date, owner_id: int) -> None:
    """Draw both beside the journey, whose hardest touchpoint leads to the blueprint. They ask nobody
    anything: the target state is compared with what customers of the journey answer.
    """
    wanted = actions.create_journey(
        session,
        name=f"{journey.name}: as it should be",
        provider=journey.provider,
        goal=journey.goal,
        state=TARGET,
        code=f"{journey.code}-target",
        user_id=owner_id,
    )
    _draw(session, wanted, _TARGET)
    set_target_of(session, wanted, journey.id, user_id=owner_id)
    set_targets(session, wanted, today=today, owner_id=owner_id)
    blueprint = actions.create_journey(
        session,
        name="Identity check: service blueprint",
        provider=journey.provider,
        goal="Be recognised at once, at any hour.",
        code=f"{journey.code}-{_HARDEST}",
        user_id=owner_id,
    )
    _draw(session, blueprint, _BLUEPRINT)
    set_kind(session, blueprint, BLUEPRINT, user_id=owner_id)
    for drawn in (wanted, blueprint):
        place_journey(
            session,
            drawn,
            group=journey.group_name,
            tags="",
            owner_id=owner_id,
            next_review=today + timedelta(days=_DAYS),
            user_id=owner_id,
        )
    points = [point for stage in journey.stages for point in stage.touchpoints]
    hardest = next(point for point in points if point.code == _HARDEST)
    lead_to(session, journey, hardest, blueprint.id, user_id=owner_id)


def _draw(session: Session, journey: Journey, drawn: _Drawn) -> None:
    for code, name, goal, support, meetings in drawn:
        stage = actions.add_stage(session, journey, name=name, goal=goal, code=code, user_id=None)
        write(session, TextPlace(stage, "support"), support, user_id=None)
        for each in meetings:
            actions.add_touchpoint(session, stage, **asdict(each), user_id=None)
