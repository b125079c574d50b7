"""A brand's picture: drawn anew, small, and nothing in it but pixels."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from surveyapp.errors import Invalid
from surveyapp.fielding.logos import LARGEST_UPLOAD, read_logo


def drawn(size: tuple[int, int]) -> bytes:
    out = BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(out, "PNG")
    return out.getvalue()


def test_what_an_uploaded_file_says_beside_its_pixels_is_gone():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "<script>alert(1)</script>")
    plain = BytesIO()
    Image.new("RGB", (300, 100), "#336699").save(plain, "PNG", pnginfo=notes)
    logo = read_logo(plain.getvalue() + b"<script>alert(2)</script>")
    assert b"script" not in logo.data
    with Image.open(BytesIO(logo.data)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (288, 96))
        assert "Comment" not in picture.info
    assert (logo.width, logo.height) == (144, 48)


@pytest.mark.parametrize("size", [(4000, 30), (30, 4000), (520, 96), (16, 16), (3900, 4000)])
def test_a_logo_fits_the_page_and_its_first_view(size):
    logo = read_logo(drawn(size) if max(size) < 1000 else _plain(size))
    assert 1 <= logo.width <= 260
    assert 1 <= logo.height <= 48
    assert len(logo.data) <= 8 * 1024


def _plain(size: tuple[int, int]) -> bytes:
    out = BytesIO()
    Image.new("P", size).save(out, "PNG")
    return out.getvalue()


def test_a_file_that_is_too_heavy_is_not_even_opened():
    with pytest.raises(Invalid, match=r"2\.0 MB") as refused:
        read_logo(b"x" * (LARGEST_UPLOAD + 1))
    assert refused.value.field == "logo"
