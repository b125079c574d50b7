"""What a page asks of whom: conditions on earlier answers, a check of attention, quotas, and "does not
apply". Kept small on purpose: each is a row of settings, and there is nothing to run.

Items are named ``<instrument>-<item>``, as the fields of the form are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from instruments.answers import Fault, read_item
from instruments.schema import Instrument, Item, ItemKind
from surveyapp.errors import Invalid

NOT_APPLICABLE = "not-applicable"  # the form's value; a hyphen stands in no code of a choice
SIGNS = ("<=", ">=", "==", "in")
MOST_CONDITIONS = 50
MOST_QUOTAS = 20
_WIDEST_SCALE = 11  # points; of a longer scale the answer is typed
Asked = Sequence[tuple[Instrument, str | None]]  # instruments with the key that names their items


@dataclass(frozen=True)
class Condition:
    """``item`` is asked only of those whose answer to ``when`` is one of ``accepted``."""

    item: str
    when: str
    sign: str
    values: tuple[str, ...]
    accepted: tuple[str, ...]

    def holds(self, answer: object) -> bool:
        """Whether an answer that has been read (None: not given) lets the item be asked."""
        given = answer if isinstance(answer, list) else [answer]
        return any(str(each) in self.accepted for each in given)


@dataclass(frozen=True)
class Attention:
    """A question that asks for one certain answer, after a question with the same scale."""

    after: str
    choose: int
    name: str
    item: Item


@dataclass(frozen=True)
class Quota:
    """At most ``most`` responses, of everybody or of a segment."""

    most: int
    segment: str = ""


@dataclass(frozen=True)
class Applied:
    """Raw answers after the logic: what is left to be read, and what was found.

    ``attention_name`` is the check's name, if there is one; ``attention`` is "passed", "failed", or
    "" when it was left empty.
    """

    raw: Mapping[str, object]
    hidden: frozenset[str]
    not_applicable: tuple[str, ...]
    attention_name: str = ""
    attention: str = ""

    @property
    def optional(self) -> frozenset[str]:
        """The names that need no answer."""
        return self.hidden.union(self.not_applicable)

    @property
    def attention_missing(self) -> bool:
        return bool(self.attention_name) and not self.attention

    @property
    def paradata(self) -> dict[str, Any]:
        """What is kept beside the answers."""
        found: dict[str, Any] = {}
        if self.attention:
            found["attention"] = self.attention
        if self.not_applicable:
            found["not_applicable"] = list(self.not_applicable)
        return found


@dataclass(frozen=True)
class Logic:
    """A survey's logic. ``items`` holds every item that it asks, by name, in the page's order."""

    items: Mapping[str, Item] = field(default_factory=dict)
    show_if: Mapping[str, Condition] = field(default_factory=dict)
    not_applicable: frozenset[str] = frozenset()
    attention: Attention | None = None
    quotas: tuple[Quota, ...] = ()

    def hidden(self, raw: Mapping[str, object]) -> frozenset[str]:
        """The names that are not asked of somebody with these raw answers by name."""
        found: set[str] = set()
        for name, condition in self.show_if.items():
            when = self.items[condition.when]
            read = None if condition.when in found else read_item(when, raw.get(condition.when))
            if isinstance(read, Fault) or not condition.holds(read):
                found.add(name)
        return frozenset(found)

    def needs(self, name: str) -> tuple[Condition, ...]:
        """Every condition that must hold for this item: its own, and those of what it hangs on."""
        condition = self.show_if.get(name)
        return () if condition is None else (condition, *self.needs(condition.when))

    def apply(self, raw: Mapping[str, object]) -> Applied:
        """Take out of {instrument: {item: raw}} what is not asked, does not apply or is the check."""
        by_name = {
            f"{code}-{item}": value
            for code, given in raw.items()
            if isinstance(given, Mapping)
            for item, value in given.items()
        }
        hidden = self.hidden(by_name)
        absent = tuple(name for name in self.items if self._is_absent(name, by_name, hidden))
        gone = hidden.union(absent)
        check, attention = "", ""
        if self.attention is not None:
            check = self.attention.name
            gone |= {check}
            attention = self._attention(by_name.get(check))
        left = {
            code: {item: value for item, value in given.items() if f"{code}-{item}" not in gone}
            if isinstance(given, Mapping)
            else given
            for code, given in raw.items()
        }
        return Applied(left, hidden, absent, check, attention)

    def _is_absent(self, name: str, raw: Mapping[str, object], hidden: frozenset[str]) -> bool:
        sent = raw.get(name)
        return (
            name in self.not_applicable
            and name not in hidden
            and (sent == NOT_APPLICABLE or sent == [NOT_APPLICABLE])
        )

    def _attention(self, sent: object) -> str:
        if self.attention is None:
            return ""
        read = read_item(self.attention.item, sent)
        if read is None:
            return ""
        return "passed" if read == self.attention.choose else "failed"


def read_logic(raw: Mapping[str, Any], asked: Asked) -> Logic:
    """The logic in a survey's document, checked against what it asks.

    ``raw`` may hold "show_if": [{"item", "when", "sign", "value"}], "not_applicable": [names],
    "attention": {"after", "choose"} and "quotas": [{"most", "segment"}]. Raises Invalid with the
    field and a sentence for whatever does not fit.
    """
    unknown = set(raw) - {"show_if", "not_applicable", "attention", "quotas"}
    if unknown:
        raise Invalid(f"The logic has no setting {sorted(unknown)[0][:60]!r}.", field="show_if")
    items = {
        f"{instrument.code}-{item.code}": item
        for instrument, key in asked
        for item in instrument.asked(key)
    }
    return Logic(
        items=MappingProxyType(items),
        show_if=MappingProxyType(_show_if(raw.get("show_if") or [], items)),
        not_applicable=_not_applicable(raw.get("not_applicable") or [], items),
        attention=_attention(raw.get("attention") or {}, items),
        quotas=_quotas(raw.get("quotas") or []),
    )


def options_of(item: Item) -> tuple[str, ...]:
    """The answers that can be chosen of an item; empty for what is typed."""
    if item.scale is not None:
        points = item.scale.points
        return tuple(str(point) for point in points) if len(points) <= _WIDEST_SCALE else ()
    return item.choices


def _show_if(rows: Sequence[Mapping[str, Any]], items: Mapping[str, Item]) -> dict[str, Condition]:
    if len(rows) > MOST_CONDITIONS:
        raise Invalid(
            f"There are {len(rows)} conditions; use at most {MOST_CONDITIONS}.", field="show_if"
        )
    found: dict[str, Condition] = {}
    for row in rows:
        condition = _condition(row, items)
        if condition.item in found:
            raise Invalid(
                f"{condition.item} has two conditions; use one per question.", field="show_if"
            )
        found[condition.item] = condition
    # In the page's order, so that a condition is judged after the one that it hangs on.
    return {name: found[name] for name in items if name in found}


def _condition(row: Mapping[str, Any], items: Mapping[str, Item]) -> Condition:
    item, when = str(row.get("item", "")), str(row.get("when", ""))
    order = list(items)
    for name in (item, when):
        if name not in items:
            raise Invalid(
                f"{name[:60]!r} is not a question of this survey; choose one from the list.",
                field="show_if",
            )
    if order.index(when) >= order.index(item):
        raise Invalid(
            f"{item} can only depend on an earlier question, not {when}.", field="show_if"
        )
    options = options_of(items[when])
    if not options:
        raise Invalid(
            f"The answer to {when} is free text; let {item} depend on a question with choices.",
            field="show_if",
        )
    sign, value = row.get("sign"), row.get("value")
    if sign not in SIGNS:
        raise Invalid(
            f"{str(sign)[:20]!r} is not an operator; use {', '.join(SIGNS)}.", field="show_if"
        )
    values = tuple(str(each).strip() for each in (value if isinstance(value, list) else [value]))
    foreign = [each for each in values if each not in options]
    if foreign or not values:
        named = repr(foreign[0][:40]) if foreign else "An empty value"
        raise Invalid(
            f"{named} is not an answer to {when}; its answers are {', '.join(options)}.",
            field="show_if",
        )
    if sign != "in" and len(values) > 1:
        raise Invalid(
            f"{sign} compares with one answer to {when}; use in for several.", field="show_if"
        )
    if sign in {"<=", ">="} and items[when].scale is None:
        raise Invalid(f"The answers to {when} are not ordered; use == or in.", field="show_if")
    return Condition(item, when, sign, values, _accepted(sign, values, options))


def _accepted(sign: str, values: tuple[str, ...], options: tuple[str, ...]) -> tuple[str, ...]:
    if sign == "<=":
        return tuple(each for each in options if int(each) <= int(values[0]))
    if sign == ">=":
        return tuple(each for each in options if int(each) >= int(values[0]))
    return tuple(each for each in options if each in values)


def _not_applicable(names: Sequence[Any], items: Mapping[str, Item]) -> frozenset[str]:
    for name in names:
        item = items.get(str(name))
        if item is None:
            raise Invalid(
                f"{str(name)[:60]!r} is not a question of this survey.", field="not_applicable"
            )
        if not takes_not_applicable(item):
            raise Invalid(
                f"{name} is optional already; only single-choice questions can offer"
                ' "does not apply".',
                field="not_applicable",
            )
    return frozenset(str(name) for name in names)


def takes_not_applicable(item: Item) -> bool:
    """Whether an item can have the choice "does not apply": one answer is chosen, and needed."""
    return bool(options_of(item)) and item.required and item.kind is not ItemKind.MULTIPLE_CHOICE


def _attention(raw: Mapping[str, Any], items: Mapping[str, Item]) -> Attention | None:
    if not raw:
        return None
    after = str(raw.get("after", ""))
    item = items.get(after)
    if item is None or item.scale is None or not options_of(item):
        raise Invalid(
            f"{after[:60]!r} is not a rating question of this survey; the attention"
            " check must follow one.",
            field="attention_after",
        )
    choose = raw.get("choose")
    if not isinstance(choose, int) or choose not in item.scale.points:
        raise Invalid(
            f"{str(choose)[:20]!r} is not an answer to {after}; choose"
            f" {item.scale.minimum} to {item.scale.maximum}.",
            field="attention_choose",
        )
    # Named as its neighbours are: the page's source must not tell it from them.
    name = next(f"{after}{letter}" for letter in "bcdefghij" if f"{after}{letter}" not in items)
    code = name.rpartition("-")[2]
    return Attention(after, choose, name, Item(code=code, kind=item.kind, scale=item.scale))


def _quotas(rows: Sequence[Mapping[str, Any]]) -> tuple[Quota, ...]:
    if len(rows) > MOST_QUOTAS:
        raise Invalid(f"There are {len(rows)} quotas; use at most {MOST_QUOTAS}.", field="quotas")
    found: dict[str, Quota] = {}
    for row in rows:
        most, segment = row.get("most"), str(row.get("segment") or "")
        if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most < 10**9:
            raise Invalid(
                f"{str(most)[:20]!r} is not a number of responses; use 1 or more.", field="quotas"
            )
        if segment in found:
            whose = f"the segment {segment}" if segment else "all customers"
            raise Invalid(f"There are two quotas for {whose}; use one.", field="quotas")
        found[segment] = Quota(most, segment)
    return tuple(found.values())
