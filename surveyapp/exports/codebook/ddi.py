"""The codebook as DDI-Codebook 2.5, which data archives and their tools read."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from surveyapp.exports.codebook.entries import Codebook, Entry
from surveyapp.exports.variable import Kind, Measure

_SPACE = "ddi:codebook:2_5"
_NATURE = {
    Measure.NOMINAL: "nominal",
    Measure.ORDINAL: "ordinal",
    Measure.SCALE: "interval",
}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_ddi(book: Codebook) -> str:
    """The XML: study, file and variables with questions, categories and their frequencies."""
    root = ElementTree.Element("codeBook", {"xmlns": _SPACE, "version": "2.5"})
    citation = _under(root, "stdyDscr", "citation")
    _text(_under(citation, "titlStmt"), "titl", f"Codebook: {book.title}")
    _text(_under(citation, "prodStmt"), "producer", book.provider)
    study = root[0]
    info = _under(study, "stdyInfo")
    summary = _under(info, "sumDscr")
    for moment, event in ((book.first, "start"), (book.last, "end")):
        if moment is not None:
            day = moment.isoformat()
            ElementTree.SubElement(summary, "collDate", {"date": day, "event": event}).text = day
    for source in book.sources:
        _text(_under(study, "othrStdyMat"), "relMat", f"{source.title}: {source.citation}")
    size = _under(root, "fileDscr", "fileTxt", "dimensns")
    _text(size, "caseQnty", str(book.responses))
    _text(size, "varQnty", str(len(book.entries)))
    data = ElementTree.SubElement(root, "dataDscr")
    for number, entry in enumerate(book.entries, start=1):
        _variable(data, entry, number)
    ElementTree.indent(root)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        + ElementTree.tostring(root, encoding="unicode")
        + "\n"
    )


def _variable(data: ElementTree.Element, entry: Entry, place: int) -> None:
    variable = entry.variable
    kind = "contin" if variable.measure is Measure.SCALE else "discrete"
    about = {
        "ID": f"V{place}",
        "name": variable.name,
        "intrvl": kind,
        "nature": _NATURE[variable.measure],
    }
    found = ElementTree.SubElement(data, "var", about)
    _text(found, "labl", variable.label)
    for language, text in entry.words.items():
        question = ElementTree.SubElement(found, "qstn", {"xml:lang": language})
        _text(question, "qstnLit", text)
    for figure, value in (
        ("vald", entry.n),
        ("invd", entry.empty + sum(entry.reasons.values())),
        ("mean", entry.mean),
        ("stdev", entry.sd),
        ("min", entry.least),
        ("max", entry.most),
    ):
        if value is not None:
            ElementTree.SubElement(found, "sumStat", {"type": figure}).text = repr(value)
    labels = {str(value): text for value, text in variable.labels.items()}
    for code, count in entry.counts.items():
        category = ElementTree.SubElement(found, "catgry")
        _text(category, "catValu", code)
        if code in labels:
            _text(category, "labl", labels[code])
        ElementTree.SubElement(category, "catStat", {"type": "freq"}).text = str(count)
    for number, reason in variable.missing.items():
        category = ElementTree.SubElement(found, "catgry", {"missing": "Y"})
        _text(category, "catValu", str(number))
        _text(category, "labl", reason)
        count = entry.reasons.get(reason, 0)
        ElementTree.SubElement(category, "catStat", {"type": "freq"}).text = str(count)
    form = "numeric" if variable.kind in {Kind.INTEGER, Kind.NUMBER} else "character"
    ElementTree.SubElement(found, "varFormat", {"type": form})


def _under(parent: ElementTree.Element, *names: str) -> ElementTree.Element:
    for name in names:
        parent = ElementTree.SubElement(parent, name)
    return parent


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    """An element with this text, less the signs that XML cannot hold."""
    ElementTree.SubElement(parent, name).text = _NOT_XML.sub("\ufffd", text)
