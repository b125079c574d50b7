"""A brand's picture: drawn anew, small, and nothing in it but pixels."""

from __future__ import annotations

import random
import struct
import tracemalloc
import zlib
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from surveyapp.errors import Invalid
from surveyapp.surveys.logos import LARGEST_UPLOAD, read_logo


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


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *more: bytes) -> bytes:
    """A PNG of these dimensions, with further chunks, and with the pixels of 300 by 100."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100 * (1 + 3 * 300)))
    chunks = (_chunk(b"IHDR", header), *more, _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def jpeg(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (16, 16)).save(out, "JPEG")
    data = bytearray(out.getvalue())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def webp(width: int, height: int) -> bytes:
    sizes = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sizes
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif(width: int, height: int) -> bytes:
    size = struct.pack("<HH", width, height)
    return b"GIF89a" + size + b"\0\0\0,\0\0\0\0" + size + b"\0\x02\x02L\x01\0;"


@pytest.mark.parametrize(
    "data",
    [
        *(png(100_000, 100_000), png(2**31 - 1, 2**31 - 1), png(13_400, 13_400), png(9500, 9500)),
        *(png(4001, 4000), png(16_000_001, 1), jpeg(65_500, 65_500), webp(2**24, 2**24)),
    ],
)
def test_a_picture_too_large_by_its_header_is_refused_before_a_pixel_is_decoded(data: bytes):
    assert len(data) < 1000
    tracemalloc.start()
    with pytest.raises(Invalid, match="more than 16 million") as refused:
        read_logo(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.field == "logo"
    assert peak < 1_000_000


_BOMB = zlib.compress(bytes(50_000_000))


@pytest.mark.parametrize(
    "data",
    [
        png(300, 100)[:80],
        png(300, 100)[:-60],
        png(3000, 3000),  # fewer pixels than it says
        png(0, 100),
        png(300, 100, _chunk(b"zTXt", b"Comment\0\0" + _BOMB)),
        png(300, 100, _chunk(b"iTXt", b"Comment\0\1\0\0\0" + _BOMB)),
        png(300, 100, _chunk(b"iCCP", b"profile\0\0" + _BOMB)),
        *(gif(65_535, 65_535), gif(300, 100), jpeg(300, 100)[:200], webp(300, 100)),
        *(b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\xff\xff\xff\xffWEBP", b"GIF89a"),
    ],
)
def test_a_broken_or_swollen_file_is_refused_as_no_picture(data: bytes):
    with pytest.raises(Invalid, match="cannot be read as an image") as refused:
        read_logo(data)
    assert refused.value.field == "logo"


def test_a_file_with_bytes_changed_is_a_logo_or_refused():
    """2,000 pictures, each with some of its bytes replaced or its end cut off."""
    chance = random.Random(3)  # noqa: S311 - seeded on purpose
    whole = []
    for kind in ("PNG", "JPEG", "WEBP"):
        out = BytesIO()
        Image.effect_noise((40, 20), 60).convert("RGB").save(out, kind)
        whole.append(out.getvalue())
    refused = 0
    for _ in range(2000):
        data = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 2, 8))):
            data[chance.randrange(min(len(data), 60))] = chance.randrange(256)
        cut = chance.choice((len(data), len(data), chance.randrange(len(data))))
        try:
            assert read_logo(bytes(data[:cut])).data
        except Invalid:
            refused += 1
    assert 0 < refused < 2000
