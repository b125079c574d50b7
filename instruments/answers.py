"""What an item accepts: one rule for a form, a file and the programming interface.

Nothing here raises on what people send. An answer that cannot be taken becomes a ``Fault``, a
value with a stable code (for translation) and a plain sentence (for a list of refused rows).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from instruments.schema import Instrument, Item, ItemKind

Value = int | str | list[str]

MOST_UNKNOWN = 20  # faults about unknown items; a wrong file would otherwise fill a page
MOST_TICKS = 1000
LONGEST_RAW = 100_000  # characters that are worth normalising

# What a spreadsheet writes for a whole number: 5, 5.0 and, in half of Europe, 5,0. \d takes the
# digits of every script, as int() does: an Arabic keyboard types ٥.
WHOLE = re.compile(r"([+-]?\d{1,9})(?:[.,]0{0,9})?")
# Signs of other categories that are drawn as nothing: fillers of Hangul and Khmer, the blank of Braille,
# selectors of variants.
_BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
TICK_SEPARATOR = re.compile(r"[;,|\n]")
# Categories of which nothing is seen: controls, format marks (zero-width spaces and joiners, marks of
# direction), what is no character, separators; and marks that need a letter to stand on.
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Cs", "Mn", "Me", "Zs", "Zl", "Zp"})
YES = frozenset({"1", "yes", "y", "true"})
NO = frozenset({"0", "no", "n", "false"})


@dataclass(frozen=True)
class Fault:
    """Why one answer was not taken.

    ``code`` is stable: required, not_a_number, out_of_range, not_a_choice, not_yes_or_no, not_text,
    too_long, too_many, unknown_item, not_asked, not_answers. ``details`` holds what a translated
    sentence needs, such as minimum and maximum.
    """

    item: str
    value: str  # what was found, at most 60 characters, safe to store
    code: str
    reason: str
    cure: str
    details: Mapping[str, int | str] = field(default_factory=dict)


class Faults(tuple[Fault, ...]):
    """Every fault of one submission, in the order of the items."""

    __slots__ = ()

    def of(self, item: str) -> tuple[Fault, ...]:
        """The faults of one item."""
        return tuple(fault for fault in self if fault.item == item)


@dataclass(frozen=True, eq=False)  # equal as mappings are
class Answers(Mapping[str, Value]):
    """Answers that have been read: item code -> stored value, in the instrument's order."""

    values_by_item: Mapping[str, Value]

    def __getitem__(self, item: str) -> Value:
        return self.values_by_item[item]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_item)

    def __len__(self) -> int:
        return len(self.values_by_item)


def read(
    instrument: Instrument,
    raw: object,
    *,
    key: str | None = None,
    partial: bool = False,
    optional: Collection[str] = (),
) -> Answers | Faults:
    """The answers in ``raw``, or everything that is wrong with them.

    ``raw`` maps item codes to strings, lists of strings or JSON numbers; of a web form pass every
    value of a field as a list, since a mapping that gives the first only would lose ticks. ``key`` names the scoring
    key whose items were asked (the default key when None); answers to other items are faults, never
    dropped in silence. ``partial`` lets required items be absent: files of answers that were
    given elsewhere have gaps; ``optional`` names those that may be absent this time. Raises KeyError
    for a key that the instrument lacks.
    """
    asked = instrument.asked(key)
    if not isinstance(raw, Mapping):
        reason = f"{_shown(raw)} is not a set of answers."
        return Faults([Fault("", _shown(raw), "not_answers", reason, "Send answers by item code.")])
    values: dict[str, Value] = {}
    faults: list[Fault] = []
    for item in asked:
        result = read_item(item, raw.get(item.code))
        if isinstance(result, Fault):
            faults.append(result)
        elif result is not None:
            values[item.code] = result
        elif item.required and not partial and item.code not in optional:
            reason = "This question has no answer."
            faults.append(Fault(item.code, "", "required", reason, "Give an answer."))
    faults += _not_asked(instrument, raw, {item.code for item in asked})
    return Faults(faults) if faults else Answers(MappingProxyType(values))


def read_item(item: Item, raw: object) -> Value | Fault | None:
    """One item's value, a Fault, or None when nothing was answered."""
    if isinstance(raw, list) and len(raw) == 1 and item.kind is not ItemKind.MULTIPLE_CHOICE:
        raw = raw[0]  # as a form sends nearly everything
    if type(raw) is str and len(raw) == 1 and item.scale is not None and "0" <= raw <= "9":
        value = int(raw)  # nearly all answers
        if item.scale.minimum <= value <= item.scale.maximum:
            return value
    if isinstance(raw, (list, tuple)):
        if len(raw) > MOST_TICKS:
            reason = f"There are {len(raw)} answers to one question."
            return Fault(item.code, "", "too_many", reason, f"Send at most {MOST_TICKS}.")
        raw = [entry for entry in raw if not _is_blank(entry)]
        if item.kind is not ItemKind.MULTIPLE_CHOICE:
            if len(raw) > 1:
                reason = f"There are {len(raw)} answers to a question that takes one."
                return Fault(item.code, _shown(raw), "too_many", reason, "Give one answer.")
            raw = raw[0] if raw else None
    if raw == [] or _is_blank(raw):
        return None
    return READERS[item.kind](item, raw)


def _not_asked(
    instrument: Instrument, raw: Mapping[object, object], asked: set[str]
) -> list[Fault]:
    faults = []
    for code in raw:
        if code in asked:
            continue
        name = _shown(code) if not isinstance(code, str) else _clean(code[:60])
        if isinstance(code, str) and instrument.item(code):
            if _is_blank(raw[code]):
                continue  # a file's empty column
            reason = f"{name} belongs to {instrument.code} but was not asked here."
            cure = "Leave it out, or choose the scoring key that holds it."
            faults.append(Fault(name, _shown(raw[code]), "not_asked", reason, cure))
        else:
            reason = f"{instrument.code} has no item {name!r}."
            cure = "Use the item codes of the instrument."
            faults.append(Fault(name, _shown(raw[code]), "unknown_item", reason, cure))
        if len(faults) == MOST_UNKNOWN:
            break
    return faults


