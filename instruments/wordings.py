"""texts/<language>.toml -> a Wording that is complete for its instrument."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from instruments.schema import Instrument, Item, TranslationStatus, Wording
from instruments.tables import Table

LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
# Written from right to left (Unicode CLDR, orientation of the layout).
RIGHT_TO_LEFT = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"}
)
PLACEHOLDERS = ("{provider}", "{touchpoint}")
BRACES = re.compile(r"\{[^{}]*\}|[{}]")


def wording(top: Table, instrument: Instrument) -> Wording:
    """The wording; what is wrong or missing is recorded in the table's faults."""
    language = top.code("language", rule=LANGUAGE, words="use a language tag such as en or pt-BR")
    status = top.one_of("status", list(TranslationStatus), default=TranslationStatus.DRAFT)
    wording = Wording(
        id=top.code("id"),
        language=language,
        title=_checked(top, "title", top.text("title", longest=200)),
        items=_texts(top.table("items"), [item.code for item in instrument.items]),
        labels=_labels(top.table("labels"), instrument),
        choices=_choices(top.table("choices"), instrument),
        dimensions=_texts(top.table("dimensions"), scored_scales(instrument)),
        instruction=_checked(top, "instruction", top.text("instruction", required=False)),
        right_to_left=language.split("-")[0] in RIGHT_TO_LEFT,
        status=TranslationStatus(status or TranslationStatus.DRAFT),
    )
    top.close()
    return wording


def scored_scales(instrument: Instrument) -> tuple[str, ...]:
    """The codes of every scale and total of every key, once, in order."""
    codes: dict[str, None] = {}
    for key in instrument.keys.values():
        codes.update(dict.fromkeys(key.scales))
        if key.total:
            codes[key.total] = None
    return tuple(codes)


def _checked(table: Table, name: str, text: str) -> str:
    """Only the two placeholders may stand in braces; anything else would reach the customer."""
    for brace in BRACES.findall(text):
        if brace not in PLACEHOLDERS:
            allowed = " and ".join(PLACEHOLDERS)
            table.fault(name, brace, f"only {allowed} may stand in braces; remove the braces")
    return text


def _texts(table: Table, codes: Iterable[str]) -> Mapping[str, str]:
    texts = {code: _checked(table, code, table.text(code)) for code in codes}
    table.close()
    return MappingProxyType(texts)


def _labels(table: Table, instrument: Instrument) -> Mapping[str, Mapping[int, str]]:
    """Labels by scale and point; both ends need one, the points between may have one."""
    scales = {item.scale.code: item.scale for item in instrument.items if item.scale}
    labels = {}
    for code, scale in scales.items():
        entry = table.table(code, required=True)
        if not entry.values and code not in table.values:
            continue
        found = {}
        for point in scale.points:
            end = point in (scale.minimum, scale.maximum)
            text = entry.text(str(point), required=end, longest=200)
            if text:
                found[point] = _checked(entry, str(point), text)
        entry.close()
        labels[code] = MappingProxyType(found)
    table.close()
    return MappingProxyType(labels)


def _choices(table: Table, instrument: Instrument) -> Mapping[str, Mapping[str, str]]:
    chosen: list[Item] = [item for item in instrument.items if item.choices]
    choices = {}
    for item in chosen:
        entry = table.table(item.code, required=True)
        if item.code in table.values:
            choices[item.code] = _texts(entry, item.choices)
    table.close()
    return MappingProxyType(choices)
