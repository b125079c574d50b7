"""instrument.toml -> an Instrument that has no wordings yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from instruments.conditions import SIGNS, misfit
from instruments.schema import Instrument, Item, ItemKind, Metric, Scale, ScoringKey, ShowIf
from instruments.tables import Table

# Item codes become column and variable names, so they hold no hyphen; capitals are allowed because
# published data sets have them.
ITEM_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
ITEM_RULE = "use letters, digits and underscores, beginning with a letter"
CHOICE = re.compile(r"[a-z0-9][a-z0-9_]*")
VERSION = re.compile(r"[0-9][0-9A-Za-z.]*")
MOST_ITEMS = 300
MOST_POINTS = 101
LONGEST_ANSWER = 10_000

CHOICE_KINDS = (ItemKind.SINGLE_CHOICE, ItemKind.MULTIPLE_CHOICE, ItemKind.EMOTION)
SCALE_KINDS = (ItemKind.RATING, ItemKind.ZERO_TO_TEN)
METRIC_KINDS: Mapping[Metric, tuple[ItemKind, ...]] = {
    Metric.INDEX: SCALE_KINDS,
    Metric.CSAT: (ItemKind.RATING,),
    Metric.NPS: (ItemKind.ZERO_TO_TEN,),
    Metric.CES: (ItemKind.RATING,),
    Metric.SHARE: (ItemKind.YES_NO,),
}


def definition(top: Table) -> tuple[Instrument, str]:
    """The instrument (wordings empty) and the language it was written in.

    What is wrong is recorded in the table's faults; the values are fit for use only when there
    are none.
    """
    scales = _scales(top.table("scales"))
    items = _items(top, scales)
    keys = _keys(top.table("keys"), {item.code: item for item in items})
    _dimensions_are_scored(top, items, keys)
    _conditions_fit(top, items, keys)
    instrument = Instrument(
        code=top.code("code"),
        version=top.code("version", rule=VERSION, words="use digits and points, such as 1 or 1.2"),
        items=items,
        keys=MappingProxyType(keys),
        wordings=MappingProxyType({}),
        licence=top.text("licence"),
        citation=top.text("citation"),
        note=top.text("note", required=False),
        missing_codes=_missing_codes(top, scales),
        locked=_locked(top.table("locked"), items),
    )
    language = top.text("language", required=False) or "en"
    top.close()
    return instrument, language


def _missing_codes(top: Table, scales: Mapping[str, Scale]) -> tuple[str, ...]:
    """The codes for no answer. None can be an answer: it lies outside every scale."""
    codes = top.texts("missing_codes", required=False)
    for code in codes:
        for scale in scales.values():
            if _is_whole(code) and scale.minimum <= int(code) <= scale.maximum:
                top.fault(
                    "missing_codes", code, f"is an answer on {scale.code}; choose another code"
                )
    return codes


def _locked(table: Table, items: tuple[Item, ...]) -> Mapping[str, str]:
    """The reasons by item code for which a wording may not be altered."""
    codes = {item.code for item in items}
    reasons = {code: table.text(code) for code in table.values if code in codes}
    table.close()
    return MappingProxyType(reasons)


def _is_whole(code: str) -> bool:
    return code.removeprefix("-").isdecimal()


def _scales(table: Table) -> dict[str, Scale]:
    scales = {}
    for code in table.values:
        entry = table.table(code)
        minimum = entry.whole("minimum")
        maximum = entry.whole("maximum")
        higher_is_better = entry.flag("higher_is_better", default=True)
        entry.close()
        if minimum is None or maximum is None:
            continue
        if not 1 <= maximum - minimum < MOST_POINTS:
            entry.fault(
                "maximum", maximum, f"must lie 1 to {MOST_POINTS - 1} above the minimum {minimum}"
            )
            continue
        scales[code] = Scale(code, minimum, maximum, higher_is_better)
    return scales


def _items(top: Table, scales: Mapping[str, Scale]) -> tuple[Item, ...]:
    items: list[Item] = []
    seen: dict[str, str] = {}
    tables = top.tables("items")
    if not tables:
        top.fault("items", None, "an instrument needs at least one [[items]] table")
    if len(tables) > MOST_ITEMS:
        top.fault("items", len(tables), f"at most {MOST_ITEMS} items are read")
    for table in tables[:MOST_ITEMS]:
        item = _item(table, scales)
        # Spreadsheets and databases do not all tell per1 from PER1.
        if item.code.lower() in seen:
            table.fault("code", item.code, "stands twice (capitals do not count); rename one")
        seen[item.code.lower()] = item.code
        items.append(item)
    return tuple(items)


def _item(table: Table, scales: Mapping[str, Scale]) -> Item:
    code = table.code("code", rule=ITEM_CODE, words=ITEM_RULE)
    named = table.one_of("kind", list(ItemKind))
    kind = ItemKind(named) if named else ItemKind.OPEN_TEXT
    item = Item(
        code=code,
        kind=kind,
        scale=_item_scale(table, kind, scales) if named else None,
        choices=_item_choices(table, kind) if named else (),
        dimension=table.code("dimension", required=False) or None,
        required=table.flag("required", default=True),
        reverse=table.flag("reverse", default=False),
        retired=table.flag("retired", default=False),
        max_length=table.whole("max_length", default=2000) or 0,
        show_if=_show_if(table),
    )
    if item.reverse and kind not in SCALE_KINDS:
        table.fault("reverse", True, f"only {' and '.join(SCALE_KINDS)} items can be reversed")
    if "max_length" in table.values and kind is not ItemKind.OPEN_TEXT:
        table.fault("max_length", item.max_length, "only open_text items have it; leave it out")
    if not 1 <= item.max_length <= LONGEST_ANSWER:
        table.fault("max_length", item.max_length, f"must be 1 to {LONGEST_ANSWER}")
    if named:
        table.close()
    return item


def _show_if(table: Table) -> ShowIf | None:
    if "show_if" not in table.values:
        return None
    entry = table.table("show_if")
    when = entry.text("when")
    sign = entry.one_of("sign", SIGNS, default="in") or "in"
    values = entry.texts("values")
    entry.close()
    return ShowIf(when, sign, values)


def _item_scale(table: Table, kind: ItemKind, scales: Mapping[str, Scale]) -> Scale | None:
    if kind not in SCALE_KINDS:
        return None
    code = table.text("scale")
    scale = scales.get(code)
    if code and scale is None:
        known = ", ".join(scales) or "none yet"
        table.fault("scale", code, f"is no scale of this file ({known}); add [scales.{code}]")
    if scale and kind is ItemKind.ZERO_TO_TEN and (scale.minimum, scale.maximum) != (0, 10):
        table.fault("scale", code, "a zero_to_ten item needs a scale from 0 to 10")
    return scale


def _item_choices(table: Table, kind: ItemKind) -> tuple[str, ...]:
    if kind is ItemKind.YES_NO:
        return ("1", "0")
    if kind not in CHOICE_KINDS:
        return ()
    choices = table.texts("choices")
    for choice in choices:
        if len(choice) > 40 or not CHOICE.fullmatch(choice):
            table.fault("choices", choice, "use small letters, digits and underscores in a code")
    if len(choices) == 1:
        table.fault("choices", list(choices), "give at least two choices")
    return choices


def _keys(table: Table, items: Mapping[str, Item]) -> dict[str, ScoringKey]:
    keys = {}
    for code in table.values:
        entry = table.table(code)
        named = entry.one_of("metric", list(Metric))
        grouped = entry.table("scales", required=True)
        scales = {scale: grouped.texts(scale) for scale in grouped.values}
        total = entry.code("total", required=False) or None
        validated = entry.flag("validated", default=True)
        entry.close()
        if named is None or not scales:
            continue
        key = ScoringKey(code, Metric(named), MappingProxyType(scales), total, validated)
        _key_fits(entry, grouped, key, items)
        keys[code] = key
    return keys


def _key_fits(entry: Table, grouped: Table, key: ScoringKey, items: Mapping[str, Item]) -> None:
    """Record every way in which a scoring key does not fit its items."""
    suitable = METRIC_KINDS[key.metric]
    placed: dict[str, str] = {}
    ranges = set()
    for scale, codes in key.scales.items():
        for code in codes:
            item = items.get(code)
            if item is None:
                grouped.fault(scale, code, "is no item of this instrument; correct or remove it")
            elif item.kind not in suitable:
                wanted = " or ".join(suitable)
                grouped.fault(scale, code, f"is {item.kind}; {key.metric} scores {wanted} items")
            elif item.scale is not None:
                ranges.add((item.scale.minimum, item.scale.maximum))
            if code in placed:
                grouped.fault(scale, code, f"already counts in {placed[code]}; an item counts once")
            placed[code] = scale
    if len(ranges) > 1:
        found = ", ".join(f"{low} to {high}" for low, high in sorted(ranges))
        entry.fault("scales", found, "a mean needs items of one range; score them with two keys")
    if key.metric is not Metric.INDEX and len(placed) != 1:
        entry.fault("scales", len(placed), f"{key.metric} scores exactly one item")
    if key.total and (key.metric is not Metric.INDEX or len(key.scales) < 2):
        entry.fault("total", key.total, "only an index of several scales has a total; leave it out")
    if key.total in key.scales:
        entry.fault("total", key.total, "is already the code of a scale; choose another")


def _dimensions_are_scored(
    top: Table, items: tuple[Item, ...], keys: Mapping[str, ScoringKey]
) -> None:
    scored = {scale for key in keys.values() for scale in key.scales}
    for item in items:
        if item.dimension and item.dimension not in scored:
            known = ", ".join(sorted(scored)) or "none yet"
            top.fault(
                f"items[{item.code}].dimension",
                item.dimension,
                f"is no scale of a scoring key ({known}); correct it or add the scale",
            )


def _conditions_fit(top: Table, items: tuple[Item, ...], keys: Mapping[str, ScoringKey]) -> None:
    """Record every condition that names no earlier answer, or one that a scoring key does not ask."""
    by_code = {item.code: item for item in items}
    whole = Instrument("", "", items, keys, MappingProxyType({}), "", "")
    for item in items:
        if item.show_if is None:
            continue
        place = f"items[{item.code}].show_if"
        wrong = misfit(item.code, item.show_if, by_code)
        if wrong:
            top.fault(place, item.show_if.when, wrong)
        for key in keys.values():
            asked = {each.code for each in whole.asked(key.code)}
            if item.code in asked and not wrong and item.show_if.when not in asked:
                top.fault(
                    place,
                    item.show_if.when,
                    f"is not asked with the scoring key {key.code}; let it depend on one that is",
                )
