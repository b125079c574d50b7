"""The bank's colour and logo: drawn here, since a picture in the package would be one more file."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy.orm import Session

from surveyapp.demo.bank import PROVIDER
from surveyapp.installation import Installation
from surveyapp.reports.typesetting.fonts import text_folder
from surveyapp.store.models import SurveyRow
from surveyapp.surveys.design import change_theme
from surveyapp.surveys.logos import read_logo

COLOUR = "#0b6e4f"
_INK = "#16202b"
_HEIGHT = 72  # pixels: one and a half times as many as are shown; drawn larger, for smooth edges


def brand(session: Session, installation: Installation, surveys: Iterable[SurveyRow]) -> None:
    """Give these surveys the bank's look."""
    logo = read_logo(drawn_logo())
    file = installation.files.put(session, logo.data, name="logo", media_type=logo.media_type)
    look = {
        "colour": COLOUR,
        "name": PROVIDER,
        "logo_file_id": file.id,
        "logo_width": logo.width,
        "logo_height": logo.height,
    }
    for survey in surveys:
        change_theme(session, survey, look, user_id=None)


def drawn_logo() -> bytes:
    """The logo as a PNG: a needle that points north, and the bank's name."""
    font = ImageFont.truetype(str(text_folder() / "SourceSansPro-Semibold.ttf"), 4 * 48)
    width = 4 * 82 + int(font.getlength(PROVIDER))
    picture = Image.new("RGBA", (width, 4 * 72), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((8, 8, 280, 280), radius=72, fill=COLOUR)
    pen.polygon([(144, 48), (192, 176), (144, 148), (96, 176)], fill="#ffffff")
    pen.rectangle((100, 216, 188, 236), fill="#ffffff")
    pen.text((324, 144), PROVIDER, font=font, fill=_INK, anchor="lm")
    small = picture.resize((width * _HEIGHT // picture.height, _HEIGHT), Image.Resampling.LANCZOS)
    out = BytesIO()
    # Few colours pack well, and the first view stays small.
    small.quantize(32, Image.Quantize.FASTOCTREE).convert("RGBA").save(out, format="PNG")
    return out.getvalue()
