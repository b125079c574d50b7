"""Documents that may stand on a map, known by what is in them and not by what they are called."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from surveyapp.errors import Invalid

PICTURE = "image/webp"
_OPEN, _ODF = (
    "application/vnd.openxmlformats-officedocument.",
    "application/vnd.oasis.opendocument.",
)
PDF, TEXT = "application/pdf", "text/plain"
_LARGEST_INSIDE, _MOST_PARTS = 200 * 1024 * 1024, 5000
_LARGEST_PART = 4 * 1024 * 1024  # bytes read of a part that says what the document does
_FIELD = "file"


@dataclass(frozen=True)
class DocumentKind:
    """``said`` names it to a reader; ``ending`` is that of its file."""

    said: str
    ending: str


DOCUMENTS: Mapping[str, DocumentKind] = {
    PDF: DocumentKind("PDF", "pdf"),
    TEXT: DocumentKind("text", "txt"),
    _OPEN + "wordprocessingml.document": DocumentKind("Word", "docx"),
    _OPEN + "spreadsheetml.sheet": DocumentKind("Excel", "xlsx"),
    _OPEN + "presentationml.presentation": DocumentKind("PowerPoint", "pptx"),
    _ODF + "text": DocumentKind("OpenDocument text", "odt"),
    _ODF + "spreadsheet": DocumentKind("OpenDocument spreadsheet", "ods"),
    _ODF + "presentation": DocumentKind("OpenDocument presentation", "odp"),
}


@dataclass(frozen=True)
class MapFile:
    """What is stored: ``media_type`` is ``PICTURE`` or a key of ``DOCUMENTS``."""

    data: bytes
    media_type: str

    @property
    def ending(self) -> str:
        return "webp" if self.media_type == PICTURE else DOCUMENTS[self.media_type].ending


_PDF, _OLE, _ZIP = b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_RUNS_IN_PDF = re.compile(rb"/(JavaScript|Launch)\b")
_RUNS_IN_OFFICE = re.compile(r"(^|/)(vbaProject[^/]*|activeX|macrosheets|Basic|Scripts)(/|$)", re.I)
_ENDED = {kind.ending: media_type for media_type, kind in DOCUMENTS.items()}
_MAIN = re.compile(rb'ContentType\s*=\s*"([^"]{1,200})\.main\+xml"')
# What an office program fetches or runs by itself when it opens the document: links that a reader
# follows by a click, and pictures, are left alone.
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>", re.S)
_FETCHED = re.compile(
    rb"""Type\s*=\s*["'][^"']*/(attachedTemplate|oleObject|frame|subDocument)["']"""
)
_EXTERNAL = re.compile(rb"""TargetMode\s*=\s*["']External["']""")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def read_document(data: bytes) -> MapFile | None:
    """The document in an upload; None for what is none of ``DOCUMENTS``.

    Raises Invalid for one that runs something when it is opened, that is locked by a password or of the
    formats of before 2007, and for an archive that unpacks to more than 200 MB.
    """
    if data[: len(_PDF)] == _PDF:
        if _RUNS_IN_PDF.search(data):
            raise _running(
                "This PDF contains a script or starts a program", "print it to a new PDF"
            )
        return MapFile(data, PDF)
    if data[: len(_OLE)] == _OLE:
        raise Invalid(
            "This document is locked by a password, or of a format before 2007 (.doc, .xls, .ppt), which"
            " can hold macros that are not seen; save it as DOCX, XLSX, PPTX or PDF without a password.",
            field=_FIELD,
        )
    if data[: len(_ZIP)] == _ZIP:
        return _packed(data)
    return MapFile(data, TEXT) if _is_text(data) else None


def _is_text(data: bytes) -> bool:
    """Whether these are words and not markup, which a program that opens it might follow."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    begins = text.lstrip()[:1]
    return bool(begins) and begins != "<" and _CONTROL.search(text) is None


def _packed(data: bytes) -> MapFile | None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            _refuse_large(packed)
            media_type = _media_type(packed)
            if media_type is None:
                return None
            _refuse_running(packed)
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        # What zipfile raises for a damaged archive, an unknown compression and a password.
        raise Invalid(
            "This document is damaged or locked by a password; save it again without one.",
            field=_FIELD,
        ) from error
    return MapFile(data, media_type)


def _media_type(packed: zipfile.ZipFile) -> str | None:
    """The type that the document says it is, of those that are kept."""
    names = set(packed.namelist())
    if "[Content_Types].xml" in names:
        said = _MAIN.search(_part(packed, "[Content_Types].xml"))
        found = said[1].decode("latin-1") if said else ""
        if b"macroEnabled" in _part(packed, "[Content_Types].xml"):
            raise _macros()
        return found if found in DOCUMENTS else None
    if "mimetype" in names:
        found = _part(packed, "mimetype").decode("latin-1").strip()
        return found if found in DOCUMENTS else None
    return None


def _refuse_large(packed: zipfile.ZipFile) -> None:
    entries = packed.infolist()
    inside = sum(each.file_size for each in entries)
    if inside > _LARGEST_INSIDE or len(entries) > _MOST_PARTS:
        raise Invalid(
            f"This document unpacks to {inside:,} bytes in {len(entries):,} parts; use one of at most"
            f" {_LARGEST_INSIDE:,} bytes and {_MOST_PARTS:,} parts, or save it as PDF.",
            field=_FIELD,
        )


def _refuse_running(packed: zipfile.ZipFile) -> None:
    for name in packed.namelist():
        if _RUNS_IN_OFFICE.search(name):
            raise _macros()
        if name[-5:] == ".rels":
            for said in _RELATION.findall(_part(packed, name)):
                if _FETCHED.search(said) and _EXTERNAL.search(said):
                    raise _running(
                        "This document loads a template or an object from elsewhere when it is opened",
                        "break its links and save it again, or save it as PDF",
                    )


def _part(packed: zipfile.ZipFile, name: str) -> bytes:
    with packed.open(name) as part:
        read = part.read(_LARGEST_PART + 1)
    if len(read) > _LARGEST_PART:
        raise Invalid(f"{name[:80]} in this document is too large; save it as PDF.", field=_FIELD)
    return read


def _macros() -> Invalid:
    return _running(
        "This document contains macros", "save it without them (DOCX, XLSX, PPTX) or as PDF"
    )


def _running(what: str, cure: str) -> Invalid:
    return Invalid(f"{what}, which is not kept; {cure}.", field=_FIELD)
