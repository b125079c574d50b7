"""What ``power simulation`` computes and shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analysis.covariance.simulation.simulated_power import (
    Share,
    SimulatedPower,
    power_sample_size,
    simulated_power,
)
from surveyapp.cli.models import model_text
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import Table, number, warnings


@dataclass(frozen=True)
class Planned:
    """What is simulated: a population, the model fitted to its samples, how many of them."""

    population: str
    model: str | None
    samples: int
    seed: int
    alpha: float
    missing: float = 0.0

    @property
    def options(self) -> dict[str, Any]:
        """As the engine takes them."""
        model = None if self.model is None else model_text(self.model)
        return {
            "model": model,
            "reps": self.samples,
            "seed": self.seed,
            "alpha": self.alpha,
            "missing": self.missing,
        }


def simulated(
    planned: Planned, n: int | None, wanted: float, parameters: Sequence[str]
) -> tuple[dict[str, Any], list[Table], list[str]]:
    """Power at n, or the least n for the wanted power: JSON, tables and sentences."""
    text = model_text(planned.population)
    with progress_bar("Simulating") as progress:

        def told(done: int, total: int) -> None:
            progress(100 * done // total, f"{done} of {total}")

        if n is not None:
            found = simulated_power(text, n, progress=told, **planned.options)
            document, said = found.to_dict(), []
        else:
            size = power_sample_size(
                text, parameters, power=wanted, progress=told, **planned.options
            )
            found, document = size.at_n, size.to_dict()
            said = [
                f"n = {size.n:,} is the least found with power {wanted:g} for"
                f" {', '.join(size.parameters)}; by the number of samples between {size.lower:,}"
                f" and {size.upper:,}."
            ]
    return document, _tables(found, parameters), [*said, *_fit(found), *warnings(vars(found))]


def _tables(found: SimulatedPower, parameters: Sequence[str]) -> list[Table]:
    shown = [found.of(name) for name in parameters] or found.parameters
    rows = [
        [
            one.name,
            number(one.true),
            number(one.bias),
            number(one.sd),
            number(one.se),
            *_share(one.coverage),
            *_share(one.power),
        ]
        for one in shown
    ]
    title = (
        f"Simulated power by {found.estimator}, n = {found.n:,}, {found.reps:,} samples, level {found.alpha:g}, seed {found.seed};"
        f" {found.converged.value:.1%} converged"
    )
    head = ("parameter", "true", "bias", "SD", "SE", "coverage", "95% CI", "power", "95% CI")
    spread = [
        [one.index, number(one.mean), number(one.lower), number(one.upper)] for one in found.indices
    ]
    return [
        (title, head, rows),
        ("Fit indices of the samples", ("index", "mean", "5%", "95%"), spread),
    ]


def _share(one: Share) -> tuple[str, str]:
    return number(one.value), f"{one.lower:.3f} to {one.upper:.3f}"


def _fit(found: SimulatedPower) -> list[str]:
    if found.exact_fit is None or found.close_fit is None:
        return ["The model has no degrees of freedom, so that its fit cannot be tested."]
    exact, close = (
        " (95% CI ".join(_share(one)) + ")" for one in (found.exact_fit, found.close_fit)
    )
    lacking = f" {found.missing:.0%} of the answers are missing." if found.missing else ""
    return [
        f"The chi-square test rejects the model (df {found.df}) in a share of {exact} of the samples, the"
        f" test of close fit in {close}.{lacking}"
    ]
