"""The question that a message may hold itself: its very words, options and order of the survey page."""

from __future__ import annotations

from dataclasses import dataclass

from instruments.loader import Library
from instruments.schema import Wording
from surveyapp.surveys.survey import Survey

MOST_POINTS = 11


@dataclass(frozen=True)
class Click:
    """A rating with a link for each of its points; ``options`` are (value, label), the label often empty.

    ``name`` is the form field's, ``<instrument>-<item>``. The text's placeholders are not filled yet.
    """

    name: str
    text: str
    options: tuple[tuple[int, str], ...]

    @property
    def is_labelled(self) -> bool:
        """Whether every point has words of its own, and not the ends only."""
        return all(label for _, label in self.options)

    @property
    def ends(self) -> tuple[tuple[int, str], ...]:
        """The first and last point with their words, where they have some."""
        return tuple(option for option in (self.options[0], self.options[-1]) if option[1])


def clickable(survey: Survey, language: str, library: Library) -> tuple[Click, ...]:
    """Every question of the survey that can be answered in a message, in a language that it has."""
    found = []
    for ask, (instrument, key) in zip(survey.asks, survey.asked(library), strict=True):
        own = ask.wording if language == survey.language else None
        wording = instrument.wording(language, own)
        for item in instrument.asked(key):
            if item.scale is not None and len(item.scale.points) <= MOST_POINTS:
                found.append(
                    Click(
                        name=f"{instrument.code}-{item.code}",
                        text=wording.items[item.code],
                        options=_options(wording, item.scale.code, item.scale.points),
                    )
                )
    return tuple(found)


def _options(wording: Wording, scale: str, points: range) -> tuple[tuple[int, str], ...]:
    labels = wording.labels.get(scale, {})
    return tuple((point, labels.get(point, "")) for point in points)
