"""Items that run against the others of their factor: named and counted, never turned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from analysis.json_values import filled
from analysis.scale.conclusions import Conclusion
from analysis.scale.keying import keying_sentences, opposed_items
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.study import Number, Section, Sections, Study


@dataclass(frozen=True)
class OpposedRow:
    """``item_rest_correlation``: with the others, each counted in the direction of most; ``loading``
    with its sign against that of most. ``alpha_turned``: were the factor's opposed items turned."""

    factor: str
    item: str
    item_rest_correlation: Number
    loading: Number
    alpha: Number
    alpha_turned: Number
    turned_already: bool


@dataclass(frozen=True)
class KeyingSection(Section, percent=21, title="direction of items"):
    """A row an item that runs against its factor; ``suggestions`` says what to do, a sentence a
    factor. Nothing is turned unless asked for."""

    opposed: tuple[OpposedRow, ...]
    suggestions: tuple[str, ...]

    # Advice on a scale is held back while it is not met.
    measure: ClassVar = "opposed_items"

    @classmethod
    def compute(cls, study: Study) -> Self:
        fitted = study.found(CfaSection)
        loadings = {}
        if fitted is not None and fitted.converged:
            loadings = {x.item: x.std_all for x in study.fitted.loadings}
        found = opposed_items(study.moments(), study.model, loadings)
        said = keying_sentences(found, study.turned)
        study.warn(cls, said)
        return filled(
            cls,
            opposed=[{**vars(x), "turned_already": x.item in study.turned} for x in found],
            suggestions=said,
        )

    def conclude(self, found: Sections) -> Iterator[Conclusion]:
        yield self.against(self.measure, len(self.opposed), "==", 0, "Nunnally 1978")
