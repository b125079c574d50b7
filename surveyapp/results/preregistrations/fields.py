"""The fields of a plan as somebody typed them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.results.preregistrations.preregistration_document import (
    CORRECTIONS,
    FAMILIES,
    SIGNS,
    TEXTS,
)
from surveyapp.results.projects.analyses import analysis_options
from surveyapp.results.projects.analysis_kinds import ANALYSES
from surveyapp.results.projects.analysis_limits import why_not
from surveyapp.results.projects.analysis_options import PLANNED_OPTIONS, plannable
from surveyapp.results.projects.projects import ModelText
from surveyapp.results.projects.variables import Variables
from surveyapp.store.models import ProjectModel

LONGEST_FIELD, MOST_HYPOTHESES = 10_000, 100
_LARGEST_N = 10_000_000
EMPTY: Mapping[str, Any] = {
    **dict.fromkeys(TEXTS, ""),
    "n": None,
    "last_day": "",
    "hypotheses": [],
    "correction": "",
    "family": "",
    "models": [],
}


def read_fields(typed: Mapping[str, str]) -> dict[str, Any]:
    """The fields without the models. Raises Invalid, with the field."""
    return {
        **{name: _text(typed, name) for name in TEXTS},
        "n": _n(typed.get("n", "")),
        "last_day": _day(typed.get("last_day", "")),
        "hypotheses": read_hypotheses(typed.get("hypotheses", "")),
        "correction": _correction(typed.get("correction", "")),
        "family": _family(typed.get("family", "")),
    }


def read_hypotheses(text: str) -> list[dict[str, str]]:
    """One hypothesis a line: its words, or "words | parameter | sign" with +, - or 0.

    Raises Invalid, with the field.

    >>> read_hypotheses("Ease raises loyalty | loyalty ~ ease | +")
    [{'text': 'Ease raises loyalty', 'parameter': 'loyalty ~ ease', 'sign': '+'}]
    """
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_HYPOTHESES:
        raise Invalid(f"Write at most {MOST_HYPOTHESES} hypotheses.", field="hypotheses")
    found = []
    for number, line in enumerate(lines, start=1):
        words, parameter, sign, *more = [*(part.strip() for part in line.split("|")), "", ""]
        sign = sign.replace("−", "-")
        if not words or sign not in SIGNS or any(more):
            raise Invalid(
                f"Hypothesis {number}: write its words, or words | parameter | sign, the sign +, - or 0.",
                field="hypotheses",
            )
        if sign and not re.search(r"=~|<~|~~|~|:=", parameter):
            raise Invalid(
                f"Hypothesis {number}: a parameter is written as in a model, such as loyalty ~ ease.",
                field="hypotheses",
            )
        found.append({"text": words, "parameter": parameter, "sign": sign})
    return found


def hypotheses_as_text(hypotheses: Sequence[Mapping[str, str]]) -> str:
    """The lines that ``read_hypotheses`` reads."""
    return "\n".join(
        " | ".join(filter(None, (each["text"], each["parameter"], each["sign"])))
        for each in hypotheses
    )


def planned_analysis(
    kind: str, asked: ModelText, chosen: Mapping[str, str], known: Variables
) -> dict[str, Any]:
    """A further analysis of a planned model, of ``chosen`` with the options that it has.

    Raises Invalid, with the field, for one that the model does not have or that cannot be planned, and for
    an option that does not serve.
    """
    if kind not in ANALYSES or asked.kind not in ANALYSES[kind].of:
        raise Invalid(f"{kind[:60]!r} is no analysis of this kind of model", field="analyses")
    if refused := why_not(kind, asked.kind, asked.text, asked.options):
        raise Invalid(f"{ANALYSES[kind].title}: {refused}", field="analyses")
    options = ANALYSES[kind].options
    if not plannable(options):
        raise Invalid(
            f"{ANALYSES[kind].title} needs more than its kind: describe it under planned analyses.",
            field="analyses",
        )
    if "wave" in options and not known.has_days:
        raise Invalid(
            f"{ANALYSES[kind].title}: waves of a file are told by its columns; describe it under planned analyses.",
            field="analyses",
        )
    model = ProjectModel(kind=asked.kind, text=asked.text, options=asked.options)  # not stored
    taken = {name: chosen.get(name, "") for name in PLANNED_OPTIONS if name in options}
    try:
        return {"kind": kind, "options": analysis_options(kind, taken, model, known)}
    except Invalid as error:
        said = f"{ANALYSES[kind].title}: {str(error)[:1].lower()}{str(error)[1:]}"
        raise Invalid(said, field=f"analysis_{error.field}") from error


def _text(typed: Mapping[str, str], name: str) -> str:
    text = "\n".join((typed.get(name) or "").strip().splitlines())
    if len(text) > LONGEST_FIELD:
        raise Invalid(
            f"{TEXTS[name]} has {len(text):,} characters; use at most {LONGEST_FIELD:,}.",
            field=name,
        )
    return text


def _correction(typed: str) -> str:
    if typed not in CORRECTIONS:
        raise Invalid(
            f"{typed[:40]!r} is no adjustment; use {', '.join(filter(None, CORRECTIONS))}, or none.",
            field="correction",
        )
    return typed


def _family(typed: str) -> str:
    if typed not in FAMILIES:
        raise Invalid(
            f"{typed[:40]!r} names no tests that are adjusted together; use all, or leave it out.",
            field="family",
        )
    return typed


def _n(typed: str) -> int | None:
    text = typed.strip().replace(",", "")
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:12]) <= _LARGEST_N:
        raise Invalid(f"Enter a whole number from 1 to {_LARGEST_N:,}.", field="n")
    return int(text)


def _day(typed: str) -> str:
    text = typed.strip()
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError as error:
        raise Invalid("Enter a day such as 2026-06-30.", field="last_day") from error
