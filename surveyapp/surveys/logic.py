"""What a page asks of whom: the rules of ``settings.logic`` fitted to the questions of a survey.

Kept small on purpose: each rule is a row of settings, and there is nothing to run. Items are named
``<instrument>-<item>``, as the fields of the form are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from instruments.answers import Fault, read_item
from instruments.conditions import accepted, misfit, options_of
from instruments.loader import Library
from instruments.schema import Item, ItemKind, ShowIf
from surveyapp.errors import Invalid
from surveyapp.surveys.asks import Ask
from surveyapp.surveys.pins import Asked, asked
from surveyapp.surveys.settings.logic import AttentionRule, ConditionRule, LogicRules, Quota

NOT_APPLICABLE = "not-applicable"  # the form's value; a hyphen stands in no code of a choice


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

    def __bool__(self) -> bool:
        """Whether it changes what is asked of anybody: the survey's rules, or its questionnaires'."""
        return bool(self.show_if or self.not_applicable or self.attention)

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


@lru_cache(maxsize=512)  # fitted once for the page shown and every answer read
def of_asks(rules: LogicRules, asks: tuple[Ask, ...], library: Library) -> Logic:
    """The logic of a survey that asks these. Raises Invalid as ``fitted`` does."""
    return fitted(rules, asked(asks, library))


def fitted(rules: LogicRules, asked: Asked) -> Logic:
    """The rules checked against what is asked, ready to be applied.

    Raises Invalid with the field and a sentence for whatever does not fit.
    """
    items = {
        f"{instrument.code}-{item.code}": item
        for instrument, key in asked
        for item in instrument.asked(key)
    }
    return Logic(
        items=MappingProxyType(items),
        show_if=MappingProxyType(_show_if(rules.show_if, asked, items)),
        not_applicable=_not_applicable(rules.not_applicable, items),
        attention=None if rules.attention is None else _attention(rules.attention, items),
        quotas=rules.quotas,
    )


def _show_if(
    rules: Sequence[ConditionRule], asked: Asked, items: Mapping[str, Item]
) -> dict[str, Condition]:
    """The survey's conditions, and those of its questionnaires where the survey has none of its own."""
    found: dict[str, Condition] = {}
    for rule in rules:
        if rule.item in found:
            raise Invalid(f"{rule.item} has two conditions; use one per question.", field="show_if")
        found[rule.item] = _condition(rule.item, ShowIf(rule.when, rule.sign, rule.value), items)
    for instrument, _ in asked:
        for item in instrument.items:
            name = f"{instrument.code}-{item.code}"
            if item.show_if is not None and name in items and name not in found:
                when = f"{instrument.code}-{item.show_if.when}"
                found[name] = _condition(name, replace(item.show_if, when=when), items)
    # In the page's order, so that a condition is judged after the one that it hangs on.
    return {name: found[name] for name in items if name in found}


def _condition(name: str, rule: ShowIf, items: Mapping[str, Item]) -> Condition:
    wrong = misfit(name, rule, items)
    if wrong:
        raise Invalid(wrong, field="show_if")
    return Condition(name, rule.when, rule.sign, rule.values, accepted(rule, items[rule.when]))


def _not_applicable(names: Sequence[str], items: Mapping[str, Item]) -> frozenset[str]:
    for name in names:
        item = items.get(name)
        if item is None:
            raise Invalid(
                f"{name[:60]!r} is not a question of this survey.", field="not_applicable"
            )
        if not takes_not_applicable(item):
            raise Invalid(
                f"{name} is optional already; only single-choice questions can offer"
                ' "does not apply".',
                field="not_applicable",
            )
    return frozenset(names)


def takes_not_applicable(item: Item) -> bool:
    """Whether an item can have the choice "does not apply": one answer is chosen, and needed."""
    return bool(options_of(item)) and item.required and item.kind is not ItemKind.MULTIPLE_CHOICE


def _attention(rule: AttentionRule, items: Mapping[str, Item]) -> Attention:
    after, choose = rule.after, rule.choose
    item = items.get(after)
    if item is None or item.scale is None or not options_of(item):
        raise Invalid(
            f"{after[:60]!r} is not a rating question of this survey; the attention"
            " check must follow one.",
            field="attention_after",
        )
    if choose not in item.scale.points:
        raise Invalid(
            f"{choose} is not an answer to {after}; choose"
            f" {item.scale.minimum} to {item.scale.maximum}.",
            field="attention_choose",
        )
    # Named as its neighbours are: the page's source must not tell it from them.
    name = next(f"{after}{letter}" for letter in "bcdefghij" if f"{after}{letter}" not in items)
    code = name.rpartition("-")[2]
    return Attention(after, choose, name, Item(code=code, kind=item.kind, scale=item.scale))
