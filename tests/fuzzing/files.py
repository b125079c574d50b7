"""Files that are not what they say, or too much of it; each as its name and its bytes."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import cache

from tests.fuzzing.values import ALL

WORKBOOK = {
    "[Content_Types].xml": b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "xl/workbook.xml": b'<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheets/></workbook>',
}
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">'
    b'<!ENTITY x SYSTEM "file:///etc/passwd">]><workbook>&d;&x;</workbook>'
)


@cache
def files() -> tuple[tuple[bytes, bytes], ...]:
    """Every hostile file."""
    png = _png(1, 1)
    csv = b"customer_ref,nps,at\nC-1,9,2026-01-01\n"
    return (
        *((b"a.csv", content) for content in _tables(csv)),
        (b"a.xlsx", _zip({"a.xml": b"0" * 20_000_000})),
        (b"a.xlsx", _zip({**WORKBOOK, "xl/workbook.xml": b" " * 20_000_000})),
        (b"a.xlsx", _zip({**WORKBOOK, "xl/workbook.xml": ENTITIES})),
        (b"a.xlsx", _zip({})),
        (b"a.xlsx", _zip(WORKBOOK)),
        (b"a.xlsx", _zip({"../../etc/passwd": b"x"})),
        (b"a.xlsx", _zip(WORKBOOK)[:60]),
        (b"a.xlsx", csv),
        (b"a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
        (b"a.sav", b"$FL2@(#) SPSS DATA FILE"),
        (b"a.sav", b"$FL2@(#) SPSS DATA FILE".ljust(64) + struct.pack("<12i", *([2] * 12))),
        (b"a.sav", b"$FL2" + b"\xff" * 500),
        (b"a.dta", b"<stata_dta><header><release>118</release>"),
        (b"a.dta", b"\x72\x02\x01\x00" + b"\xff" * 300),
        (b"a.parquet", b"PAR1"),
        (b"a.parquet", b"PAR1" + b"\xff" * 64 + struct.pack("<i", 2**31 - 1) + b"PAR1"),
        (b"a.json", b"[" * 100_000),
        (b"a.json", b'{"answers":[{"at":NaN}]}'),
        (b"a.json", b'{"format":1e400,"answers":{}}'),
        (b"a.jsonl", b'{"a":1}\n{"a":'),
        (b"a.toml", b"a = " + b"[" * 5_000),
        (b"a.toml", b"a." * 5_000 + b"b = 1"),
        (b"a.csv", png),
        (b"a.png", csv),
        (b"a.png", png[:30]),
        (b"a.png", _png(40_000, 40_000)),
        (b"a.png", _png(1, 1, text=b"a" * 20_000_00)),
        (b"a.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 30),
        (b"a.webp", b"RIFF\xff\xff\xff\xffWEBPVP8 "),
        (b"a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        (b"", csv),
        (b"a" * 5_000 + b".csv", csv),
        (b"../../etc/passwd", csv),
        (b"a\xff\xed\xa0\x80.csv", csv),
        (b"a.csv.exe", csv),
        (b".csv", b""),
    )


def _tables(csv: bytes) -> tuple[bytes, ...]:
    """Files of separated values."""
    return (
        b"",
        b"\n" * 1_000,
        csv[:20],
        csv + b'"',
        csv + b'"' * 20_001,
        csv.decode().encode("utf-16"),
        b"\xff\xfe\x00",
        b"\xef\xbb\xbf" + csv,
        csv.replace(b",", b"\x00"),
        b",".join(b"c%d" % number for number in range(20_000)) + b"\n" + b"1," * 19_999 + b"1\n",
        b"a" * 200_000 + b"\n1\n",
        b"nps\n" + b"1\n" * 20_000,
        b"a,a,a\n1,2,3\n",
        b",,\n,,\n",
        b"external_id,nps,submitted_at\n" + b"\n".join(
            b'"' + one.replace(b'"', b'""') + b'","' + one.replace(b'"', b'""') + b'",'
            + one.replace(b",", b"") for one in ALL if len(one) < 2_000
        ),
        b"customer_ref,touchpoint,at,email,external_id\n" + b"\n".join(
            b",".join([one.replace(b",", b"").replace(b"\n", b"")] * 5) for one in ALL if len(one) < 2_000
        ),
    )  # fmt: skip


def _zip(parts: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return written.getvalue()


def _png(width: int, height: int, *, text: bytes = b"") -> bytes:
    """A grey picture of this size by its header, with the bytes of one dot; ``text`` is compressed."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
    if text:
        parts.insert(1, (b"zTXt", b"Comment\0\0" + zlib.compress(text)))
    made = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + made
