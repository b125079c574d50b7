"""An instrument as tables, the way its files have it: made from an instrument, written as JSON or TOML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from instruments.schema import Instrument, Item, ItemKind, ScoringKey, Wording

Tables = dict[str, Any]


@dataclass(frozen=True)
class Document:
    """The table of ``instrument.toml``, and those of its wordings by the names of their files."""

    definition: Tables
    texts: dict[str, Tables]

    def to_text(self) -> str:
        """JSON in the order of the tables, which carries a meaning: the first key is the default."""
        return json.dumps({"definition": self.definition, "texts": self.texts}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Document:
        read = json.loads(text)
        return cls(read["definition"], read["texts"])

    def files(self) -> dict[str, str]:
        """The files of the instrument's folder as TOML, by their names in it."""
        return {
            "instrument.toml": toml(self.definition),
            **{f"texts/{name}.toml": toml(table) for name, table in self.texts.items()},
        }


def document_of(instrument: Instrument) -> Document:
    """The tables of an instrument with its current wordings, named after their languages."""
    definition: Tables = {
        "code": instrument.code,
        "version": instrument.version,
        "language": next(iter(instrument.wordings.values())).language,
        "licence": instrument.licence,
        "citation": instrument.citation,
    }
    if instrument.note:
        definition["note"] = instrument.note
    if instrument.missing_codes:
        definition["missing_codes"] = list(instrument.missing_codes)
    scales = {item.scale.code: item.scale for item in instrument.items if item.scale}
    definition["scales"] = {
        code: {
            "minimum": scale.minimum,
            "maximum": scale.maximum,
            "higher_is_better": scale.higher_is_better,
        }
        for code, scale in scales.items()
    }
    definition["items"] = [_item(item) for item in instrument.items]
    definition["keys"] = {key.code: _key(key) for key in instrument.keys.values()}
    definition["locked"] = dict(instrument.locked)
    texts: dict[str, Tables] = {}
    for wording in instrument.current_wordings:
        name = wording.language if wording.language not in texts else wording.id
        texts[name] = _wording(wording)
    return Document(definition, texts)


def _item(item: Item) -> Tables:
    table: Tables = {"code": item.code, "kind": str(item.kind), "required": item.required}
    if item.scale is not None:
        table["scale"] = item.scale.code
    if item.choices and item.kind is not ItemKind.YES_NO:
        table["choices"] = list(item.choices)
    if item.dimension:
        table["dimension"] = item.dimension
    if item.reverse:
        table["reverse"] = True
    if item.retired:
        table["retired"] = True
    if item.kind is ItemKind.OPEN_TEXT:
        table["max_length"] = item.max_length
    if item.show_if is not None:
        rule = item.show_if
        table["show_if"] = {"when": rule.when, "sign": rule.sign, "values": list(rule.values)}
    return table


def _key(key: ScoringKey) -> Tables:
    table: Tables = {"metric": str(key.metric), "validated": key.validated}
    if key.total:
        table["total"] = key.total
    return {**table, "scales": {scale: list(items) for scale, items in key.scales.items()}}


def _wording(wording: Wording) -> Tables:
    return {
        "id": wording.id,
        "language": wording.language,
        "status": str(wording.status),
        "title": wording.title,
        "instruction": wording.instruction,
        "items": dict(wording.items),
        "labels": {
            scale: {str(point): label for point, label in labels.items()}
            for scale, labels in wording.labels.items()
        },
        "choices": {item: dict(choices) for item, choices in wording.choices.items()},
        "dimensions": dict(wording.dimensions),
    }


def toml(table: Mapping[str, Any]) -> str:
    """A table of texts, numbers, flags, lists of them and tables as TOML."""
    return "\n".join(_lines(table, ())).strip() + "\n"


def _lines(table: Mapping[str, Any], place: tuple[str, ...]) -> list[str]:
    """Values first, then tables, as TOML wants them."""
    lines = [f"{_key_text(k)} = {_value(v)}" for k, v in table.items() if not _is_table(v)]
    for name, value in table.items():
        here = (*place, name)
        path = ".".join(map(_key_text, here))
        if isinstance(value, dict):
            lines += ["", f"[{path}]", *_lines(value, here)]
        elif _is_table(value):
            for each in value:
                lines += ["", f"[[{path}]]", *_lines(each, here)]
    return lines


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(_value(each) for each in value)}]"
    return _text(str(value))


def _key_text(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _text(name)


def _text(text: str) -> str:
    # JSON escapes what TOML wants escaped, but for one control character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
