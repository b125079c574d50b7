"""How ``sem`` rotates the factors of exploratory blocks, and the table of what came out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

from analysis.covariance.exploratory.esem import exploratory
from analysis.covariance.exploratory.rotation import METHODS, MOST_STARTS, TO_TARGET, Rotation
from analysis.covariance.sem import SemFit
from analysis.covariance.text.model import Model
from analysis.covariance.text.syntax import parse
from surveyapp.cli.outputs import Table, number
from surveyapp.errors import Invalid
from surveyapp.results.analyses.text_files import read_text

Command = Callable[..., Any]
MOST_CELLS = 10_000


@dataclass(frozen=True)
class RotationChoice:
    """What the options say; ``model`` applies it to a model's text."""

    method: str | None
    orthogonal: bool
    epsilon: float | None
    gamma: float | None
    starts: int | None
    target: Path | None
    esem: bool
    bifactor: bool

    def model(self, text: str) -> tuple[Model, Rotation | None, pd.DataFrame | None]:
        """The model to fit, with its rotation and target. Raises Invalid for options without effect."""
        written = parse(text)
        if self.bifactor and not self.esem:
            raise Invalid("--bifactor requires --esem; with efa() blocks use --rotation bi-geomin")
        if self.esem:
            return self._made(written)
        if not written.blocks:
            given = [name for name, value in self._given().items() if value]
            if given:
                raise Invalid(
                    f'{given[0]} requires factors to rotate; write efa("block")*factor in the model, or add'
                    " --esem"
                )
            return written, None, None
        rotation = self._rotation()
        if rotation.to_target and self.target is None:
            raise Invalid(
                f"--rotation {rotation.method} requires --target, or --esem for the model's own factors"
            )
        return written, rotation, None if self.target is None else read_target(self.target)

    def refuse(self, beside: str) -> None:
        """Invalid for an option of rotations beside a model that has none."""
        switches = {"--esem": self.esem, "--bifactor": self.bifactor}
        for name, value in {**switches, **self._given()}.items():
            if value:
                raise Invalid(f"{name} does not go with {beside}; leave it out")

    def _given(self) -> dict[str, object]:
        return {
            "--rotation": self.method,
            "--target": self.target,
            "--orthogonal-rotation": self.orthogonal,
            "--geomin-epsilon": self.epsilon,
            "--oblimin-gamma": self.gamma,
            "--rotation-starts": self.starts,
        }

    def _made(self, written: Model) -> tuple[Model, Rotation, pd.DataFrame]:
        used = [
            name for name, value in self._given().items() if value and name != "--rotation-starts"
        ]
        if used:
            raise Invalid(
                f"--esem rotates to the model's own factors; leave out {used[0]}, or write efa() blocks"
            )
        made = exploratory(written, bifactor=self.bifactor, starts=self.starts or Rotation.starts)
        return made.model, made.rotation, made.target

    def _rotation(self) -> Rotation:
        method = self.method or (TO_TARGET[0] if self.target else "geomin")
        plain = Rotation(method, orthogonal=self.orthogonal, starts=self.starts or Rotation.starts)
        if self.epsilon is not None and not plain.by_geomin:
            raise Invalid(f"--geomin-epsilon has no effect on --rotation {method}; leave it out")
        if self.gamma is not None and method != "oblimin":
            raise Invalid(f"--oblimin-gamma has no effect on --rotation {method}; leave it out")
        return Rotation(
            method,
            orthogonal=self.orthogonal,
            epsilon=Rotation.epsilon if self.epsilon is None else self.epsilon,
            gamma=Rotation.gamma if self.gamma is None else self.gamma,
            starts=plain.starts,
        )


