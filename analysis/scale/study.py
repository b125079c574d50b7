"""A scale validation while it runs: what is studied, what has been found, what a section is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import ClassVar, Self, TypeVar, cast

import numpy as np
import pandas as pd

from analysis.errors import AnalysisError, DataError
from analysis.moments import Moments, moments
from analysis.scale.cfa import Cfa, Model, fit_cfa
from analysis.scale.conclusions import Conclusion, concluded
from analysis.scale.plan import Choices

Number = float | None  # None: undefined for these data
Matrix = tuple[tuple[Number, ...], ...]  # rows as in the section's names; symmetric unless said
Fit = Mapping[str, Number]  # by lavaan's fitMeasures names with underscores for dots
Progress = Callable[[int, str], None]
S = TypeVar("S", bound="Section")
T = TypeVar("T")


@dataclass(frozen=True)
class Warned:
    """A warning: the section that it concerns, and one sentence."""

    step: str
    message: str

    def __str__(self) -> str:
        return f"{self.step}: {self.message}"


class Section(ABC):
    """One statistic of a validation, in a module of ``analysis.scale.sections`` of its name.

    A subclass is a frozen dataclass: its fields, typed as ``analysis.json_values.from_json`` reads
    them, are the section's JSON under the module's name. In the class statement, ``percent`` is how
    far the validation has come when the section begins, which is also its place in the order;
    ``title`` what progress calls it. ``step`` is the name of its warnings where it is another than
    the section's; ``again`` computes the section once more without careless respondents.
    """

    name: ClassVar[str]
    percent: ClassVar[int]
    title: ClassVar[str]
    step: ClassVar[str]
    again: ClassVar[bool]
    # Measures whose conclusions stand further on than the section's others, and at which percent.
    later: ClassVar[Mapping[str, int]] = {}

    def __init_subclass__(
        cls, *, percent: int, title: str, step: str = "", again: bool = False
    ) -> None:
        super().__init_subclass__()
        cls.name = cls.__module__.rpartition(".")[2]
        cls.percent, cls.title, cls.again = percent, title, again
        cls.step = step or cls.name

    @classmethod
    @abstractmethod
    def compute(cls, study: Study) -> Self | None:
        """The section of these data, None where it does not apply.

        Raises AnalysisError where it cannot be had; the reason becomes a warning.
        """

    def conclude(self, found: Sections) -> Iterator[Conclusion]:
        """The field's conventions applied to this section; none by default."""
        yield from ()

    def against(
        self,
        measure: str,
        value: Number,
        relation: str,
        cut: float,
        source: str,
        subject: str | None = None,
    ) -> Conclusion:
        """One of the section's values compared with a cut-off."""
        return concluded(self.step, measure, value, relation, cut, source, subject)


@dataclass(frozen=True)
class Sections:
    """Sections by their class."""

    by_class: Mapping[type[Section], Section | None]

    def get(self, kind: type[S]) -> S | None:
        """The section; None where it was not computed."""
        return cast("S | None", self.by_class.get(kind))

    def __getitem__(self, kind: type[S]) -> S:
        """The section. Raises DataError where it was not computed."""
        found = self.get(kind)
        if found is None:
            raise DataError(f"the validation has no section {kind.name!r}")
        return found

    def conclusions(self) -> tuple[Conclusion, ...]:
        """Every section's conclusions in their order; a section that is None has none."""
        found = [
            (section.later.get(one.measure, section.percent), one)
            for section in self.by_class.values()
            if section is not None
            for one in section.conclude(self)
        ]
        return tuple(one for _, one in sorted(found, key=lambda pair: pair[0]))


@dataclass
class Record:
    """The sections of a validation as they come, and the reasons for those that could not.

    ``tell`` hears percent and title.
    """

    tell: Progress | None = None
    found: dict[type[Section], Section | None] = field(default_factory=dict)
    warnings: list[Warned] = field(default_factory=list)

    @property
    def sections(self) -> Sections:
        return Sections(self.found)

    def announce(self, percent: int, title: str) -> None:
        """Say what comes next."""
        if self.tell is not None:
            self.tell(percent, title)

    def warn(self, step: str, messages: Sequence[str]) -> None:
        """Keep sentences under the step's name."""
        self.warnings += [Warned(step, message) for message in messages]

    def attempt(self, step: str, compute: Callable[[], T]) -> T | None:
        """The computed value, or None with the reason among the warnings."""
        try:
            return compute()
        except AnalysisError as error:
            self.warn(step, [str(error)])
        except (np.linalg.LinAlgError, ArithmeticError) as error:
            self.warn(step, [f"a matrix of these data cannot be decomposed ({error})"])
        return None


@dataclass(frozen=True)
class Study:
    """The data (reverse items already turned), the hypothesised model, the choices made, and what
    the sections before have found.

    ``raw``: the items as given; ``groups``: labels of the grouping columns; ``marker``: items of a
    marker scale; ``seconds``: the time each person took. ``sections``: what is computed, in order.
    ``turned``: the reverse items.
    """

    data: pd.DataFrame
    model: dict[str, tuple[str, ...]]
    scales: Mapping[str, tuple[float, float]]
    choices: Choices
    raw: pd.DataFrame
    groups: pd.DataFrame
    marker: pd.DataFrame | None
    seconds: pd.DataFrame | None
    sections: tuple[type[Section], ...]
    record: Record = field(default_factory=Record)
    turned: tuple[str, ...] = ()

    def compute(self) -> Record:
        """Compute the sections in their order; the record that they are in."""
        for kind in self.sections:
            self.record.announce(kind.percent, kind.title)
            self.record.found[kind] = self.record.attempt(kind.step, partial(kind.compute, self))
        return self.record

    def without(self, flagged: np.ndarray) -> Record:
        """The record of the same study without flagged rows, of what is computed again then."""
        again = tuple(kind for kind in self.sections if kind.again)
        kept = self.data[~flagged].reset_index(drop=True)
        return replace(self, data=kept, sections=again, record=Record()).compute()

    def found(self, kind: type[S]) -> S | None:
        """An earlier section; None where it was not computed."""
        return self.record.sections.get(kind)

    def warn(self, kind: type[Section], messages: Sequence[str]) -> None:
        """Keep sentences among the section's warnings."""
        self.record.warn(kind.step, messages)

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(item for items in self.model.values() for item in items)

    @property
    def factor_of(self) -> dict[str, str]:
        return {item: factor for factor, items in self.model.items() for item in items}

    @cached_property
    def fitted(self) -> Cfa:
        """The hypothesised model, fitted once. Raises as ``fit_cfa``."""
        return self.fit(self.model)

    def fit(self, model: Model) -> Cfa:
        """A model of these items under the study's estimator, handling of missing answers and
        likelihood; from moments where they are enough."""
        return fit_cfa(
            self.source,
            model,
            estimator=self.choices.estimator,
            missing=self.choices.missing,
            likelihood=self.choices.likelihood,
        )

    @property
    def source(self) -> Moments | pd.DataFrame:
        """What the chosen estimation needs: moments of complete rows where they are enough."""
        enough = self.choices.estimator == "ML" and self.choices.missing == "listwise"
        return self.moments() if enough else self.data

    def moments(self) -> Moments:
        """Moments of the rows with every item; TooFewCases when there are fewer than 2."""
        return moments(self.data, self.items)
