"""How many answers a wanted margin or difference takes: no data needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from analysis.errors import AnalysisError
from analysis.sample_size import difference_size, promoter_sd, sample_size
from instruments.schema import Metric
from surveyapp.errors import Invalid
from surveyapp.results.number_arguments import number_in, whole_in

MARGIN, DIFFERENCE, SCORE = "margin", "difference", "nps"
KINDS = (MARGIN, DIFFERENCE, SCORE)
METRICS: Mapping[str, Metric] = MappingProxyType(
    {"share": Metric.SHARE, "mean": Metric.INDEX, "nps": Metric.NPS}
)
LARGEST_POPULATION = 1_000_000_000


@dataclass(frozen=True)
class SizeQuestion:
    """What is asked. Margin, difference, base, sd, promoters and detractors in points of 0 to 100, or -100
    to 100 for NPS; ``response_rate``, ``confidence`` and ``power`` as shares."""

    kind: str
    metric: str = "share"
    margin: float | None = None
    difference: float | None = None
    base: float | None = None
    sd: float | None = None
    promoters: float | None = None
    detractors: float | None = None
    population: int | None = None
    response_rate: float | None = None
    confidence: float = 0.95
    power: float | None = None


@dataclass(frozen=True)
class SizeAnswer:
    """The answer in sentences and as a document."""

    said: tuple[str, ...]
    document: Mapping[str, Any]


def read_size(arguments: Mapping[str, str]) -> SizeQuestion | None:
    """The question of an address, rates and power in percent; None where it asks none.

    Raises Invalid, with the field.
    """
    kind = arguments.get("kind", "").strip()
    if not kind:
        return None
    if kind not in KINDS:
        raise Invalid(
            f"{kind[:40]!r} is no kind of question; use {', '.join(KINDS)}.", field="kind"
        )
    metric = arguments.get("metric", "").strip() or "share"
    if metric not in METRICS:
        raise Invalid(f"{metric[:40]!r} is not measured; use {', '.join(METRICS)}.", field="metric")
    rate = number_in(arguments, "response_rate", None, 0.1, 100)
    power = number_in(arguments, "power", None, 50, 99.9)
    return SizeQuestion(
        kind,
        metric,
        margin=number_in(arguments, "margin", None, 0.1, 100),
        difference=number_in(arguments, "difference", None, 0.1, 200),
        base=number_in(arguments, "base", None, 0, 100),
        sd=number_in(arguments, "sd", None, 0.01, 1_000),
        promoters=number_in(arguments, "promoters", None, 0, 100),
        detractors=number_in(arguments, "detractors", None, 0, 100),
        population=whole_in(arguments, "population", None, 1, LARGEST_POPULATION),
        response_rate=None if rate is None else rate / 100,
        confidence=(number_in(arguments, "confidence", 95.0, 50, 99.99) or 95.0) / 100,
        power=None if power is None else power / 100,
    )


def answer_size(asked: SizeQuestion) -> SizeAnswer:
    """What is asked, computed; nothing that was given is ignored. Raises Invalid, with the field."""
    metric = Metric.NPS if asked.kind == SCORE else METRICS[asked.metric]
    try:
        spread = _spread(asked, metric)
        found = _difference if asked.kind == DIFFERENCE else _margin
        return found(asked, metric, spread)
    except AnalysisError as error:
        raise Invalid(str(error)[:1].upper() + str(error)[1:]) from error


def _difference(asked: SizeQuestion, metric: Metric, spread: float | None) -> SizeAnswer:
    if asked.difference is None:
        raise Invalid("Enter the difference that is to be found, such as 5.", field="difference")
    _refuse(asked, "margin", "population", "response_rate")
    if asked.sd is not None and metric is Metric.SHARE:
        raise Invalid("sd is not used for a difference of shares; give base instead.", field="sd")
    if asked.base is not None and metric is not Metric.SHARE:
        raise Invalid(
            f"base is a share; a difference of {asked.metric} takes sd instead.", field="base"
        )
    level = 1 - asked.confidence
    power = 0.8 if asked.power is None else asked.power
    found = difference_size(
        asked.difference, metric=metric, base=asked.base, sd=spread, level=level, power=power
    )
    needed = "more than a billion" if found.n is None else f"{found.n:,}"
    said = (
        f"{needed} answers in each group find a true difference of {asked.difference:g} points with"
        f" {power:.0%} power ({found.method}, {level:.3g} level)."
    )
    return _answer(asked, metric, (said,), asdict(found))


def _margin(asked: SizeQuestion, metric: Metric, spread: float | None) -> SizeAnswer:
    if asked.margin is None:
        raise Invalid("Enter the wanted margin, such as 5.", field="margin")
    _refuse(asked, "difference", "base", "power")
    found = sample_size(
        asked.margin,
        metric=metric,
        sd=spread,
        confidence=asked.confidence,
        population=asked.population,
        response_rate=asked.response_rate,
    )
    said = [found.definition]
    if found.invitations is not None:
        said.append(f"Ask {found.invitations:,} people.")
    return _answer(asked, metric, tuple(said), asdict(found))


def _answer(
    asked: SizeQuestion, metric: Metric, said: tuple[str, ...], found: Mapping[str, Any]
) -> SizeAnswer:
    return SizeAnswer(said, {"kind": asked.kind, "metric": metric.value, **found})


def _spread(asked: SizeQuestion, metric: Metric) -> float | None:
    """The standard deviation that was given, or the score's from its shares; None for a planning one."""
    first, second = asked.promoters, asked.detractors
    if first is None and second is None:
        return asked.sd
    if metric is not Metric.NPS or first is None or second is None or asked.sd is not None:
        raise Invalid(
            "promoters and detractors go together, with NPS, and without sd.",
            field="detractors" if second is None else "promoters",
        )
    return promoter_sd(first / 100, second / 100)


def _refuse(asked: SizeQuestion, *names: str) -> None:
    """Refuse what would be ignored."""
    for name in names:
        if getattr(asked, name) is not None:
            said = name.replace("_", " ")
            raise Invalid(f"{said} is not used by {asked.kind}; leave it out.", field=name)
