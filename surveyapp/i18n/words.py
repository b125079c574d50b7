"""The words of a document in one language: sentences by their English, numbers and days as it writes them.

English is the source and the message id, as in any gettext catalogue. ``Words`` is handed down to whoever
writes a document, so that two documents in two languages can be made at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from gettext import NullTranslations

from babel.dates import format_date, format_interval, format_skeleton
from babel.lists import format_list
from babel.numbers import get_decimal_symbol, get_group_symbol

from surveyapp.i18n.isolates import FROM_THE_RIGHT, isolated

MINUS = "\N{MINUS SIGN}"
_PLACE = re.compile(r"\{(\w+)\}")
_BLANK = "\N{NO-BREAK SPACE}"
_THIN = str.maketrans({"\u2009": _BLANK, "\u202f": _BLANK})  # the text face has no thin spaces
# Spanish groups the digits of a number from five on.
_FEWEST_GROUPED = {"es": 10_000}
_NOUNS_IN_CAPITALS = frozenset({"de"})


def msg(text: str) -> str:
    """The text itself; marks an English message that is said from a table, for the catalogues."""
    return text


@dataclass(frozen=True)
class Words:
    """One language to write in. ``scales`` and ``instruments`` are their titles by id and by code, where
    the library has them in this language.
    """

    language: str = "en"
    right_to_left: bool = False
    catalogue: NullTranslations = field(default_factory=NullTranslations, compare=False)
    scales: Mapping[str, str] = field(default_factory=dict)
    instruments: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_english(self) -> bool:
        """Whether the source texts are said as they are."""
        return self.language.partition("-")[0] == "en"

    @property
    def draft(self) -> str:
        """What a document says of its translation; empty in English, the source."""
        return "" if self.is_english else self.say("Draft translation")

    def say(self, message: str, /, **values: str) -> str:
        """The message with these texts in its places."""
        return self._filled(self.catalogue.gettext(message), values)

    def say_count(self, one: str, many: str, /, *, n: int, **values: str) -> str:
        """The form for ``n`` of a message that counts; ``{n}`` is the number itself."""
        found = self.catalogue.ngettext(one, many, n)
        return self._filled(found, {"n": self.number(n), **values})

    def _filled(self, message: str, values: Mapping[str, str]) -> str:
        # Not str.format: a catalogue is a translator's text and must not reach into a value.
        said = _PLACE.sub(lambda place: values[place[1]], message)
        return f"{FROM_THE_RIGHT}{said}" if self.right_to_left else said

    def name(self, text: str) -> str:
        """A name that somebody typed, within a sentence whose order it leaves alone."""
        return isolated(text, right_to_left=self.right_to_left)

    def alone(self, text: str) -> str:
        """A name that is a line of its own, such as a title: it begins where the document's lines do."""
        return self.begin(self.name(text)) if self.right_to_left else text

    def begin(self, said: str) -> str:
        """What is made of names and numbers, as a line that begins where the document's lines do."""
        return f"{FROM_THE_RIGHT}{said}" if self.right_to_left else said

    def inner(self, name: str) -> str:
        """The same of a title as it stands within a sentence; an acronym stays as it is."""
        keeps = name[1:2].isupper() or self.language in _NOUNS_IN_CAPITALS
        return self.name(name if keeps else name[:1].lower() + name[1:])

    def listed(self, names: Sequence[str]) -> str:
        """Names in a row: "a", "a and b", "a, b and c"."""
        names = [self.name(name) for name in names]
        if not self.is_english:
            return format_list(names, locale=self.language) if names else ""
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])} and {names[-1]}"

    def joined(self, parts: Sequence[str]) -> str:
        """Texts one after another, with the comma of the language."""
        if not parts:
            return ""
        return reduce(
            lambda said, each: self.say("{before}, {next}", before=said, next=each), parts
        )

    def count(self, value: float | None) -> str:
        """A whole number; a dash for none."""
        return "\N{EN DASH}" if value is None else self.number(value)

    def begun(self, said: str) -> str:
        """The phrase as a line or sentence begins."""
        return said[:1].upper() + said[1:]

    def number(self, value: float, decimals: int = 0, *, signed: bool = False) -> str:
        """A number with a real minus sign; a plus sign where asked. Never "-0".

        >>> Words().number(-3.04), Words("fi").number(1234.5, 1, signed=True)
        ('−3', '+1\\xa0234,5')
        """
        plain = f"{abs(value):,.{decimals}f}"
        text = self._digits(plain, abs(value))
        if not float(plain.replace(",", "")):
            return text
        sign = MINUS if value < 0 else "+" if signed else ""
        return self._marked(f"{sign}{text}") if sign else text

    def _digits(self, plain: str, size: float) -> str:
        """English digits with the separators of the language."""
        if self.is_english:
            return plain
        is_grouped = size >= _FEWEST_GROUPED.get(self.language, 0)
        groups = get_group_symbol(self.language).translate(_THIN) if is_grouped else ""
        point = get_decimal_symbol(self.language)
        return plain.translate({ord(","): groups, ord("."): point})

    def _marked(self, text: str) -> str:
        """What begins with a sign, which would go to the other side among words from the right, and an
        inequality would look like its opposite.
        """
        return f"\u2068{text}\u2069" if self.right_to_left else text

    def percent(self, value: float, decimals: int = 0) -> str:
        """A share: "62%"."""
        return self.say("{number}%", number=self.number(value, decimals))

    def pvalue(self, p: float) -> str:
        """ "< .001", ".012", "> .999"; English alone leaves the zero out."""
        if p > 0.9995:
            sign, digits = "> ", "0.999"
        else:
            sign, digits = ("< ", "0.001") if p < 0.001 else ("", f"{p:.3f}")
        if self.is_english:
            return f"{sign}{digits.removeprefix('0')}"
        said = f"{sign.replace(' ', _BLANK)}{self._digits(digits, p)}"
        return self._marked(said) if sign else said

    def between(self, low: str, high: str) -> str:
        """Two ends: "58 to 66"."""
        return self.say("{low} to {high}", low=low, high=high)

    def day(self, when: date | None) -> str:
        """A day as people write it: "3 November 2025"; empty for none."""
        if when is None:
            return ""
        if self.is_english:
            return f"{when.day} {when:%B %Y}"
        return format_date(when, "long", locale=self.language).translate(_THIN)

    def month(self, when: date) -> str:
        """A month: "Nov 2025"; other languages write it out."""
        if self.is_english:
            return f"{when:%b %Y}"
        return format_skeleton("yMMMM", when, locale=self.language).translate(_THIN)

    def month_alone(self, when: date) -> str:
        """A month without its year, as short as it is written: "Nov"."""
        if self.is_english:
            return f"{when:%b}"
        return format_date(when, "LLL", locale=self.language)

    def months(self, first: date, last: date) -> str:
        """Whole months: "Sep to Nov 2026", "Dec 2025 to Feb 2026", "May 2026"."""
        if (first.year, first.month) == (last.year, last.month):
            return self.month(first)
        if self.is_english:
            begin = f"{first:%b}" if first.year == last.year else self.month(first)
            return f"{begin} to {self.month(last)}"
        found = format_interval(first, last, skeleton="yMMMM", locale=self.language)
        return found.translate(_THIN)


ENGLISH = Words()
