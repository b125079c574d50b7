"""Files that stand on a map: pictures drawn anew, and PDF documents."""

from __future__ import annotations

from surveyapp.errors import Invalid
from surveyapp.journeys.map_evidence import DOCUMENT, PICTURE, MapFile
from surveyapp.pictures import redrawn

LARGEST = 10 * 1024 * 1024  # bytes of an upload
_PDF = b"%PDF-"
_WIDEST = 1600  # pixels
_FIELD = "file"


def read_map_file(data: bytes) -> MapFile:
    """The picture or document in an upload, by its first bytes and not by its name.

    A picture is drawn anew, at most 1,600 pixels each way. Raises Invalid for anything else, or for more
    than 10 MB.
    """
    if len(data) > LARGEST:
        size = f"{len(data) / 1024 / 1024:.1f}"
        raise Invalid(f"The file is {size} MB; use one of at most 10 MB.", field=_FIELD)
    if data[: len(_PDF)] == _PDF:
        return MapFile(data, DOCUMENT)
    try:
        return MapFile(redrawn(data, widest=_WIDEST, field=_FIELD), PICTURE)
    except Invalid as error:
        said = str(error)
        if "cannot be read as an image" in said:
            said = "This file is neither a PNG, JPEG or WebP picture nor a PDF; other files are not kept."
        raise Invalid(said, field=_FIELD) from error
