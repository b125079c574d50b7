"""The same people at several waves: one row a person, a column for each item and wave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import DataError, MissingItem

MOST = 12  # waves: the covariances of residuals alone grow with the square of their number


@dataclass(frozen=True)
class Waves:
    """One row a person. ``frame`` has the columns ``column(item, wave)``, NaN where unanswered.

    ``labels`` are the waves as the data name them, ``names`` the same as parts of columns and
    factors. ``kept``: columns of the persons beside them, such as a weight.
    """

    frame: pd.DataFrame
    items: tuple[str, ...]
    labels: tuple[str, ...]
    names: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the items, wave by wave."""
        return tuple(self.column(item, wave) for wave in self.names for item in self.items)

    def column(self, item: str, wave: str) -> str:
        """The column of an item at a wave, by the wave's name."""
        return f"{item}_{wave}"

    @property
    def answered(self) -> np.ndarray:
        """Whether a person answered any item at a wave (n, waves)."""
        present = [
            self.frame[[self.column(item, wave) for item in self.items]].notna().any(axis=1)
            for wave in self.names
        ]
        return np.column_stack(present)

    @property
    def people(self) -> dict[str, int]:
        """Persons who answered anything, by wave."""
        return dict(zip(self.labels, self.answered.sum(axis=0).tolist(), strict=True))

    @property
    def in_all(self) -> int:
        """Persons who answered something at every wave."""
        return int(self.answered.all(axis=1).sum())


