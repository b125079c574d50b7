"""Scales under development as other programs read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from surveyapp.scale_development.evidence import Evidence
from surveyapp.scale_development.judged_files import JudgedFile
from surveyapp.scale_development.judgements import JudgedItem, Judgements
from surveyapp.store.models import (
    JudgingRound,
    ScaleConstruct,
    ScaleDevelopment,
    ScaleItem,
    ScaleItemChange,
)


def scale_to_json(scale: ScaleDevelopment, counts: Mapping[str, int]) -> dict[str, Any]:
    """A scale; ``counts``: how many items it has in each state."""
    return {
        "id": scale.id,
        "name": scale.name,
        "definition": scale.definition,
        "population": scale.population,
        "language": scale.language,
        "answer_scale": scale.answer_scale,
        "items": dict(counts),
        "created_at": scale.created_at,
    }


def construct_to_json(construct: ScaleConstruct) -> dict[str, Any]:
    """A dimension or a neighbour."""
    names = ("id", "kind", "code", "name", "definition", "relation")
    return {name: getattr(construct, name) for name in names}


def item_to_json(item: ScaleItem, changes: Sequence[ScaleItemChange]) -> dict[str, Any]:
    """An item in its present wording and state, with every earlier one, oldest first."""
    names = ("id", "code", "text", "reverse", "source", "state", "reason")
    return {
        **{name: getattr(item, name) for name in names},
        "dimension": item.construct.code,
        "history": [
            {"text": each.text, "state": each.state, "reason": each.reason, "at": each.changed_at}
            for each in changes
        ],
    }


def round_to_json(row: JudgingRound, found: Judgements, invited: int) -> dict[str, Any]:
    """A judging round and its results; remarks stand without who made them."""
    return {
        "id": row.id,
        "kind": row.kind,
        "created_at": row.created_at,
        "closed_at": row.closed_at,
        "invited": invited,
        "judges": found.judges,
        "agreement": None if found.agreement is None else _finite(asdict(found.agreement)),
        "rule": found.rule,
        "items": [_judged(each) for each in found.items],
    }


def judged_file_to_json(judged: JudgedFile) -> dict[str, Any]:
    """The results of judges' answers from elsewhere, as those of a round."""
    found = judged.found
    return {
        "kind": judged.round.kind,
        "judges": found.judges,
        "agreement": None if found.agreement is None else _finite(asdict(found.agreement)),
        "whole": None
        if found.relevance is None
        else {
            "average": _finite(asdict(found.relevance.average)),
            "universal": _finite(asdict(found.relevance.universal)),
        },
        "rule": found.rule,
        "items": [
            {
                "code": each.code,
                "construct": each.construct,
                "judges": each.judges,
                "numbers": _numbers(each),
                "proposal": str(each.proposal),
            }
            for each in found.items
        ],
        "notes": list(judged.notes),
    }


def evidence_to_json(found: Evidence) -> dict[str, Any]:
    """Everything that is on record of a scale, its pilots and versions included."""
    counts: dict[str, int] = {}
    for item in found.items:
        counts[item.state] = counts.get(item.state, 0) + 1
    whole = {
        **scale_to_json(found.scale, counts),
        "constructs": [construct_to_json(each) for each in found.constructs],
        "items": [
            {
                **item_to_json(item, found.changes.get(item.id, ())),
                "findings": [
                    _columns(each, "problem", "severity", "finding", "change", "wording")
                    for each in found.findings.get(item.id, ())
                ],
                "translations": [
                    _columns(
                        each, "language", "source", "forward", "back", "comparison", "decision"
                    )
                    for rows in found.translations.get(item.id, {}).values()
                    for each in rows
                ],
            }
            for item in found.items
        ],
        "rounds": [round_to_json(row, judged, judged.judges) for row, judged in found.rounds],
        "pilots": [
            _columns(each, "id", "name", "options", "result", "created_at") for each in found.pilots
        ],
        "versions": [
            _columns(each, "number", "note", "items", "constructs", "created_at")
            for each in found.versions
        ],
    }
    for row in whole["rounds"]:
        del row["invited"]
    return whole


def _judged(item: JudgedItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "code": item.code,
        "text": item.text,
        "construct": item.construct,
        "judges": item.judges,
        "numbers": _numbers(item),
        "proposal": str(item.proposal),
        "remarks": list(item.remarks),
    }


def _numbers(item: JudgedItem) -> dict[str, Any]:
    numbers = item.sorted or item.relevant or item.essential
    return {} if numbers is None else _finite(asdict(numbers))


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers with null for what is undefined, which JSON has no number for."""
    return {
        name: _finite(value)
        if isinstance(value, Mapping)
        else None
        if isinstance(value, float) and not isfinite(value)
        else value
        for name, value in values.items()
    }


def _columns(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
