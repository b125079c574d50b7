"""Pictures that somebody uploads: looked at before they are decoded, and never shown as they came."""

from __future__ import annotations

import struct
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

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


def redrawn(data: bytes, *, widest: int, field: str) -> bytes:
    """The picture drawn anew as WebP, at most ``widest`` pixels each way: what comes out holds pixels and
    nothing else, not even where it was taken. Raises Invalid at ``field``.
    """
    upright = _upright(opened_picture(data, field=field))
    drawn = upright.convert("RGBA" if "A" in upright.getbands() else "RGB")
    drawn.thumbnail((widest, widest), Image.Resampling.LANCZOS)
    out = BytesIO()
    drawn.save(out, "WEBP", quality=82)
    return out.getvalue()


def _upright(picture: Image.Image) -> Image.Image:
    """The picture as the camera was held; as it lies where what the camera noted cannot be read."""
    try:
        return ImageOps.exif_transpose(picture) or picture
    except (OSError, SyntaxError, ValueError, TypeError, struct.error, Warning):
        return picture


def _too_large(found: str, field: str) -> Invalid:
    return Invalid(f"The image has {found}; use a smaller one.", field=field)
