"""The kinds of steps that a project's answers can be taken through, read from what somebody typed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.results.projects.variables import Variable, Variables

COMPARISONS = {
    "=": "is",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
    "missing": "is missing",
}
_PAIR = re.compile(r"\s*([^=,;]+?)\s*=\s*([^=,;]+?)\s*")
_MISSING = ("missing", "na")
_MOST_SEED = 2**31 - 1


class StepKind(StrEnum):
    """What a step does."""

    LEAVE_OUT_ITEM = "leave_out_item"
    LEAVE_OUT_ROWS = "leave_out_rows"
    REVERSE = "reverse"
    RECODE = "recode"
    HALF = "half"
    ANSWERED = "answered"
    GROUP = "group"
    PERIOD = "period"
    CARELESS = "careless"
    SCALE = "scale"


def step_arguments(kind: StepKind, typed: Mapping[str, str], known: Variables) -> dict[str, Any]:
    """What a step is stored with. Raises Invalid, with the field, for what the answers do not have."""
    match kind:
        case StepKind.LEAVE_OUT_ITEM | StepKind.REVERSE:
            return {"name": _item(typed, known).name}
        case StepKind.RECODE:
            return {"name": _item(typed, known).name, "values": _pairs(typed.get("values", ""))}
        case StepKind.HALF:
            return {
                "half": _whole(typed, "half", least=1, most=2),
                "seed": _whole(typed, "seed", least=0, most=_MOST_SEED),
            }
        case StepKind.ANSWERED:
            return {"least": _whole(typed, "least", least=1, most=len(known.items))}
        case StepKind.LEAVE_OUT_ROWS:
            return _comparison(typed, known)
        case StepKind.GROUP:
            return _group(typed, known)
        case StepKind.PERIOD:
            return _period(typed, known)
        case StepKind.CARELESS:
            return {}
        case StepKind.SCALE:
            return _scale(typed, known)


def step_in_words(kind: str, arguments: Mapping[str, Any]) -> str:
    """A stored step as a list shows it."""
    name = arguments.get("name")
    match StepKind(kind):
        case StepKind.LEAVE_OUT_ITEM:
            return f"Leave out item {name}"
        case StepKind.REVERSE:
            return f"Reverse item {name}"
        case StepKind.RECODE:
            pairs = (
                f"{old} to {'missing' if new is None else _plain(new)}"
                for old, new in arguments["values"].items()
            )
            return f"Recode {name}: {', '.join(pairs)}"
        case StepKind.HALF:
            which = "first" if arguments["half"] == 1 else "second"
            return f"Keep the {which} random half (seed {arguments['seed']})"
        case StepKind.ANSWERED:
            least = arguments["least"]
            return f"Leave out rows with fewer than {least} answered item{'s' if least > 1 else ''}"
        case StepKind.LEAVE_OUT_ROWS:
            sign = arguments["comparison"]
            if sign == "missing":
                return f"Leave out rows where {name} is missing"
            return f"Leave out rows where {name} {COMPARISONS[sign]} {arguments['value']}"
        case StepKind.GROUP:
            return f"Keep rows where {name} is {arguments['value']}"
        case StepKind.PERIOD:
            since, until = arguments["since"], arguments["until"]
            if since and until:
                return f"Keep answers from {since} to {until}"
            return f"Keep answers from {since} on" if since else f"Keep answers up to {until}"
        case StepKind.CARELESS:
            return "Leave out careless respondents"
        case StepKind.SCALE:
            names, ends = arguments["names"], arguments["scale"]
            of = f"{', '.join(names[:4])}{', …' if len(names) > 4 else ''}"
            return f"Set the scale of {of} to {_plain(ends[0])} to {_plain(ends[1])}"


def _item(typed: Mapping[str, str], known: Variables) -> Variable:
    name = typed.get("name", "").strip()
    if name not in known.items:
        raise Invalid(f"{name!r} is no item of these answers; choose one of the list", field="name")
    return known.items[name]


def _comparison(typed: Mapping[str, str], known: Variables) -> dict[str, Any]:
    name, sign = typed.get("name", "").strip(), typed.get("comparison", "")
    if name not in known.items and name not in known.groups:
        raise Invalid(
            f"{name!r} is no item or attribute of these answers; choose one of the list",
            field="name",
        )
    if sign not in COMPARISONS:
        raise Invalid(f"{sign!r} is no comparison; choose one of the list", field="comparison")
    if sign == "missing":
        return {"name": name, "comparison": sign}
    value = typed.get("value", "").strip()
    if not value:
        raise Invalid("Enter the value that rows are compared with", field="value")
    if len(value) > 200:
        raise Invalid(f"The value has {len(value)} characters; at most 200 are kept", field="value")
    if name in known.items:
        _number(value, "value")
    return {"name": name, "comparison": sign, "value": value}


def _group(typed: Mapping[str, str], known: Variables) -> dict[str, Any]:
    name, value = typed.get("name", "").strip(), typed.get("value", "").strip()
    if name not in known.groups:
        raise Invalid(
            f"{name!r} is no attribute of these answers; choose one of the list", field="name"
        )
    if not 1 <= len(value) <= 200:
        raise Invalid(
            "Enter the value whose rows are kept, of at most 200 characters", field="value"
        )
    return {"name": name, "value": value}


def _period(typed: Mapping[str, str], known: Variables) -> dict[str, Any]:
    """Days as ISO texts, empty where the period is open."""
    if not known.has_days:
        raise Invalid(
            "The rows of a file have no day of their own; leave out rows by a column instead",
            field="since",
        )
    since, until = _day(typed, "since"), _day(typed, "until")
    if not since and not until:
        raise Invalid("Enter the first day, the last one, or both", field="since")
    if since and until and since > until:
        raise Invalid(f"The period ends before it begins, on {since}", field="until")
    return {"since": since, "until": until}


def _day(typed: Mapping[str, str], name: str) -> str:
    text = typed.get(name, "").strip()
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError as error:
        raise Invalid(f"{text[:60]!r} is no day; write 2026-03-29", field=name) from error


def _scale(typed: Mapping[str, str], known: Variables) -> dict[str, Any]:
    names = list(dict.fromkeys(re.split(r"[\s,;]+", typed.get("names", "").strip())))
    unknown = [name for name in names if name not in known.items]
    if unknown:
        said = repr(unknown[0][:60]) if unknown[0] else "Nothing"
        raise Invalid(
            f"{said} is no item of these answers; name items, separated by commas", field="names"
        )
    lowest = _number(typed.get("lowest", "").strip(), "lowest")
    highest = _number(typed.get("highest", "").strip(), "highest")
    if lowest >= highest:
        raise Invalid("The highest point has to lie above the lowest", field="highest")
    return {"names": names, "scale": [lowest, highest]}


def _pairs(text: str) -> dict[str, float | None]:
    """{"1": 5.0, "9": None} of "1=5, 9=missing"."""
    found: dict[str, float | None] = {}
    for part in re.split(r"[,;\n]", text):
        if not part.strip():
            continue
        pair = _PAIR.fullmatch(part)
        if pair is None:
            raise Invalid(
                f"{part.strip()[:60]!r} is not of the form old=new, such as 1=5 or 9=missing",
                field="values",
            )
        old = _plain(_number(pair[1], "values"))
        if old in found:
            raise Invalid(f"{old} stands twice; recode each value once", field="values")
        found[old] = None if pair[2].lower() in _MISSING else _number(pair[2], "values")
    if not found:
        raise Invalid("Enter what becomes of which value, such as 1=5, 9=missing", field="values")
    return found


def _number(text: str, field: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Invalid(f"{text[:60]!r} is no number, which this item's answers are", field=field)
    return value


def _whole(typed: Mapping[str, str], name: str, *, least: int, most: int) -> int:
    text = typed.get(name, "").strip()
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise Invalid(f"{text[:60]!r} is not a whole number from {least} to {most:,}", field=name)
    return int(text)


def _plain(value: float) -> str:
    return f"{value:.15g}"
