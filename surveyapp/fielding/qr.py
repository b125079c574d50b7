"""QR codes as SVG: printed on a receipt, shown on a terminal."""

from __future__ import annotations

import segno


def svg(url: str, *, title: str) -> str:
    """An SVG picture of ``url`` that scales to its box; ``title`` is read to those who cannot see it."""
    code = segno.make_qr(url, error="m")
    return str(code.svg_inline(border=4, omitsize=True, title=title, svgclass="qr", lineclass=None))
