"""The closing chapter of the validation report: how to repeat it."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.r_script import steps_of
from analysis.scale.sections.cfa import CfaSection
from surveyapp.reports.document import Block, Heading, Paragraph, Styled, Tone
from surveyapp.reports.rules_told import rules_named
from surveyapp.reports.validation.part import ValidationStudy
from surveyapp.reports.validation.wording import lines


def reproducibility(study: ValidationStudy) -> Iterator[Block]:
    """Fingerprint, seed, software, rules; the model and the same analysis as programs."""
    validation, words = study.document, study.words
    cfa = validation.get(CfaSection)
    yield Heading(words.say("Reproducibility"), new_page=True)
    yield Paragraph(
        words.say(
            "The same answers with these settings give the same results. The fingerprint is the SHA-256"
            " hash of the items' names and values in order."
        )
    )
    software = ", ".join(f"{k} {v}" for k, v in validation.versions.items())
    shown = [
        (words.say("Fingerprint"), validation.fingerprint),
        (words.say("Seed"), str(validation.settings.seed)),
        (words.say("Software"), software),
        (words.say("Format"), validation.format),
        (words.say("Rules"), rules_named(study.rules, words)),
    ]
    for label, value in shown:
        yield Paragraph((Styled(f"{label}: "), words.name(value)))
    if cfa is not None:
        yield Heading(words.say("Model"), level=2)
        yield Paragraph("\n".join(lines(cfa.model_text)), Tone.QUOTE)
    if validation.r_script:
        yield Heading(words.say("The same analysis in R"), level=2)
        yield Paragraph(
            words.say(
                "The steps of the script that comes with the results. The whole of it runs on lavaan 0.6"
                " and 0.7 and compares the numbers with these."
            )
        )
        yield Paragraph("\n".join(lines(steps_of(validation.r_script))), Tone.QUOTE)
