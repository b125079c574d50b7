"""What holds for a whole questionnaire: titles, instructions, sources, and how answers are scored."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace

from instruments.schema import Metric
from surveyapp.errors import Invalid
from surveyapp.questionnaires.documents import Document, Tables
from surveyapp.questionnaires.draft import Draft, first_key

KEY = "score"
TOTAL = "total"
PARTS = ("title", "instruction", "status")


@dataclass(frozen=True)
class General:
    """Texts by wording; ``scales`` are the scored ones, their names by wording."""

    texts: Mapping[str, Mapping[str, str]]
    licence: str
    citation: str
    note: str
    metric: str = ""  # empty: nothing is scored
    scales: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    total: Mapping[str, str] = field(default_factory=dict)


def general(draft: Draft) -> General:
    """What the draft has."""
    definition, texts = draft.document.definition, draft.document.texts
    key = first_key(draft.document)

    def named(code: str) -> dict[str, str]:
        return {name: table["dimensions"].get(code, "") for name, table in texts.items()}

    return General(
        texts={
            name: {part: table.get(part, "") for part in PARTS} for name, table in texts.items()
        },
        licence=definition["licence"],
        citation=definition["citation"],
        note=definition.get("note", ""),
        metric=key.get("metric", ""),
        scales={code: named(code) for code in key.get("scales", {})},
        total=named(key["total"]) if key.get("total") else {},
    )


def change_general(draft: Draft, wanted: General) -> Draft:
    """The draft with these. Raises Invalid where a licence, source or note came with the questions."""
    before = general(draft)
    if draft.origin:
        for name in ("licence", "citation"):
            if getattr(wanted, name) != getattr(before, name):
                raise Invalid(
                    f"The {name} belongs to {draft.origin}, which this questionnaire was made from.",
                    field=name,
                )
        if before.note and before.note not in wanted.note:
            raise Invalid(
                f"The note of {draft.origin} must stay; write yours behind it.", field="note"
            )
    document = deepcopy(draft.document)
    document.definition.update(licence=wanted.licence, citation=wanted.citation, note=wanted.note)
    if not wanted.note:
        del document.definition["note"]
    for name, table in document.texts.items():
        table.update({part: wanted.texts[name][part] for part in PARTS})
    _score(document, before, wanted)
    return replace(draft, document=document)


def _score(document: Document, before: General, wanted: General) -> None:
    """Set the first key. Another metric or other scales end the scoring keys that came with it."""
    definition = document.definition
    if wanted.metric != before.metric or tuple(wanted.scales) != tuple(before.scales):
        old = first_key(document).get("scales", {})
        definition["keys"] = _keys(wanted, old)
        for item in definition["items"]:
            if item.get("dimension") not in wanted.scales:
                item.pop("dimension", None)
    names = {code for key in definition["keys"].values() for code in key["scales"]}
    totals = {key["total"] for key in definition["keys"].values() if key.get("total")}
    for name, table in document.texts.items():
        said = {code: table["dimensions"].get(code, "") for code in (*sorted(names), *totals)}
        said |= {code: scale.get(name, "") for code, scale in wanted.scales.items()}
        if wanted.total:
            said |= {code: wanted.total.get(name, "") for code in totals}
        table["dimensions"] = said


def _keys(wanted: General, old: Mapping[str, list[str]]) -> Tables:
    if not wanted.metric:
        return {}
    key: Tables = {"metric": wanted.metric, "validated": False}
    if wanted.metric == Metric.INDEX and len(wanted.scales) > 1:
        key["total"] = TOTAL
    # What counted in the only scale counts in the only scale that takes its place.
    moved = len(old) == len(wanted.scales) == 1
    first = next(iter(old.values()), []) if moved else []
    key["scales"] = {code: old.get(code, first) for code in wanted.scales}
    return {KEY: key}
