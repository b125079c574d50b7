"""A questionnaire in work: its tables, and what is done to its questions. Nothing here changes its input."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace

from instruments.definition import CHOICE_KINDS, MOST_ITEMS, SCALE_KINDS
from instruments.schema import ItemKind, ShowIf
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.questionnaires.documents import Document, Tables
from surveyapp.questionnaires.presets import EMOTION, YES_NO, answers, scale_presets

START = "agree7"  # the scale that a rating begins with
LIKELY = "likely11"


@dataclass(frozen=True)
class Question:
    """One question as its page shows it: ``texts`` by wording, ``labels`` by wording, then choice."""

    id: int
    code: str
    kind: ItemKind
    required: bool = True
    reverse: bool = False
    scale: str = ""
    max_length: int = 2000
    score: str = ""  # the scored scale of the first key that it counts in
    choices: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    show_if: ShowIf | None = None
    locked: str = ""  # why its wording may not be altered
    fixed: tuple[str, ...] = ()  # the wordings in which it may not


@dataclass(frozen=True)
class Draft:
    """``ids`` number the items for good; ``fixed`` are the wordings of locked items that came with them.

    ``origin`` names what it was made from: "nps 1", or nothing.
    """

    document: Document
    ids: tuple[int, ...]
    following: int
    fixed: Mapping[str, tuple[str, ...]]
    origin: str = ""

    def to_text(self) -> str:
        rest = {
            "ids": self.ids,
            "following": self.following,
            "fixed": self.fixed,
            "origin": self.origin,
        }
        return json.dumps({**rest, "document": self.document.to_text()}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Draft:
        read = json.loads(text)
        fixed = {code: tuple(names) for code, names in read["fixed"].items()}
        document = Document.from_text(read["document"])
        return cls(document, tuple(read["ids"]), read["following"], fixed, read["origin"])

    @property
    def items(self) -> list[Tables]:
        return list(self.document.definition["items"])

    @property
    def wordings(self) -> dict[str, str]:
        """Language by the wording's name, the language that it was written in first."""
        own = self.document.definition["language"]
        texts = self.document.texts
        ordered = sorted(texts, key=lambda name: (texts[name]["language"] != own, name))
        return {name: texts[name]["language"] for name in ordered}

    @property
    def scored(self) -> tuple[str, ...]:
        """The scored scales of the first key."""
        return tuple(first_key(self.document).get("scales", {}))

    def place(self, question_id: int) -> int:
        if question_id not in self.ids:
            raise NotFound("There is no such question; it may have been removed.")
        return self.ids.index(question_id)

    def question(self, question_id: int) -> Question:
        return self.questions()[self.place(question_id)]

    def questions(self) -> list[Question]:
        """Every question in order."""
        grouped = first_key(self.document).get("scales", {})
        scores = {item: scale for scale, items in grouped.items() for item in items}
        return [
            self._question(number, item, scores)
            for number, item in zip(self.ids, self.items, strict=True)
        ]

    def _question(self, number: int, item: Tables, scores: Mapping[str, str]) -> Question:
        code, texts = item["code"], self.document.texts
        rule = item.get("show_if")
        kind = ItemKind(item["kind"])
        return Question(
            id=number,
            code=code,
            kind=kind,
            required=item.get("required", True),
            reverse=item.get("reverse", False),
            scale=item.get("scale", ""),
            max_length=item.get("max_length", 2000),
            score=scores.get(code, ""),
            choices=("1", "0") if kind is ItemKind.YES_NO else tuple(item.get("choices", ())),
            texts={name: table["items"].get(code, "") for name, table in texts.items()},
            labels={name: table["choices"].get(code, {}) for name, table in texts.items()},
            show_if=ShowIf(rule["when"], rule["sign"], tuple(rule["values"])) if rule else None,
            locked=self.document.definition.get("locked", {}).get(code, ""),
            fixed=self.fixed.get(code, ()),
        )


def draft_of(document: Document, origin: str = "") -> Draft:
    """A draft that begins with these tables; the locked wordings in them stay as they are."""
    codes = [item["code"] for item in document.definition["items"]]
    fixed = {
        code: tuple(name for name, table in document.texts.items() if table["items"].get(code))
        for code in document.definition.get("locked", {})
    }
    return Draft(deepcopy(document), tuple(range(1, len(codes) + 1)), len(codes) + 1, fixed, origin)


