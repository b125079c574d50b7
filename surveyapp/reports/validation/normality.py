"""Multivariate normality in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.normality import NormalitySection
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import Paragraph, filled
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy


def _mardia(section: NormalitySection, study: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    write = Apa(study.words)
    said = study.words.say(
        "Mardia's multivariate skewness is {skew}, {test}; multivariate kurtosis {kurtosis}, {z} = {value},"
        " {p} {equals}.",
        skew=write.number(section.skew),
        test="{test}",
        kurtosis=write.number(section.kurtosis),
        z="{z}",
        value=write.number(section.kurtosis_z),
        p="{p}",
        equals=write.equals(section.kurtosis_pvalue),
    )
    test = write.chi_square(section.skew_chisq, section.skew_df, section.skew_pvalue)
    yield Paragraph(filled(said, test=test, z=write.symbol("z"), p=write.symbol("p")))


PARTS = (Part(NormalitySection, Chapter.ITEMS, 20, _mardia),)