def from_long(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    person: str,
    wave: str,
    waves: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> Waves:
    """The waves of a table with one row for each person and wave.

    ``person``: the column that is the same for a person's rows, such as a pseudonymous customer
    reference. ``wave``: the column with the wave of each row. ``waves``: the waves to take, first to
    last; by default all of them, numbers by size, else in the order of the text (as of dates,
    2026-03). ``keep``: columns that say something of the person, such as a weight or a branch. Rows
    without a person or wave, and those of other waves, are left out, which a warning says.

    Raises MissingItem for a column that is not there; DataError for a person with two rows at one
    wave or two values of a kept column, and where nobody answered at two waves, for then these are
    not the same people.
    """
    for name in (person, wave, *items, *keep):
        if name not in data.columns:
            raise MissingItem(f"{name}: no such column")
    known = data[(data[person].notna() & data[wave].notna()).to_numpy()].reset_index(drop=True)
    said = _left_out(len(data) - len(known), f"{person} or {wave} is missing")
    labels = known[wave].map(wave_label)
    chosen = [wave_label(each) for each in waves] if waves else ordered_labels(labels)
    for label in chosen:
        if label not in set(labels):
            raise DataError(
                f"{wave}: no row has the wave {label}; there are {', '.join(ordered_labels(labels))}"
            )
    rows = known[labels.isin(chosen).to_numpy()]
    said += _left_out(len(known) - len(rows), f"{wave} is none of {', '.join(chosen)}")
    labels = labels[rows.index]
    _check_count(chosen, wave)
    keys = pd.DataFrame({"person": rows[person].map(wave_label), "wave": labels})
    repeated = keys[keys.duplicated(keep=False)]
    if len(repeated):
        one = repeated.iloc[0]
        raise DataError(
            f"{person} {one['person']} has {int((repeated == one).all(axis=1).sum())} rows at wave"
            f" {one['wave']}, one of {len(repeated.drop_duplicates())} such cases; keep one row for a"
            " person and wave"
        )
    names = tuple(_name(label) for label in chosen)
    if len(set(names)) < len(names):
        raise DataError(f"{wave}: {', '.join(chosen)} are not told apart by letters and digits")
    parts = []
    for label, name in zip(chosen, names, strict=True):
        at = (keys["wave"] == label).to_numpy()
        part = rows.loc[at, list(items)].set_axis(keys.loc[at, "person"].to_numpy(), axis=0)
        parts.append(part.rename(columns={item: f"{item}_{name}" for item in items}))
    frame = pd.concat(parts, axis=1)
    for name in keep:
        frame[name] = _of_persons(rows[name], keys["person"], person).reindex(frame.index)
    return _checked(
        Waves(frame, tuple(items), tuple(chosen), names, tuple(said), tuple(keep)),
        f"no {person} answered at two waves",
    )


def from_columns(
    data: pd.DataFrame, items: Sequence[str], waves: Sequence[str], *, keep: Sequence[str] = ()
) -> Waves:
    """The waves of a table with one row a person, whose columns end in the wave: ``x1_w1``, ``x1_w2``.

    ``keep``: columns that say something of the person, such as a weight or a branch.

    Raises MissingItem for a column that is not there, DataError where nobody answered at two waves.
    """
    names = tuple(waves)
    _check_count(names, "waves")
    columns = [f"{item}_{wave}" for wave in names for item in items]
    absent = [column for column in columns if column not in data.columns]
    if absent:
        raise MissingItem(
            f"{absent[0]}: no such column; an item of wave {names[0]} is expected as"
            f" {items[0]}_{names[0]}"
        )
    unknown = [name for name in keep if name not in data.columns]
    if unknown:
        raise MissingItem(f"{unknown[0]}: no such column")
    return _checked(
        Waves(data[[*columns, *keep]], tuple(items), names, names, (), tuple(keep)),
        "no row has two waves",
    )


def _of_persons(values: pd.Series, persons: pd.Series, person: str) -> pd.Series:
    """The one value of each person; a missing one where no row has any."""
    known = pd.DataFrame({"person": persons, "value": values}).dropna().drop_duplicates()
    twice = known[known["person"].duplicated(keep=False)]
    if len(twice):
        one = str(twice["person"].iloc[0])
        raise DataError(
            f"{values.name}: {person} {one} has more than one value, one of"
            f" {twice['person'].nunique()} such cases; give each person one"
        )
    return pd.Series(known["value"].to_numpy(), index=known["person"].to_numpy())


def reversed_at_all(waves: Waves, items: Sequence[str]) -> tuple[Waves, dict[str, float]]:
    """The waves with reversed items counted from the other end, about one point for all waves."""
    frame, points = waves.frame.copy(), {}
    for item in items:
        columns = [waves.column(item, wave) for wave in waves.names]
        values = frame[columns].apply(pd.to_numeric)
        points[item] = float(np.nanmin(values.to_numpy()) + np.nanmax(values.to_numpy()))
        frame[columns] = points[item] - values
    return replace(waves, frame=frame), points


def _checked(found: Waves, lonely: str) -> Waves:
    """The waves without those who answered at none. Raises DataError where they have nobody in common."""
    there = found.answered.any(axis=1)
    left = _left_out(int((~there).sum()), "they answered at no wave")
    found = replace(
        found,
        frame=pd.DataFrame(found.frame[there]).reset_index(drop=True),
        warnings=(*found.warnings, *left),
    )
    if not (found.answered.sum(axis=1) >= 2).any():
        raise DataError(
            f"{lonely}: these are not the same people, whose answers could be compared over time;"
            " compare waves of different people as groups (invariance over the wave)"
        )
    for label, count in found.people.items():
        if count == 0:
            raise DataError(f"wave {label}: nobody answered any item of the model")
    return found


def _check_count(waves: Sequence[str], what: str) -> None:
    if not 2 <= len(waves) <= MOST:
        raise DataError(f"{what}: 2 to {MOST} waves can be compared, not {len(waves)}")
    if len(set(waves)) < len(waves):
        raise DataError(f"{what}: {', '.join(waves)} names a wave twice")


def ordered_labels(labels: Iterable[str]) -> list[str]:
    """The different labels of waves: numbers by size, others in the order of the text."""
    distinct = sorted(set(labels))
    numbers = pd.to_numeric(pd.Series(distinct), errors="coerce")
    if numbers.notna().all():
        return [distinct[i] for i in np.argsort(numbers.to_numpy(), kind="stable")]
    return distinct


def wave_label(value: object) -> str:
    """A person or wave as text; 2.0 of a column with gaps is 2."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _name(label: str) -> str:
    """A wave as part of a variable's name: ``2026-03`` becomes ``2026.03``."""
    return "".join(sign if sign.isalnum() or sign in "_." else "." for sign in label)


def _left_out(rows: int, why: str) -> list[str]:
    return [f"{rows} rows are left out: {why}"] if rows else []
