"""Show-if: whether a condition on an earlier answer fits its questions, and which answers it accepts."""

from __future__ import annotations

from collections.abc import Mapping

from instruments.schema import Item, ShowIf

SIGNS = ("<=", ">=", "==", "in")
WIDEST_SCALE = 11  # points; of a longer scale the answer is typed


def options_of(item: Item) -> tuple[str, ...]:
    """The answers that can be chosen of an item; empty for what is typed."""
    if item.scale is not None:
        points = item.scale.points
        return tuple(str(point) for point in points) if len(points) <= WIDEST_SCALE else ()
    return item.choices


def misfit(name: str, condition: ShowIf, items: Mapping[str, Item]) -> str:
    """What is wrong with the condition of the item ``name``, in a sentence; empty where it fits.

    ``items`` are all items by the names that the condition uses, in the order in which they are asked.
    """
    when, sign, values = condition.when, condition.sign, condition.values
    order = list(items)
    for each in (name, when):
        if each not in items:
            return f"{each[:60]!r} is not a question of this survey; choose one from the list."
    if order.index(when) >= order.index(name):
        return f"{name} can only depend on an earlier question, not {when}."
    options = options_of(items[when])
    if not options:
        return f"The answer to {when} is free text; let {name} depend on a question with choices."
    foreign = [each for each in values if each not in options]
    if foreign or not values:
        named = repr(foreign[0][:40]) if foreign else "An empty value"
        return f"{named} is not an answer to {when}; its answers are {', '.join(options)}."
    if sign != "in" and len(values) > 1:
        return f"{sign} compares with one answer to {when}; use in for several."
    if sign in {"<=", ">="} and items[when].scale is None:
        return f"The answers to {when} are not ordered; use == or in."
    return ""


def accepted(condition: ShowIf, when: Item) -> tuple[str, ...]:
    """The answers to the item ``when`` that let the question be asked, of a condition that fits."""
    options, values = options_of(when), condition.values
    if condition.sign == "<=":
        return tuple(each for each in options if int(each) <= int(values[0]))
    if condition.sign == ">=":
        return tuple(each for each in options if int(each) >= int(values[0]))
    return tuple(each for each in options if each in values)
