"""Power of a planned model: tests of fit by RMSEA, every parameter by simulation, and the smallest path
that PLS-SEM can find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from analysis.composite.sample_size import detectable_path, minimum_n
from analysis.covariance.simulation.rmsea_power import ACTUAL, CLOSE, rmsea_power, rmsea_sample_size
from analysis.covariance.simulation.simulated_power import REPS
from surveyapp.cli.model_options import JSON
from surveyapp.cli.outputs import Table, finish, json_file
from surveyapp.cli.simulated_power import Planned, simulated
from surveyapp.errors import Invalid

FEWER = 500  # samples that are fitted one by one, which takes some 10 ms each
_USED = {
    "rmsea": ("df", "rmsea0", "rmsea1"),
    "path": ("path",),
    "simulation": ("population", "model", "parameter", "samples", "seed", "missing"),
}


@click.command()
@click.argument("kind", type=click.Choice(["rmsea", "path", "simulation"]))
@click.option("--df", type=click.IntRange(1), default=None, help="Degrees of freedom of the model.")
@click.option("--rmsea0", type=float, default=None, help=f"RMSEA under the null [{CLOSE}].")
@click.option("--rmsea1", type=float, default=None, help=f"RMSEA in fact [{ACTUAL}].")
@click.option("--path", type=float, default=None, help="Smallest path that is to be found.")
@click.option(
    "--population",
    default=None,
    help="A file with a model that has a value for every path, or the model itself.",
)
@click.option(
    "--model",
    default=None,
    help="The model fitted to the samples, where it is not the population's own.",
)
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    help="A parameter, such as 'F~~G', or a defined quantity; can be repeated.",
)
@click.option(
    "--samples",
    type=click.IntRange(100, 100_000),
    default=None,
    help=f"Simulated samples [{REPS}; {FEWER} with --missing].",
)
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Seed of the samples [1].")
@click.option(
    "--missing",
    type=float,
    default=None,
    help="Share of answers that will be missing completely at random, such as 0.1; fitted by FIML.",
)
@click.option("--n", type=click.IntRange(2), default=None, help="Rows that there will be.")
@click.option("--power", type=float, default=0.8, show_default=True, help="Wanted power.")
@click.option("--alpha", type=float, default=0.05, show_default=True)
@JSON
def power(
    kind: str,
    df: int | None,
    rmsea0: float | None,
    rmsea1: float | None,
    path: float | None,
    population: str | None,
    model: str | None,
    parameters: tuple[str, ...],
    samples: int | None,
    seed: int | None,
    missing: float | None,
    n: int | None,
    power: float,
    alpha: float,
    json_path: Path | None,
) -> None:
    """Say how many rows a model needs, or what those that there are can show.

    KIND is rmsea (MacCallum, Browne and Sugawara 1996: close fit, not-close fit where --rmsea1 is below
    --rmsea0, exact fit where --rmsea0 is 0), path (PLS-SEM, the inverse square root method of Kock and
    Hadaya 2018) or simulation (Muthén and Muthén 2002: samples of --population, to which the model is
    fitted; with --n its power, else the least n for --power). Thresholds in --population, 'x1 | -.5*t1 +
    .6*t2' for every item, make answers ordinal and the fits WLSMV. Shares of power lie between 0 and 1.
    """
    if not 0 < power < 1 or not 0 < alpha < 1:
        raise Invalid(f"--power {power:g} and --alpha {alpha:g} must lie between 0 and 1")
    given = {
        "df": df,
        "rmsea0": rmsea0,
        "rmsea1": rmsea1,
        "path": path,
        "population": population,
        "model": model,
        "parameter": parameters or None,
        "samples": samples,
        "seed": seed,
        "missing": missing,
    }
    for name, value in given.items():
        if value is not None and name not in _USED[kind]:
            raise Invalid(f"--{name} is not used by {kind}; leave it out")
    tables: list[Table] = []
    if kind == "rmsea":
        document, said = _rmsea(df, rmsea0, rmsea1, n, power, alpha)
    elif kind == "path":
        document, said = _path(path, n, power, alpha)
    else:
        if population is None:
            raise Invalid("simulation needs --population, such as 'F =~ .7*x1 + .8*x2 + .6*x3'")
        chosen = Planned(
            population,
            model,
            samples or (FEWER if missing else REPS),
            1 if seed is None else seed,
            alpha,
            missing or 0.0,
        )
        document, tables, sentences = simulated(chosen, n, power, parameters)
        said = "\n".join(sentences)
    finish(tables, [said], json_file(json_path, {"kind": kind, "alpha": alpha, **document}))


def _rmsea(
    df: int | None,
    rmsea0: float | None,
    rmsea1: float | None,
    n: int | None,
    wanted: float,
    alpha: float,
) -> tuple[dict[str, Any], str]:
    if df is None:
        raise Invalid("rmsea needs --df, the model's degrees of freedom")
    null = CLOSE if rmsea0 is None else rmsea0
    true = ACTUAL if rmsea1 is None else rmsea1
    told = {"df": df, "rmsea0": null, "rmsea1": true}
    test = f"rejects RMSEA = {null:g} where it is {true:g} (df {df}, level {alpha:g})"
    if n is not None:
        found = rmsea_power(n, df, rmsea0=null, rmsea1=true, alpha=alpha)
        return {
            **told,
            "n": n,
            "power": found,
        }, f"With n = {n:,} the test {test} with power {found:.3f}."
    needed = rmsea_sample_size(df, power=wanted, rmsea0=null, rmsea1=true, alpha=alpha)
    return (
        {**told, "n": needed, "power": wanted},
        f"n = {needed:,} is the least with which the test {test} with power {wanted:g}.",
    )


def _path(
    path: float | None, n: int | None, wanted: float, alpha: float
) -> tuple[dict[str, Any], str]:
    if (path is None) == (n is None):
        raise Invalid("path needs either --path, such as 0.2, or --n, not both")
    given = f"with power {wanted:g} at level {alpha:g} (inverse square root method)"
    if path is not None:
        needed = minimum_n(path, alpha=alpha, power=wanted)
        return (
            {"path": path, "n": needed, "power": wanted},
            f"n = {needed:,} finds a path of {path:g} {given}.",
        )
    found = detectable_path(n or 0, alpha=alpha, power=wanted)
    return {
        "path": found,
        "n": n,
        "power": wanted,
    }, f"n = {n:,} finds a path of {found:.3f} {given}."
