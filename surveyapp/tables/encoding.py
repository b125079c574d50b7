"""How the text of a file is encoded, told from every byte of it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from surveyapp.errors import Invalid

_CHUNK = 1 << 20
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PRINTED_BY_WINDOWS_ONLY = re.compile(rb"[\x80-\x9f]")
_PRINTED_BY_NOBODY = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_CURE = "save it as CSV UTF-8, or name its encoding (--encoding)."
TITLES = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
}


def encoding_of(file: BinaryIO, chosen: str = "") -> str:
    """The encoding of a text file: ``chosen``, else UTF-8, or UTF-16 with its byte order mark, else
    Windows-1252 where the file uses what it has over Latin-1 (the euro sign, typographic quotes), else
    Latin-1. The file stands at its beginning before and after.

    Raises Invalid for what is no text, for bytes that are in none of these, or not in the chosen one.
    """
    if chosen:
        return _chosen(file, chosen)
    head = file.read(4)
    file.seek(0)
    if head.startswith(_UTF_16):
        _check(file, "utf-16")
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf_8, is_windows, at = True, False, 0
    for chunk in _chunks(file):
        if b"\x00" in chunk:
            raise Invalid(
                f"The file is not a text file (it contains zero bytes); {_CURE}", field="file"
            )
        if is_utf_8:
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                is_utf_8 = False
        is_windows = is_windows or _PRINTED_BY_WINDOWS_ONLY.search(chunk) is not None
    if is_utf_8:
        return "utf-8-sig"
    if not is_windows:
        return "latin-1"
    for chunk in _chunks(file):
        unknown = _PRINTED_BY_NOBODY.search(chunk)
        if unknown:
            raise Invalid(
                f"The file is neither UTF-8 nor Windows-1252 (byte {at + unknown.start()} is"
                f" {unknown[0][0]:#x}); {_CURE}",
                field="file",
            )
        at += len(chunk)
    return "cp1252"


def title_of(encoding: str) -> str:
    """The encoding's usual name."""
    return TITLES.get(encoding, encoding.upper())


def _chosen(file: BinaryIO, name: str) -> str:
    try:
        "".encode(name)  # which refuses codecs that make no bytes of text
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        raise Invalid(
            f"{name[:40]!r} is no encoding that is known here; use a name such as UTF-8, UTF-16-LE,"
            " Windows-1250 or Shift-JIS.",
            field="encoding",
        ) from None
    encoding = {"utf-8": "utf-8-sig", "iso8859-1": "latin-1"}.get(found, found)
    _check(file, encoding)
    return encoding


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """The file from its beginning, and an empty chunk at its end; it is left at its beginning."""
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk
    file.seek(0)
    yield b""


def _check(file: BinaryIO, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    at = 0
    for chunk in _chunks(file):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            file.seek(0)
            raise Invalid(
                f"The file is not {title_of(encoding)} (about byte {at + error.start}); {_CURE}",
                field="file",
            ) from error
        if "\x00" in text:
            file.seek(0)
            raise Invalid(
                f"The file is not a text file (it contains zero bytes); {_CURE}", field="file"
            )
        at += len(chunk)