def rotation_options(command: Command) -> Command:
    """The options, given to the command as ``turn``."""

    @click.option(
        "--rotation",
        type=click.Choice(METHODS),
        default=None,
        help='Rotation of the model\'s efa("block") factors; geomin unless said.',
    )
    @click.option(
        "--target",
        type=click.Path(path_type=Path),
        default=None,
        help="CSV file with the target: items as rows, factors as columns, empty where a loading is free.",
    )
    @click.option(
        "--esem",
        is_flag=True,
        help="Free all cross-loadings of the model's factors and rotate them to the model (ESEM).",
    )
    @click.option(
        "--bifactor", is_flag=True, help="With --esem: add a general factor of all items."
    )
    @click.option(
        "--orthogonal-rotation", is_flag=True, help="Keep the rotated factors uncorrelated."
    )
    @click.option(
        "--geomin-epsilon",
        type=click.FloatRange(0, 1, min_open=True),
        default=None,
        help="Geomin's constant; 0.001 unless said.",
    )
    @click.option(
        "--oblimin-gamma",
        type=click.FloatRange(-10, 0.8),
        default=None,
        help="Oblimin's gamma; 0 unless said.",
    )
    @click.option(
        "--rotation-starts",
        type=click.IntRange(1, MOST_STARTS),
        default=None,
        help="Random starts of the rotation; 30 unless said.",
    )
    @wraps(command)
    def run(
        *args: Any,
        rotation: str | None,
        target: Path | None,
        esem: bool,
        bifactor: bool,
        orthogonal_rotation: bool,
        geomin_epsilon: float | None,
        oblimin_gamma: float | None,
        rotation_starts: int | None,
        **rest: Any,
    ) -> Any:
        turn = RotationChoice(
            rotation,
            orthogonal_rotation,
            geomin_epsilon,
            oblimin_gamma,
            rotation_starts,
            target,
            esem,
            bifactor,
        )
        return command(*args, turn=turn, **rest)

    return run


def read_target(path: Path) -> pd.DataFrame:
    """A target from a CSV file. Raises Invalid, naming file and cell, for anything but numbers."""
    if not path.is_file():
        raise Invalid(f"--target {path}: no such file")
    rows = [row for row in csv.reader(io.StringIO(read_text(path))) if any(row)]
    if len(rows) < 2 or len(rows[0]) < 2 or sum(map(len, rows)) > MOST_CELLS:
        raise Invalid(
            f"--target {path}: write the factors in the first line and each item in a line of its own"
        )
    factors = [name.strip() for name in rows[0][1:]]
    found: dict[str, list[float]] = {}
    for row in rows[1:]:
        item = row[0].strip()
        if len(row) != len(rows[0]):
            raise Invalid(
                f"--target {path}: {item} has {len(row) - 1} values for {len(factors)} factors"
            )
        if item in found:
            raise Invalid(f"--target {path}: {item} stands twice")
        found[item] = [_loading(path, item, cell.strip()) for cell in row[1:]]
    return pd.DataFrame.from_dict(found, orient="index", columns=factors)


def _loading(path: Path, item: str, cell: str) -> float:
    if cell.upper() in ("", "NA"):
        return float("nan")
    try:
        value = float(cell)
    except ValueError:
        value = float("inf")
    if not np.isfinite(value):
        raise Invalid(f"--target {path}: {item}: {cell!r} is no number; leave a free loading empty")
    return value


def loading_tables(fit: SemFit) -> list[Table]:
    """The standardised rotated loadings of each block and group, with their factors' correlations."""
    tables: list[Table] = []
    rotation = fit.rotation
    if rotation is None or not fit.converged:
        return tables
    frame = fit.estimates
    keys = zip(frame["lhs"], frame["op"], frame["rhs"], frame["group"], strict=True)
    values = dict(zip(keys, map(float, frame["std_all"]), strict=True))
    for one in fit.solution.rotations:
        place = f", group {fit.groups[one.group - 1]}" if len(fit.groups) > 1 else ""
        own = one.rotated
        kind = " (orthogonal)" if rotation.keeps_angles else ""
        tables.append(
            (
                f"Standardised loadings, {rotation.method} rotation{kind} of {one.name}{place}; {own.reached}"
                f" of {own.starts} starts at the best of {own.optima} {'optimum' if own.optima == 1 else 'optima'}",
                ("item", *one.factors),
                [
                    [
                        item,
                        *(number(values[factor, "=~", item, one.group]) for factor in one.factors),
                    ]
                    for item in one.items
                ],
            )
        )
        if len(one.factors) > 1 and not rotation.keeps_angles:
            tables.append(
                (
                    f"Correlations of the rotated factors of {one.name}{place}",
                    ("factor", *one.factors[:-1]),
                    [
                        [
                            factor,
                            *(
                                number(values[other, "~~", factor, one.group])
                                for other in one.factors[:k]
                            ),
                            *[""] * (len(one.factors) - 1 - k),
                        ]
                        for k, factor in enumerate(one.factors)
                        if k
                    ],
                )
            )
    return tables
