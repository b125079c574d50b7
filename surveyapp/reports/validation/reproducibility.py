"""The closing chapter of the validation report: how to repeat it."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.r_script import steps_of
from analysis.scale.sections.cfa import CfaSection
from surveyapp.reports.document import Block, Heading, Paragraph, Styled, Tone
from surveyapp.reports.validation.part import ValidationStudy
from surveyapp.reports.validation.wording import lines


def reproducibility(study: ValidationStudy) -> Iterator[Block]:
    """Fingerprint, seed, software, rules; the model and the same analysis as programs."""
    validation = study.document
    cfa = validation.get(CfaSection)
    yield Heading("Reproducibility", new_page=True)
    yield Paragraph(
        "The same answers with these settings give the same results. The fingerprint"
        " is the SHA-256 hash of the items' names and values in order."
    )
    shown = [
        ("Fingerprint", validation.fingerprint),
        ("Seed", str(validation.settings.seed)),
        ("Software", ", ".join(f"{k} {v}" for k, v in validation.versions.items())),
        ("Format", validation.format),
        ("Rules", study.rules.told),
    ]
    for label, value in shown:
        yield Paragraph((Styled(f"{label}: "), value))
    if cfa is not None:
        yield Heading("Model", level=2)
        yield Paragraph("\n".join(lines(cfa.model_text)), Tone.QUOTE)
    if validation.r_script:
        yield Heading("The same analysis in R", level=2)
        yield Paragraph(
            "The steps of the script that comes with the results. The whole of it runs on lavaan 0.6"
            " and 0.7 and compares the numbers with these."
        )
        yield Paragraph("\n".join(lines(steps_of(validation.r_script))), Tone.QUOTE)
