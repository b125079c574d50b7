"""Pictures of the demonstration's personas, drawn here: a photograph would show somebody."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.journeys.personas import personas_of, set_picture
from surveyapp.pictures import redrawn
from surveyapp.store.models import Journey

_SIDE = 480  # pixels


@dataclass(frozen=True)
class Portrait:
    """Colours of a drawn face, and what the picture shows."""

    alt: str
    behind: str
    skin: str
    hair: str
    coat: str
    is_long: bool  # hair down to the shoulders


# By a persona's first name.
_PORTRAITS = {
    "Mika": Portrait(
        "Drawing of a young man with short dark hair",
        "#cfe3dc",
        "#e0ac83",
        "#33241b",
        "#0b6e4f",
        False,
    ),
    "Helena": Portrait(
        "Drawing of an elderly woman with grey hair",
        "#e6dcef",
        "#f0c9a8",
        "#b9b6b3",
        "#6d4a86",
        True,
    ),
}


def show_faces(
    installation: Installation, session: Session, journey: Journey, *, owner_id: int
) -> None:
    """Give each persona that has a portrait its picture."""
    for persona in personas_of(session, journey.id):
        portrait = _PORTRAITS.get(persona.title.partition(",")[0])
        if portrait is not None:
            data = redrawn(_drawn(portrait), widest=_SIDE, field="file")
            set_picture(
                installation, session, journey, persona, data, alt=portrait.alt, user_id=owner_id
            )


def _drawn(of: Portrait) -> bytes:
    picture = Image.new("RGB", (2 * _SIDE, 2 * _SIDE), of.behind)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((160, 660, 800, 1400), fill=of.coat)
    if of.is_long:
        pen.rounded_rectangle((270, 200, 690, 700), radius=200, fill=of.hair)
    pen.rectangle((410, 560, 550, 720), fill=of.skin)
    pen.ellipse((320, 240, 640, 640), fill=of.skin)
    pen.chord((300, 190, 660, 590), 180, 360, fill=of.hair)
    for x in (415, 545):
        pen.ellipse((x - 16, 430, x + 16, 462), fill="#2a2a2a")
    pen.arc((420, 470, 540, 570), 20, 160, fill="#8a3b2e", width=10)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
