"""Everything that is wrong with a draft, each fault beside the question that it belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from instruments.loader import Fault, examine
from instruments.schema import Instrument
from surveyapp.questionnaires.documents import Document
from surveyapp.questionnaires.draft import Draft

DRAFT = "draft"  # the version of an instrument that is not published
_ITEM = re.compile(r"(?:items\[(?P<a>[^\]]*)\]|(?:items|choices)\.(?P<b>[^.]+))(?:\.(?P<rest>.+))?")
_CHOICES = re.compile(r"choices\.")
_PARTS = {
    "code": "Code",
    "kind": "Kind",
    "scale": "Answer scale",
    "choices": "Answers",
    "show_if": "Show if",
    "reverse": "Reversed",
    "dimension": "Score",
    "max_length": "Longest answer",
}


@dataclass(frozen=True)
class DraftFault:
    """One fault in a sentence; ``question_id`` is None where it belongs to no question."""

    question_id: int | None
    place: str
    text: str
    scale: str = ""  # the answer scale whose labels it is about

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def examined(draft: Draft) -> tuple[Instrument, tuple[DraftFault, ...]]:
    """The instrument that a draft makes, of use only without faults; and all faults."""
    document = complete(draft)
    texts = {f"texts/{name}.toml": table for name, table in document.texts.items()}
    instrument, found = examine(document.definition, texts)
    by_code: dict[str, int] = {}
    for number, item in zip(draft.ids, draft.items, strict=True):
        by_code.setdefault(item["code"], number)
    return instrument, tuple(dict.fromkeys(_told(draft, by_code, each) for each in found))


def complete(draft: Draft, number: str = DRAFT) -> Document:
    """The draft's tables as a version has them: without scales that no question uses, and each text
    that is missing as an empty one.
    """
    definition = dict(draft.document.definition)
    used = {item["scale"] for item in definition["items"] if item.get("scale")}
    scales = definition["scales"]
    definition["scales"] = {code: scale for code, scale in scales.items() if code in used}
    definition["version"] = "0" if number == DRAFT else number
    texts = {}
    for name, table in draft.document.texts.items():
        labels = {}
        for code, scale in definition["scales"].items():
            ends = {str(scale["minimum"]): "", str(scale["maximum"]): ""}
            labels[code] = {**ends, **table["labels"].get(code, {})}
        wording = f"{table['language'].lower()}-{number}"
        same = [n for n, t in draft.document.texts.items() if t["language"] == table["language"]]
        if name != same[0]:  # a second wording of a language keeps its own name
            wording = f"{wording}-{same.index(name) + 1}"
        texts[name] = {**table, "id": wording, "labels": labels}
    return Document(definition, texts)


def _told(draft: Draft, by_code: dict[str, int], fault: Fault) -> DraftFault:
    name = fault.file.removeprefix("texts/").removesuffix(".toml")
    language = draft.document.texts[name]["language"] if name in draft.document.texts else ""
    said = f"{fault.value} {fault.cure}" if fault.value not in ("", "''") else fault.cure
    where = _ITEM.fullmatch(fault.key)
    if where:
        code = where["a"] if where["a"] is not None else where["b"]
        part = _PARTS.get((where["rest"] or "").split(".")[0], "")
        if where["b"] is not None and _CHOICES.match(fault.key):
            part = f"Answer {where['rest']}" if where["rest"] else "Answers"
        place = _with(part or "Wording", language)
        return DraftFault(by_code.get(code), f"{code}, {place}", said)
    top, _, rest = fault.key.partition(".")
    scale = rest.split(".")[0] if top == "labels" else ""
    names = {
        "title": "Title",
        "instruction": "Instruction",
        "labels": f"Label {rest.replace('.', ', point ')}",
        "dimensions": f"Name of the score {rest}",
        "items": "Questions",
        "keys": "Score",
        "licence": "Licence",
        "citation": "Source",
    }
    return DraftFault(None, _with(names.get(top, fault.key), language), said, scale)


def _with(part: str, language: str) -> str:
    return f"{part} ({language})" if language else part
