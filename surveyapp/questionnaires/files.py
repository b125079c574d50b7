"""A questionnaire's files: one archive to download, and what is uploaded, an archive or its files."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from instruments.loader import InstrumentError, parse
from surveyapp.errors import Invalid
from surveyapp.questionnaires.documents import Document, document_of

DEFINITION = "instrument.toml"
MOST_FILES = 60
MOST_BYTES = 8_000_000  # of all files of an archive; the largest real one has a hundredth
# What zipfile raises for archives that are damaged, encrypted or packed in a way that it does not know.
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError)


def archive(document: Document) -> bytes:
    """The questionnaire's folder as a ZIP archive."""
    code = document.definition["code"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as written:
        for name, text in document.files().items():
            written.writestr(zipfile.ZipInfo(f"{code}/{name}"), text)
    return packed.getvalue()


def uploaded(files: Mapping[str, bytes]) -> Document:
    """The questionnaire in uploaded files. Raises Invalid with every fault, at the field ``files``."""
    texts: dict[str, str] = {}
    for name, content in _unpacked(files).items():
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Invalid(f"{name} is not UTF-8 text ({error}).", field="files") from error
        texts[name if name == DEFINITION else f"texts/{name}"] = text
    definition = texts.pop(DEFINITION, None)
    if definition is None:
        raise Invalid(
            f"There is no {DEFINITION} among the files; choose it with its texts, or the archive"
            " that was downloaded.",
            field="files",
        )
    try:
        return document_of(parse(definition, texts))
    except InstrumentError as error:
        raise Invalid(" ".join(f"{each}." for each in error.faults), field="files") from error


def _unpacked(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The TOML files by their names without folders, from archives too."""
    found: dict[str, bytes] = {}
    for name, content in files.items():
        if name.lower().endswith(".zip"):
            found |= _members(name, content)
        elif name.lower().endswith(".toml"):
            found[PurePosixPath(name).name] = content
        else:
            raise Invalid(f"{name[:60]} is neither TOML nor ZIP; choose others.", field="files")
    return found


def _members(name: str, content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            members = [each for each in packed.infolist() if each.filename.endswith(".toml")]
            if len(members) > MOST_FILES:
                raise Invalid(f"{name[:60]} holds more than {MOST_FILES} files.", field="files")
            found, left = {}, MOST_BYTES
            for each in members:
                with packed.open(each) as file:
                    read = file.read(left + 1)  # a few bytes can unfold to gigabytes
                left -= len(read)
                if left < 0:
                    raise Invalid(
                        f"{name[:60]} unpacks to more than {MOST_BYTES:,} bytes.", field="files"
                    )
                found[PurePosixPath(each.filename).name] = read
            return found
    except _BROKEN as error:
        raise Invalid(f"{name[:60]} cannot be unpacked ({error}).", field="files") from error
