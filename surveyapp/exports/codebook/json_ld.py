"""The codebook as JSON-LD in schema.org's words, which search engines for data read."""

from __future__ import annotations

import json
from typing import Any

from surveyapp.exports.codebook.entries import Codebook, Entry
from surveyapp.exports.licences import ADDRESSES


def to_json_ld(book: Codebook) -> str:
    """A Dataset with its variables, period, languages and what the questionnaires are based on."""
    document: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": book.title,
        "description": f"{book.responses} survey responses with {len(book.entries)} variables.",
        "creator": {"@type": "Organization", "name": book.provider},
        "dateCreated": book.made_at.isoformat(timespec="seconds"),
        "inLanguage": list(book.languages),
        "citation": [source.citation for source in book.sources],
        "variableMeasured": [_variable(entry) for entry in book.entries],
    }
    if book.licence:
        document["license"] = ADDRESSES.get(book.licence, book.licence)
    if book.first and book.last:
        document["temporalCoverage"] = f"{book.first}/{book.last}"
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _variable(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "PropertyValue",
        "name": entry.variable.name,
        "description": entry.variable.label,
    }
    if entry.words:
        found["alternateName"] = [
            {"@language": language, "@value": text} for language, text in entry.words.items()
        ]
    if entry.variable.labels:
        found["value"] = [
            {"@type": "PropertyValue", "value": value, "name": text}
            for value, text in entry.variable.labels.items()
        ]
    if entry.least is not None:
        found |= {"minValue": entry.least, "maxValue": entry.most}
    return found
