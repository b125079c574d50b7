"""Text files as people save them: UTF-8 with or without a byte order mark, UTF-16 with one."""

from __future__ import annotations

import codecs
from pathlib import Path

from surveyapp.errors import Invalid

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _encoding_of(path: Path) -> str:
    """ "utf-16" where the file begins with its byte order mark, else "utf-8-sig"."""
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in _UTF_16 else "utf-8-sig"


def read_text(path: Path) -> str:
    """The text of a file. Raises Invalid, naming file, place and cure, for any other encoding."""
    encoding = _encoding_of(path)
    try:
        text = path.read_text(encoding=encoding)
    except UnicodeError as error:
        raise _no_text(path, encoding, error) from error
    if "\x00" in text:
        raise Invalid(f"{path}: not a text file (it contains zero bytes); save it as UTF-8")
    return text


def _no_text(path: Path, encoding: str, error: UnicodeError) -> Invalid:
    """The error for a file that is not in the encoding it seems to have."""
    place = f" (byte {error.start})" if isinstance(error, UnicodeDecodeError) else ""
    name = "UTF-16" if encoding == "utf-16" else "UTF-8"
    return Invalid(f"{path}: not {name}{place}; save it as UTF-8")