def empty_draft(code: str, title: str, language: str, others: Iterable[str]) -> Draft:
    """A draft without questions in these languages."""
    texts = {
        each: {
            "id": f"{each.lower()}-1",
            "language": each,
            "status": "draft",
            "title": title if each == language else "",
            "instruction": "",
            **{part: {} for part in ("items", "labels", "choices", "dimensions")},
        }
        for each in dict.fromkeys((language, *others))
    }
    definition = {
        "code": code,
        "version": "1",
        "language": language,
        "licence": "All rights reserved",
        "citation": "Own questions.",
        "scales": {},
        "items": [],
        "keys": {},
        "locked": {},
    }
    return draft_of(Document(definition, texts))


def add(draft: Draft, kind: ItemKind) -> tuple[Draft, int]:
    """The draft with one more question at its end, and the question's number."""
    if len(draft.ids) >= MOST_ITEMS:
        raise Conflict(f"A questionnaire has at most {MOST_ITEMS} questions; remove one first.")
    document = deepcopy(draft.document)
    code = _free(document, f"q{draft.following}")
    item: Tables = {"code": code, "kind": str(kind), "required": kind is not ItemKind.OPEN_TEXT}
    for table in document.texts.values():
        table["items"][code] = ""
    document.definition["items"].append(item)
    if kind in SCALE_KINDS:
        item["scale"] = LIKELY if kind is ItemKind.ZERO_TO_TEN else START
        use_scale(document, item["scale"])
    _begin_answers(document, item)
    number = draft.following
    made = replace(draft, document=document, ids=(*draft.ids, number), following=number + 1)
    return made, number


def _begin_answers(document: Document, item: Tables) -> None:
    """The answers that a question of its kind begins with, with the labels that are known."""
    kind = ItemKind(item["kind"])
    known = {ItemKind.YES_NO: YES_NO, ItemKind.EMOTION: EMOTION}.get(kind)
    codes, labels = answers(known) if known else ((), {})
    if kind in CHOICE_KINDS:
        item["choices"] = list(codes)
    for table in document.texts.values():
        if kind in CHOICE_KINDS or kind is ItemKind.YES_NO:
            said = labels.get(table["language"], {})
            table["choices"][item["code"]] = {each: said.get(each, "") for each in codes}


def use_scale(document: Document, code: str) -> None:
    """Give a document an offered scale with its labels, unless it has one of this code."""
    scales, preset = document.definition["scales"], scale_presets().get(code)
    if code in scales or preset is None:
        return
    scale = preset.scale
    scales[code] = {
        "minimum": scale.minimum,
        "maximum": scale.maximum,
        "higher_is_better": scale.higher_is_better,
    }
    for table in document.texts.values():
        said = preset.labels.get(table["language"], {})
        table["labels"][code] = {str(point): label for point, label in said.items()}


def move(draft: Draft, question_id: int, by: int) -> Draft:
    """The draft with a question further up (-1) or down (1); at an end it stays where it is."""
    place = draft.place(question_id)
    to = min(max(place + by, 0), len(draft.ids) - 1)
    document, ids = deepcopy(draft.document), list(draft.ids)
    items = document.definition["items"]
    items.insert(to, items.pop(place))
    ids.insert(to, ids.pop(place))
    return replace(draft, document=document, ids=tuple(ids))


def copy(draft: Draft, question_id: int) -> tuple[Draft, int]:
    """The draft with a copy behind the question, and the copy's number. A copy is never locked."""
    place = draft.place(question_id)
    document = deepcopy(draft.document)
    items = document.definition["items"]
    code = items[place]["code"]
    fresh = _free(document, f"{code}_copy"[:36])
    items.insert(place + 1, {**deepcopy(items[place]), "code": fresh})
    for table in document.texts.values():
        for part in ("items", "choices"):
            if code in table[part]:
                table[part][fresh] = deepcopy(table[part][code])
    number = draft.following
    ids = (*draft.ids[: place + 1], number, *draft.ids[place + 1 :])
    return replace(draft, document=document, ids=ids, following=number + 1), number


