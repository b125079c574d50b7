"""Which function writes which format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from surveyapp.reports.document import Document
from surveyapp.reports.formats.names import Format
from surveyapp.reports.formats.pictures import Pictures
from surveyapp.reports.formats.slides import pptx
from surveyapp.reports.formats.web_page import html
from surveyapp.reports.formats.word_report import docx
from surveyapp.reports.typesetting.pdf import pdf

WRITERS: Mapping[Format, Callable[[Document, Pictures], bytes]] = {
    Format.PDF: lambda document, _pictures: pdf(document),
    Format.DOCX: docx,
    Format.PPTX: pptx,
    Format.HTML: html,
}


def written(document: Document, formats: Iterable[Format]) -> Iterator[tuple[Format, bytes]]:
    """The document in each of the formats; a drawing is made into a picture once."""
    pictures = Pictures()
    for each in formats:
        yield each, WRITERS[each](document, pictures)
