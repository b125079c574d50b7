"""How many respondents a planned model needs, or what those that there are can show: no data needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.results.number_arguments import number_in, whole_in

FIT, PATH, SIMULATION = "fit", "path", "simulation"
MOST_ITEMS, SAMPLES, LONGEST = 40, 500, 20_000
_LARGEST_N = 1_000_000
_SEED = 1
# Ordinal items, and pairs of their answers of a sample: 500 samples take 3 s.
_MOST_ORDINAL, _MOST_PAIRS = 20, 100_000
# With missing answers a sample of 10 items and 1,000 respondents takes 12 ms by full information.
INCOMPLETE_SAMPLES, MOST_INCOMPLETE, MOST_CELLS = 200, 12, 20_000


@dataclass(frozen=True)
class PowerQuestion:
    """What is asked: one of the kinds. ``n`` None where it is what is wanted."""

    kind: str
    n: int | None
    power: float = 0.8
    alpha: float = 0.05
    df: int = 0
    null: float = 0.05
    true: float = 0.08
    path: float | None = None
    population: str = ""
    missing: float = 0.0  # share of the answers


@dataclass(frozen=True)
class PowerAnswer:
    """The answer in a sentence, as a document, and of a simulation a row a parameter."""

    said: str
    document: Mapping[str, Any]
    rows: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = field(default=())


def read_power(arguments: Mapping[str, str]) -> PowerQuestion | None:
    """The question of an address; None where it asks none. Raises Invalid, with the field."""
    kind = arguments.get("kind", "").strip()
    if not kind:
        return None
    n = whole_in(arguments, "n", None, 3, _LARGEST_N)
    power = (number_in(arguments, "power", 80.0, 1, 99.9) or 80.0) / 100
    if kind == FIT:
        df = whole_in(arguments, "df", None, 1, 1_000_000)
        if df is None:
            raise Invalid("Enter the model's degrees of freedom.", field="df")
        null = number_in(arguments, "null", 0.05, 0, 1)
        true = number_in(arguments, "true", 0.08, 0, 1)
        return PowerQuestion(kind, n, power, df=df, null=null or 0.0, true=true or 0.0)
    if kind == PATH:
        path = number_in(arguments, "path", None, 0.01, 0.99)
        if (path is None) == (n is None):
            raise Invalid("Enter the smallest path, or the respondents, not both.", field="path")
        return PowerQuestion(kind, n, power, path=path)
    if kind == SIMULATION:
        text = arguments.get("population", "").strip()
        if not 1 <= len(text) <= LONGEST:
            raise Invalid(
                f"Enter a model with a value for every path, of at most {LONGEST:,} characters.",
                field="population",
            )
        if n is None:
            raise Invalid("Enter the number of respondents.", field="n")
        missing = (number_in(arguments, "missing", 0.0, 0, 90) or 0.0) / 100
        return PowerQuestion(kind, n, population=text, missing=missing)
    raise Invalid(f"{kind[:40]!r} is no kind of question; use {FIT}, {PATH} or {SIMULATION}.")


def answer_power(asked: PowerQuestion) -> PowerAnswer:
    """What is asked, computed. Raises Invalid for what cannot be.

    Fit: MacCallum, Browne and Sugawara 1996. Path: inverse square root method of Kock and Hadaya 2018.
    Simulation: Muthén and Muthén 2002.
    """
    from analysis.errors import AnalysisError

    try:
        if asked.kind == FIT:
            return _fit(asked)
        return _path(asked) if asked.kind == PATH else _simulated(asked)
    except AnalysisError as error:
        at = "population" if asked.kind == SIMULATION else None
        raise Invalid(str(error)[:1].upper() + str(error)[1:], field=at) from error


def _fit(asked: PowerQuestion) -> PowerAnswer:
    from analysis.covariance.simulation.rmsea_power import rmsea_power, rmsea_sample_size

    told = {
        "df": asked.df,
        "rmsea_null": asked.null,
        "rmsea_true": asked.true,
        "alpha": asked.alpha,
    }
    test = (
        f"rejects an RMSEA of {asked.null:g} where it is {asked.true:g} (df = {asked.df:,}, level"
        f" {asked.alpha:g})"
    )
    options: dict[str, Any] = {"rmsea0": asked.null, "rmsea1": asked.true, "alpha": asked.alpha}
    if asked.n is not None:
        found = rmsea_power(asked.n, asked.df, **options)
        said = f"With {asked.n:,} respondents the test {test} with a power of {found:.1%}."
        return PowerAnswer(said, {**told, "n": asked.n, "power": found})
    n = rmsea_sample_size(asked.df, power=asked.power, **options)
    said = f"{n:,} respondents are the fewest with whom the test {test} with a power of {asked.power:.0%}."
    return PowerAnswer(said, {**told, "n": n, "power": asked.power})


def _path(asked: PowerQuestion) -> PowerAnswer:
    from analysis.composite.sample_size import detectable_path, minimum_n

    given = f"with a power of {asked.power:.0%} at the level {asked.alpha:g}"
    if asked.path is not None:
        n = minimum_n(asked.path, alpha=asked.alpha, power=asked.power)
        said = f"{n:,} respondents find a path of {asked.path:g} {given}."
        return PowerAnswer(said, {"path": asked.path, "n": n, "power": asked.power})
    path = detectable_path(asked.n or 0, alpha=asked.alpha, power=asked.power)
    said = f"{asked.n:,} respondents find a path of {path:.3f} {given}."
    return PowerAnswer(said, {"path": path, "n": asked.n, "power": asked.power})


def _simulated(asked: PowerQuestion) -> PowerAnswer:
    from analysis.covariance.simulation.model_population import model_population
    from analysis.covariance.simulation.simulated_power import simulated_power

    population = model_population(asked.population)
    items = len(population.items)
    most = _MOST_ORDINAL if population.thresholds else MOST_ITEMS
    if asked.missing:
        _require_few_cells(asked.n or 0, items)
    if items > most:
        raise Invalid(
            f"The model has {items} observed variables; at most {most} are simulated here. Use"
            " `surveyapp power simulation` for larger ones.",
            field="population",
        )
    pairs = items * (items - 1) // 2
    if population.thresholds and (asked.n or 0) * pairs > _MOST_PAIRS:
        raise Invalid(
            f"Ordinal answers of {items} items are simulated here for at most {_MOST_PAIRS // pairs:,}"
            " respondents. Use `surveyapp power simulation` for more.",
            field="n",
        )
    found = simulated_power(
        population,
        asked.n or 0,
        reps=INCOMPLETE_SAMPLES if asked.missing else SAMPLES,
        missing=asked.missing,
        seed=_SEED,
        workers=1,
    )
    without = f", {asked.missing:.0%} of the answers missing at random," if asked.missing else ","
    said = (
        f"{found.reps:,} samples of {found.n:,} respondents{without} fitted by {found.estimator}, level"
        f" {found.alpha:g}, seed {found.seed}: {found.converged.value:.1%} converged."
    )
    if found.exact_fit is not None and found.close_fit is not None:
        said += (
            f" The chi-square test (df = {found.df}) rejects the true model in"
            f" {found.exact_fit.value:.1%} of them, the test of close fit in"
            f" {found.close_fit.value:.1%}."
        )
    document = {**found.to_dict(), "missing": asked.missing}
    return PowerAnswer(said, document, tuple(document["parameters"]), tuple(found.warnings))


def _require_few_cells(n: int, items: int) -> None:
    """Raise Invalid for more answers than are fitted by full information while somebody waits."""
    if items > MOST_INCOMPLETE:
        raise Invalid(
            f"The model has {items} observed variables; with missing answers at most {MOST_INCOMPLETE} are"
            " simulated here. Use `surveyapp power simulation --missing` for more.",
            field="population",
        )
    if n * items > MOST_CELLS:
        raise Invalid(
            f"With missing answers of {items} items at most {MOST_CELLS // items:,} respondents are simulated"
            " here. Use `surveyapp power simulation --missing` for more.",
            field="n",
        )
