"""QR codes as files to print, and drawn in a page."""

from __future__ import annotations

import io

import segno

MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


def qr_file(address: str, kind: str, *, title: str) -> bytes:
    """A QR code of ``address`` as an "svg" or "png" file; error correction M survives a scratch."""
    code = segno.make_qr(address, error="m")
    buffer = io.BytesIO()
    if kind == "svg":
        code.save(buffer, kind="svg", border=4, scale=8, title=title)
    else:
        code.save(buffer, kind="png", border=4, scale=12)
    return buffer.getvalue()


def qr_svg(address: str) -> str:
    """A QR code of ``address`` to stand in a page: black on white whatever the page's colours are."""
    code = segno.make_qr(address, error="m")
    # Without a size of its own it scales whole; with one, a narrow page would cut it off.
    return code.svg_inline(border=3, omitsize=True, dark="black", light="white")
