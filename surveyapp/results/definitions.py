"""What a journey's surveys ask, and how each of their scored scales is summed up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from analysis import metrics, scoring
from instruments.loader import Library
from instruments.schema import Instrument, Metric, Wording
from surveyapp.results.view_models import AskedInstrument, Definition, Unit
from surveyapp.surveys.survey import Survey

_UNITS = {
    Metric.INDEX: Unit.INDEX,
    Metric.CSAT: Unit.PERCENT,
    Metric.CES: Unit.PERCENT,
    Metric.SHARE: Unit.PERCENT,
    Metric.NPS: Unit.NPS,
}

_CONTROLS = frozenset({"marker"})
_LONGEST_ACRONYM = 4  # letters


@dataclass(frozen=True)
class Scored:
    """A scored scale: how it is shown, and what the formulas need."""

    definition: Definition
    scale: scoring.ScoredScale


def asked(survey: Survey, *, library: Library) -> Iterator[tuple[Instrument, str | None, Wording]]:
    """Instrument, scoring key and wording of each ask of a survey."""
    for ask, (instrument, key) in zip(survey.asks, survey.asked(library), strict=True):
        yield instrument, key, instrument.wording(survey.language, ask.wording)


def scored(surveys: Iterable[Survey], *, library: Library) -> dict[str, Scored]:
    """The scored scales of these surveys by id, totals before their dimensions.

    Marker variables are left out: they tell of the method, not of the journey.
    """
    found: dict[str, Scored] = {}
    for survey in surveys:
        for instrument, key, wording in asked(survey, library=library):
            if instrument.code in _CONTROLS:
                continue
            for entry in _of(instrument, key, wording.id):
                found.setdefault(entry.scale.id, entry)
    return found


def instruments_asked(
    surveys: Iterable[Survey], *, library: Library
) -> tuple[AskedInstrument, ...]:
    """Every instrument, key and wording that was asked, once."""
    found: dict[tuple[str, str, str | None, str], AskedInstrument] = {}
    for survey in surveys:
        for instrument, key, wording in asked(survey, library=library):
            chosen = instrument.keys[key] if key else instrument.default_key
            entry = AskedInstrument(
                instrument=instrument.code,
                version=instrument.version,
                title=wording.title,
                key=chosen.code if chosen else None,
                validated=chosen.validated if chosen else True,
                wording=wording.id,
                wording_status=wording.status.value,
                language=wording.language,
                citation=instrument.citation,
                note=instrument.note,
            )
            found.setdefault((entry.instrument, entry.version, entry.key, entry.wording), entry)
    return tuple(found.values())


@lru_cache(maxsize=512)
def _of(instrument: Instrument, key: str | None, wording_id: str) -> tuple[Scored, ...]:
    wording = instrument.wordings[wording_id]
    scales = scoring.scales(instrument, key)
    totals = [scale for scale in scales if scale.parent is None]
    ordered = [
        scale
        for total in totals
        for scale in (total, *(part for part in scales if part.parent == total.id))
    ]
    parents = {scale.parent for scale in scales}
    return tuple(
        Scored(_definition(instrument, scale, wording, is_total=scale.id in parents), scale)
        for scale in ordered
    )


def _definition(
    instrument: Instrument, scale: scoring.ScoredScale, wording: Wording, *, is_total: bool
) -> Definition:
    is_short = scale.id == instrument.code and len(instrument.code) <= _LONGEST_ACRONYM
    label = wording.dimensions.get(scale.code) or scale.code.replace("_", " ").capitalize()
    unit = _UNITS[scale.metric]
    # The formula's own sentences come with any estimate; two imagined answers fetch them, which differ:
    # the interval of answers that are all equal is another.
    points = [0] * (scale.maximum - scale.minimum + 1)
    points[0] = points[-1] = 1
    example = metrics.summarize(
        scale,
        n=2,
        total=float(scale.minimum + scale.maximum),
        total_squares=float(scale.minimum**2 + scale.maximum**2),
        histogram=points,
    )
    text = example.definition
    if scale.metric is Metric.INDEX:
        # A total is the mean of its dimensions, whatever their numbers of items.
        made_of = "one item" if len(scale.items) == 1 else f"{len(scale.items)} items"
        if is_total:
            made_of = f"the dimensions' means ({made_of})"
        text = (
            f"Mean of {made_of}, answered from {scale.minimum} to {scale.maximum},"
            " rescaled to 0 (worst) to 100 (best)."
        )
    return Definition(
        scale=scale.id,
        instrument=instrument.code,
        metric=scale.metric,
        label=label,
        # An acronym is a name (NPS, CSAT); a word in capitals would be a shout.
        short=instrument.code.upper() if is_short else label,
        unit=unit,
        axis=(-100.0, 100.0) if unit is Unit.NPS else (0.0, 100.0),
        text=text,
        interval=f"{example.method}, {100 * example.confidence:.0f}%",
        parent=scale.parent,
        answers=(scale.minimum, scale.maximum),
    )
