"""Purification, and the closing chapter of the validation report: how to repeat it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports import validation_tables as tables
from surveyapp.reports.document import Block, Heading, Paragraph, Styled, Tone


def purification(section: Mapping[str, Any] | None) -> Iterator[Block]:
    if section is None:
        return
    yield Heading("Purification", level=2)
    if not section["steps"]:
        yield Paragraph(
            f"No item is proposed for removal: all load at {apa.bounded(section['loading_cut'])} or "
            f"above, or their factor would fall below {section['fewest_items']} items."
        )
        return
    yield Paragraph("Proposed, one item at a time, but not applied anywhere in this report:")
    for step in section["steps"]:
        yield Paragraph(
            (
                Styled(f"{step['item']} ({step['factor']})."),
                f" {step['reason']}. CFI {apa.bounded(step['before']['cfi'], 3)} to "
                f"{apa.bounded(step['after']['cfi'], 3)}, alpha {apa.bounded(step['alpha_before'])} to "
                f"{apa.bounded(step['alpha_after'])}.",
            ),
            Tone.BULLET,
        )


def reproducibility(document: Mapping[str, Any]) -> Iterator[Block]:
    settings = document["settings"]
    yield Heading("Reproducibility", new_page=True)
    yield Paragraph(
        "The same answers with these settings give the same results. The fingerprint"
        " is the SHA-256 hash of the items' names and values in order."
    )
    shown = [
        ("Fingerprint", document["fingerprint"]),
        ("Seed", str(settings["seed"])),
        ("Software", ", ".join(f"{k} {v}" for k, v in document["versions"].items())),
        ("Format", document["format"]),
    ]
    for label, value in shown:
        yield Paragraph((Styled(f"{label}: "), value))
    if document["cfa"] is not None:
        yield Heading("Model", level=2)
        yield Paragraph("\n".join(tables.lines(document["cfa"]["model_text"])), Tone.QUOTE)
    script = document.get("r_script")
    if script:
        yield Heading("The same analysis in R", level=2)
        yield Paragraph("\n".join(tables.lines(script)), Tone.QUOTE)
