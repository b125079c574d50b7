"""Stored names and values in words: of jobs and of the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_NAMES = {
    "n": "responses",
    "ids": "records",
    "csv": "CSV",
    "zone": "time zone",
    "bootstrap": "resamples",
    "owner_id": "owner (number of the user)",
}
_VALUES = {
    "benchmark": "journey benchmark",
    "executive": "executive page",
    "partner": "partner report",
    "segments": "report for every segment",
    "sjq_study": "journey quality and loyalty study",
    "validation": "scale validation",
    "ML": "maximum likelihood (ML)",
    "MLR": "robust maximum likelihood (MLR)",
}
_MOST = 12  # of a list's values


def name_of(name: str) -> str:
    """A stored name as words: "minimum_cell" is "minimum cell"."""
    return _NAMES.get(name, name.replace("_", " ").replace("-", " ").strip())


def words_of(value: Any) -> str:
    """A stored value as somebody would say it: no braces, quotes or underscores."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, Mapping):
        said = [f"{name_of(str(name))}: {words_of(each)}" for name, each in value.items()]
        return "; ".join(said) or "none"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _listed(value)
    text = str(value)
    return _VALUES.get(text, text)


def _listed(found: Sequence[Any]) -> str:
    said = [words_of(each) for each in found[:_MOST]]
    more = f" and {len(found) - _MOST:,} more" if len(found) > _MOST else ""
    return ", ".join(said) + more if said else "none"
