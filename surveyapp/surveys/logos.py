"""A brand's picture: whatever is uploaded is looked at, made small and drawn anew.

What comes out holds pixels and nothing else: no script, no comment, no place where it was taken.
SVG is refused, because it is a program as much as a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from surveyapp.errors import Invalid
from surveyapp.pictures import opened_picture

MEDIA_TYPES = ("image/png", "image/webp")
LARGEST_UPLOAD = 2 * 1024 * 1024  # bytes
_TALLEST, _WIDEST = 48, 260  # CSS pixels on the page; drawn with twice as many
_SMALLEST = 16
_AIM = 6 * 1024  # bytes; the page's first view stays small with the logo in it
_QUALITIES = (90, 80, 65, 50)


@dataclass(frozen=True)
class Logo:
    """A picture that is safe to show, and its size in CSS pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


def read_logo(data: bytes) -> Logo:
    """The logo in an uploaded file. Raises Invalid(field="logo"), saying what was found and needed."""
    if len(data) > LARGEST_UPLOAD:
        size = f"{len(data) / 1024 / 1024:.1f}"
        raise Invalid(f"The image is {size} MB; use one of at most 2 MB.", field="logo")
    picture = opened_picture(data, field="logo")
    width, height = picture.size
    if min(width, height) < _SMALLEST:
        raise Invalid(
            f"The image is {width} by {height} pixels; use at least {_SMALLEST} each way.",
            field="logo",
        )
    shrink = min(2 * _TALLEST / height, 2 * _WIDEST / width, 1.0)
    drawn = picture.convert("RGBA").resize(
        (max(1, round(width * shrink)), max(1, round(height * shrink))), Image.Resampling.LANCZOS
    )
    scale = min(_TALLEST / drawn.height, _WIDEST / drawn.width, 1.0)
    shown = max(1, round(drawn.width * scale)), max(1, round(drawn.height * scale))
    return Logo(_written(drawn), "image/webp", *shown)


def _written(picture: Image.Image) -> bytes:
    """The picture as WebP: without loss if that is small enough, else as good as fits."""
    data = _webp(picture, lossless=True)
    for quality in _QUALITIES:
        if len(data) <= _AIM:
            return data
        data = _webp(picture, quality=quality)
    if len(data) <= _AIM:
        return data
    # A photograph rather than a logo: without the second pixel for sharp screens.
    half = max(1, picture.width // 2), max(1, picture.height // 2)
    return _webp(picture.resize(half, Image.Resampling.LANCZOS), quality=_QUALITIES[-1])


def _webp(picture: Image.Image, **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, format="WEBP", method=6, **options)
    return out.getvalue()
