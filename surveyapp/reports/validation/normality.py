"""Multivariate normality in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.normality import NormalitySection
from surveyapp.reports import apa
from surveyapp.reports.document import Paragraph, Styled
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy


def _mardia(section: NormalitySection, _: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    yield Paragraph(
        (
            "Mardia's multivariate skewness is ",
            f"{apa.number(section.skew)}, ",
            *apa.chi_square(section.skew_chisq, section.skew_df, section.skew_pvalue),
            f"; multivariate kurtosis {apa.number(section.kurtosis)}, ",
            Styled("z", "italic"),
            f" = {apa.number(section.kurtosis_z)}, ",
            Styled("p", "italic"),
            f" {apa.equals(section.kurtosis_pvalue)}.",
        )
    )


PARTS = (Part(NormalitySection, Chapter.ITEMS, 20, _mardia),)