def _read_point(item: Item, raw: object) -> Value | Fault:
    if item.scale is None:
        raise ValueError(
            f"item {item.code} is {item.kind} but has no scale; load it with the loader"
        )
    low, high = item.scale.minimum, item.scale.maximum
    details = {"minimum": low, "maximum": high}
    cure = f"Choose a whole number from {low} to {high}."
    value = _whole(raw)
    if value is None:
        reason = f"{_shown(raw)} is not a whole number."
        return Fault(item.code, _shown(raw), "not_a_number", reason, cure, details)
    if not low <= value <= high:
        reason = f"{_shown(raw)} is outside {low} to {high}."
        return Fault(item.code, _shown(raw), "out_of_range", reason, cure, details)
    return value


def _read_yes_no(item: Item, raw: object) -> Value | Fault:
    number = int(raw) if isinstance(raw, bool) else _whole(raw)
    if number in (0, 1):
        return number
    word = raw.strip().lower() if isinstance(raw, str) else ""
    if word in YES:
        return 1
    if word in NO:
        return 0
    reason = f"{_shown(raw)} is neither yes nor no."
    return Fault(item.code, _shown(raw), "not_yes_or_no", reason, "Answer 1 for yes or 0 for no.")


def _read_choice(item: Item, raw: object) -> Value | Fault:
    code = _code(raw)
    return code if code in item.choices else _no_choice(item, raw)


def _read_choices(item: Item, raw: object) -> Value | Fault | None:
    entries = TICK_SEPARATOR.split(raw) if isinstance(raw, str) else raw
    if not isinstance(entries, list):
        entries = [entries]
    ticked = set()
    for entry in entries:
        code = _code(entry)
        if code in item.choices:
            ticked.add(code)
        elif not _is_blank(entry):
            return _no_choice(item, entry)
    return [choice for choice in item.choices if choice in ticked] or None


def _read_text(item: Item, raw: object) -> Value | Fault | None:
    if not isinstance(raw, str):
        reason = f"{_shown(raw)} is not a text."
        return Fault(item.code, _shown(raw), "not_text", reason, "Send a text.")
    text = _clean(raw[: LONGEST_RAW + 1])
    if _is_blank(text):
        return None
    if len(text) > item.max_length:
        length = len(text) if len(raw) <= LONGEST_RAW else len(raw)
        reason = f"The text has {length} characters; at most {item.max_length} fit."
        cure = f"Shorten it to {item.max_length} characters."
        details = {"maximum": item.max_length, "length": length}
        return Fault(item.code, _shown(raw), "too_long", reason, cure, details)
    return text or None


Reader = Callable[[Item, object], Value | Fault | None]
READERS: Mapping[ItemKind, Reader] = {
    ItemKind.RATING: _read_point,
    ItemKind.ZERO_TO_TEN: _read_point,
    ItemKind.YES_NO: _read_yes_no,
    ItemKind.SINGLE_CHOICE: _read_choice,
    ItemKind.MULTIPLE_CHOICE: _read_choices,
    ItemKind.OPEN_TEXT: _read_text,
    ItemKind.EMOTION: _read_choice,
}


def _is_blank(raw: object) -> bool:
    """Nothing was answered: absent, empty, nothing that can be seen, or a frame's missing value.

    Within a text unseen signs stay: a family of emoji is held together by them.
    """
    if isinstance(raw, str):
        return not raw.strip() or not (raw.isascii() or any(map(_is_visible, raw)))
    return raw is None or (isinstance(raw, float) and math.isnan(raw))


def _is_visible(sign: str) -> bool:
    """Whether a sign shows anything: no blank, no control, no mark that only directs or joins others."""
    return unicodedata.category(sign) not in _UNSEEN and sign not in _BLANKS


def _whole(raw: object) -> int | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float):
        return int(raw) if raw.is_integer() else None
    found = WHOLE.fullmatch(raw.strip()) if isinstance(raw, str) else None
    return int(found[1]) if found else None


def _code(raw: object) -> str | None:
    """A choice's code; a code of digits may come as a JSON number."""
    if isinstance(raw, str):
        return raw.strip()
    number = _whole(raw)
    return str(number) if number is not None and abs(number) < 10**9 else None


def _no_choice(item: Item, raw: object) -> Fault:
    reason = f"{_shown(raw)} is not one of the choices."
    cure = f"Choose from {', '.join(item.choices)}."
    details = {"choices": ", ".join(item.choices)}
    return Fault(item.code, _shown(raw), "not_a_choice", reason, cure, details)


def _clean(text: str) -> str:
    """Text that every database, page and document can hold.

    Control characters (a NUL stops PostgreSQL) and lone surrogates (no UTF-8 can say them) go;
    line ends become ``\\n``; letters are composed (NFC), so that the same word is the same text.
    """
    if text.isascii() and text.isprintable():
        return text.strip()  # nearly all texts of files
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def _shown(raw: object) -> str:
    """A found value as a message can carry it: one clean line of at most 60 characters."""
    if isinstance(raw, int) and abs(raw) >= 10**18:
        return "a very large number"
    if isinstance(raw, str):
        text = f'"{_clean(raw[:80])}"'
    elif isinstance(raw, (list, tuple)):
        text = f"a list of {len(raw)}"
    elif isinstance(raw, Mapping):
        text = f"an object of {len(raw)}"
    else:
        text = _clean(repr(raw))
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "..."
