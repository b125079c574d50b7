"""Power of a planned model: tests of fit by RMSEA, and the smallest path that PLS-SEM can find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from analysis.composite.sample_size import detectable_path, minimum_n
from analysis.covariance.rmsea_power import ACTUAL, CLOSE, rmsea_power, rmsea_sample_size
from surveyapp.cli.model_options import JSON
from surveyapp.cli.outputs import finish, json_file
from surveyapp.errors import Invalid


@click.command()
@click.argument("kind", type=click.Choice(["rmsea", "path"]))
@click.option("--df", type=click.IntRange(1), default=None, help="Degrees of freedom of the model.")
@click.option("--rmsea0", type=float, default=None, help=f"RMSEA under the null [{CLOSE}].")
@click.option("--rmsea1", type=float, default=None, help=f"RMSEA in fact [{ACTUAL}].")
@click.option("--path", type=float, default=None, help="Smallest path that is to be found.")
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
    n: int | None,
    power: float,
    alpha: float,
    json_path: Path | None,
) -> None:
    """Say how many rows a model needs, or what those that there are can show.

    KIND is rmsea (MacCallum, Browne and Sugawara 1996: close fit, not-close fit where --rmsea1 is below
    --rmsea0, exact fit where --rmsea0 is 0) or path (PLS-SEM, the inverse square root method of Kock and
    Hadaya 2018). Shares of power lie between 0 and 1.
    """
    if not 0 < power < 1 or not 0 < alpha < 1:
        raise Invalid(f"--power {power:g} and --alpha {alpha:g} must lie between 0 and 1")
    if kind == "rmsea":
        if path is not None:
            raise Invalid("--path is not used by rmsea; leave it out")
        document, said = _rmsea(df, rmsea0, rmsea1, n, power, alpha)
    else:
        for name, value in (("df", df), ("rmsea0", rmsea0), ("rmsea1", rmsea1)):
            if value is not None:
                raise Invalid(f"--{name} is not used by path; leave it out")
        document, said = _path(path, n, power, alpha)
    finish([], [said], json_file(json_path, {"kind": kind, "alpha": alpha, **document}))


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
