"""The rules of a survey's logic as staff write them; ``surveys.logic`` fits them to its questions.

Items are named ``<instrument>-<item>``, as the fields of the form are.
"""

from __future__ import annotations

from typing import Any, ClassVar

from attrs import Attribute, field, frozen

from instruments.conditions import SIGNS
from surveyapp.errors import Invalid
from surveyapp.surveys.settings.document import Document, Mistaken, Path, about, limited


def _answers(value: object) -> tuple[str, ...]:
    """One answer or several, as texts."""
    given = value if isinstance(value, (list, tuple)) else [value]
    for each in given:
        if isinstance(each, bool) or not isinstance(each, (str, int)):
            raise Mistaken(each, "an answer's value, or a list of them")
    return tuple(str(each).strip() for each in given)


def _as_typed(answers: tuple[str, ...]) -> str | list[str]:
    """One answer as a text, several as a list."""
    return answers[0] if len(answers) == 1 else list(answers)


def _is_operator(_instance: Any, _attribute: Attribute[str], sign: str) -> None:
    if sign not in SIGNS:
        raise Invalid(f"{sign[:20]!r} is not an operator; use {', '.join(SIGNS)}.", field="sign")


def _is_count(_instance: Any, _attribute: Attribute[int], most: int) -> None:
    if not 1 <= most < 10**9:
        raise Invalid(f"{most!r} is not a number of responses; use 1 or more.", field="most")


@frozen
class ConditionRule:
    """``item`` is asked of those whose answer to ``when`` compares by ``sign`` with ``value``."""

    item: str = field(metadata=about("Question"))
    when: str = field(metadata=about("Earlier question"))
    sign: str = field(validator=_is_operator, metadata=about("Operator", choices=SIGNS))
    value: tuple[str, ...] = field(
        metadata=about(
            "Answers",
            "One answer, or a list of several with the operator in.",
            read=_answers,
            write=_as_typed,
        )
    )


@frozen
class AttentionRule:
    """A question after ``after``, with its scale, that asks to choose ``choose``."""

    after: str = field(metadata=about("Attention check after"))
    choose: int = field(
        metadata=about(
            "Answer to choose",
            "The check asks customers to choose this answer. The result is stored with the response"
            " and never part of a score.",
        )
    )


@frozen
class Quota:
    """At most ``most`` responses, of everybody or of a segment."""

    most: int = field(
        validator=_is_count, metadata=about("At most", "Responses.", least=1, most=10**9 - 1)
    )
    segment: str = field(
        default="", metadata=about("Segment", "Its code; empty for all customers.")
    )


def _one_quota_each(_instance: Any, attribute: Attribute[Any], quotas: tuple[Quota, ...]) -> None:
    """Refuse too many quotas, and two of one segment."""
    limited(_instance, attribute, quotas)
    segments = [quota.segment for quota in quotas]
    for segment in segments:
        if segments.count(segment) > 1:
            whose = f"the segment {segment}" if segment else "all customers"
            raise Invalid(f"There are two quotas for {whose}; use one.", field="quotas")


@frozen(cache_hash=True)
class LogicRules(Document):
    """Conditions, "does not apply", a check of attention and quotas. The defaults change nothing."""

    title: ClassVar[str] = "The logic"

    show_if: tuple[ConditionRule, ...] = field(
        default=(), validator=limited, metadata=about("Conditions", most=50)
    )
    not_applicable: tuple[str, ...] = field(
        default=(), metadata=about("Questions that offer “Does not apply to me”")
    )
    attention: AttentionRule | None = field(default=None, metadata=about("Attention check"))
    quotas: tuple[Quota, ...] = field(
        default=(), validator=_one_quota_each, metadata=about("Quotas", most=20)
    )

    def __bool__(self) -> bool:
        """Whether there is any rule."""
        return bool(self.show_if or self.not_applicable or self.attention or self.quotas)

    @classmethod
    def field_of(cls, path: Path) -> str:
        """Conditions and quotas are refused as lists; what the form has no field for, at the first."""
        if path[0] == "attention" and len(path) > 1:
            return f"attention_{path[1]}"
        return path[0] if path[0] in {"not_applicable", "quotas"} else "show_if"