def remove(draft: Draft, question_id: int) -> Draft:
    """The draft without a question; it counts in no score any more."""
    place = draft.place(question_id)
    document = deepcopy(draft.document)
    code = document.definition["items"].pop(place)["code"]
    document.definition.get("locked", {}).pop(code, None)
    for key in document.definition["keys"].values():
        key["scales"] = {
            scale: [each for each in items if each != code]
            for scale, items in key["scales"].items()
        }
    for table in document.texts.values():
        table["items"].pop(code, None)
        table["choices"].pop(code, None)
    return replace(draft, document=document, ids=(*draft.ids[:place], *draft.ids[place + 1 :]))


def change(draft: Draft, wanted: Question) -> Draft:
    """The draft with a question as wanted. Raises Invalid where its wording is locked."""
    before = draft.question(wanted.id)
    _refuse_locked(before, wanted)
    if wanted.code != before.code and wanted.code in {item["code"] for item in draft.items}:
        raise Invalid(
            f"{wanted.code} is the code of another question; choose another.", field="code"
        )
    document = deepcopy(draft.document)
    item = document.definition["items"][draft.place(wanted.id)]
    _rename(document, before.code, wanted.code)
    for name in [name for name in item if name not in ("dimension", "retired")]:
        del item[name]
    item.update(_item_of(wanted))
    if wanted.scale:
        use_scale(document, wanted.scale)
    for name, table in document.texts.items():
        table["items"][wanted.code] = wanted.texts.get(name, "")
        table["choices"].pop(wanted.code, None)
        if wanted.choices:
            said = wanted.labels.get(name, {})
            table["choices"][wanted.code] = {each: said.get(each, "") for each in wanted.choices}
    _count_in(document, wanted.code, wanted.score)
    if item.get("dimension") and item["dimension"] != wanted.score:
        del item["dimension"]
    return replace(draft, document=document)


def _item_of(wanted: Question) -> Tables:
    kind = wanted.kind
    item: Tables = {"code": wanted.code, "kind": str(kind), "required": wanted.required}
    if kind in SCALE_KINDS:
        item["scale"] = wanted.scale
        if wanted.reverse:
            item["reverse"] = True
    if kind in CHOICE_KINDS:
        item["choices"] = list(wanted.choices)
    if kind is ItemKind.OPEN_TEXT:
        item["max_length"] = wanted.max_length
    if wanted.show_if is not None:
        rule = wanted.show_if
        item["show_if"] = {"when": rule.when, "sign": rule.sign, "values": list(rule.values)}
    return item


def _refuse_locked(before: Question, wanted: Question) -> None:
    """Raise Invalid where a locked question would say or measure something else."""
    if not before.locked:
        return
    for name in ("code", "kind", "scale", "reverse", "choices"):
        if getattr(before, name) != getattr(wanted, name):
            raise Invalid(f"The {name} of {before.code} is locked. {before.locked}", field=name)
    for name in before.fixed:
        said = wanted.texts.get(name, "") != before.texts[name]
        if said or dict(wanted.labels.get(name, {})) != dict(before.labels[name]):
            raise Invalid(
                f"The wording of {before.code} is locked. {before.locked}", field=f"text-{name}"
            )


def _rename(document: Document, before: str, after: str) -> None:
    """Let everything that names an item name it by its new code."""
    if before == after:
        return
    definition = document.definition
    for key in definition["keys"].values():
        for scale, items in key["scales"].items():
            key["scales"][scale] = [after if each == before else each for each in items]
    for item in definition["items"]:
        if item.get("show_if", {}).get("when") == before:
            item["show_if"]["when"] = after
    for table in document.texts.values():
        for part in ("items", "choices"):
            if before in table[part]:
                table[part][after] = table[part].pop(before)


def _count_in(document: Document, code: str, score: str) -> None:
    """Let an item count in this scale of the first key and in no other; empty: in none."""
    grouped = first_key(document).get("scales", {})
    order = [item["code"] for item in document.definition["items"]]
    for scale in grouped:
        items = [each for each in grouped[scale] if each != code]
        grouped[scale] = [*items, code] if scale == score else items
        grouped[scale].sort(key=order.index)


def first_key(document: Document) -> Tables:
    """The scoring key that pages edit; empty where nothing is scored."""
    keys: dict[str, Tables] = document.definition["keys"]
    return next(iter(keys.values()), {})


def _free(document: Document, wanted: str) -> str:
    taken = {item["code"].lower() for item in document.definition["items"]}
    code, number = wanted, 2
    while code.lower() in taken:
        code, number = f"{wanted}_{number}", number + 1
    return code
