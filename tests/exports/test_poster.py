"""The poster says what it should, on one A4 page, with a code that leads where it says."""

from __future__ import annotations

import io

import pdfplumber
import pytest
import segno
from PIL import Image

from surveyapp.exports.poster import Poster, poster_pdf
from surveyapp.i18n.languages import texts

ADDRESS = "https://survey.northbank.example/s/abcdefghjk"


def made(language: str = "en", **options: str) -> bytes:
    return poster_pdf(Poster(ADDRESS, "Northbank", texts(language), **options))


def drawn(data: bytes) -> Image.Image:
    """The page as a printer would have it, 100 pixels an inch."""
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        return pdf.pages[0].to_image(resolution=100).original.convert("L")


def test_it_is_one_page_of_a4_with_every_text_and_no_picture():
    with pdfplumber.open(io.BytesIO(made(note="8 questions, about a minute"))) as pdf:
        (page,) = pdf.pages
        assert (round(page.width), round(page.height)) == (595, 842)
        text = page.extract_text()
        assert page.images == []
    for part in ("Northbank", "How was it?", "survey.northbank.example/s/abcdefghjk", "a minute"):
        assert part in text


def test_the_same_poster_is_the_same_file():
    assert made() == made()


def test_the_code_leads_to_the_address_that_stands_below_it():
    """Each module of the printed code is dark or light as the address wants it."""
    image = drawn(made())
    width, height = image.size
    dark = [
        (x, y)
        for y in range(int(height * 0.34), int(height * 0.75))
        for x in range(0, width, 1)
        if image.getpixel((x, y)) < 100
    ]
    left, right = min(x for x, _ in dark), max(x for x, _ in dark) + 1
    top, bottom = min(y for _, y in dark), max(y for _, y in dark) + 1
    matrix = segno.make_qr(ADDRESS, error="m").matrix
    count = len(matrix)
    assert abs((right - left) - (bottom - top)) <= 2
    for row in range(count):
        for column in range(count):
            x = left + (column + 0.5) * (right - left) / count
            y = top + (row + 0.5) * (bottom - top) / count
            assert (image.getpixel((int(x), int(y))) < 128) == bool(matrix[row][column])


@pytest.mark.parametrize("language", ["fi", "sv", "de", "fr", "es", "ar"])
def test_it_speaks_the_language_and_stays_within_the_page(language: str):
    with pdfplumber.open(io.BytesIO(made(language))) as pdf:
        (page,) = pdf.pages
        letters = page.chars
    assert letters
    assert min(letter["x0"] for letter in letters) >= 40
    assert max(letter["x1"] for letter in letters) <= 595 - 40
    assert "\ufffd" not in "".join(letter["text"] for letter in letters)


def test_long_names_and_addresses_stay_within_the_page():
    long = Poster(
        f"https://{'survey.' * 12}example/s/abcdefghjk", "Northbank " * 4, texts("en"), "#ffee00"
    )
    with pdfplumber.open(io.BytesIO(poster_pdf(long))) as pdf:
        letters = pdf.pages[0].chars
    assert max(letter["x1"] for letter in letters) <= 595


def test_a_logo_stands_on_white():
    picture = io.BytesIO()
    Image.new("RGBA", (300, 100), (10, 20, 30, 255)).save(picture, "PNG")
    poster = Poster(ADDRESS, "Northbank", texts("en"), "#0b4f8a", picture.getvalue())
    with pdfplumber.open(io.BytesIO(poster_pdf(poster))) as pdf:
        (image,) = pdf.pages[0].images
        assert image["x1"] - image["x0"] <= 221
        assert "Northbank" not in pdf.pages[0].extract_text()
