"""Files that stand on a map: pictures drawn anew, and documents as they came."""

from __future__ import annotations

from surveyapp.errors import Invalid
from surveyapp.journeys.map_documents import PICTURE, MapFile, read_document
from surveyapp.pictures import redrawn

LARGEST = 10 * 1024 * 1024  # bytes of an upload
_WIDEST = 1600  # pixels
_FIELD = "file"


def read_map_file(data: bytes) -> MapFile:
    """The picture or document in an upload, by what is in it and not by its name.

    A picture is drawn anew, at most 1,600 pixels each way. Raises Invalid for anything else, for more
    than 10 MB, and as ``read_document`` does.
    """
    if len(data) > LARGEST:
        size = f"{len(data) / 1024 / 1024:.1f}"
        raise Invalid(f"The file is {size} MB; use one of at most 10 MB.", field=_FIELD)
    document = read_document(data)
    if document is not None:
        return document
    try:
        return MapFile(redrawn(data, widest=_WIDEST, field=_FIELD), PICTURE)
    except Invalid as error:
        said = str(error)
        if "cannot be read as an image" in said:
            said = (
                "This file is neither a picture (PNG, JPEG, WebP) nor a document (PDF, DOCX, XLSX, PPTX,"
                " ODT, ODS, ODP or plain text in UTF-8); other files are not kept."
            )
        raise Invalid(said, field=_FIELD) from error
