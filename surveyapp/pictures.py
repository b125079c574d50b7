"""Pictures that somebody uploads: looked at before they are decoded, and never shown as they came."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, UnidentifiedImageError

from surveyapp.errors import Invalid

FORMATS = ("PNG", "JPEG", "WEBP")
_MOST_PIXELS, _MILLIONS = 16_000_000, "16 million"


def opened_picture(data: bytes, *, field: str) -> Image.Image:
    """The picture, decoded once its header has said that it is small enough. Raises Invalid at ``field``."""
    try:
        picture = Image.open(BytesIO(data), formats=FORMATS)
        width, height = picture.size
        if width * height > _MOST_PIXELS:
            raise _too_large(f"{width} by {height} pixels, which is more than {_MILLIONS}", field)
        picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # So far beyond our limit that Pillow itself stops at the header, without saying the size.
        raise _too_large(f"more than {_MILLIONS} pixels", field) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Warning) as error:
        raise Invalid(
            "This file cannot be read as an image; use PNG, JPEG or WebP. SVG is not"
            " accepted, because it can contain scripts.",
            field=field,
        ) from error
    return picture


def _too_large(found: str, field: str) -> Invalid:
    return Invalid(f"The image has {found}; use a smaller one.", field=field)
