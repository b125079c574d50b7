"""Statistics in the form of the American Psychological Association's seventh edition."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from analysis.digits import digits_beside
from surveyapp.i18n.words import ENGLISH, MINUS, Words
from surveyapp.reports.document import Interval, Styled, Text, Value, italic

DASH = "\N{EN DASH}"


def number(value: Value, digits: int = 2) -> str:
    """A number that may exceed one: "12.40"; a dash when undefined."""
    if value is None:
        return DASH
    text = f"{abs(value):,.{digits}f}"
    return (MINUS if value < 0 and float(text.replace(",", "")) else "") + text


def bounded(value: Value, digits: int = 2) -> str:
    """A number that cannot exceed one in size, without its leading zero: ".93"."""
    text = number(value, digits)
    return text.replace("0.", ".", 1) if text.lstrip(MINUS).startswith("0.") else text


def beside(value: Value, bound: float, digits: int = 2) -> str:
    """A number that cannot exceed one, with the digits that keep it on its side of a cut-off.

    >>> beside(0.8497, 0.85), beside(0.851, 0.85), beside(0.72, 0.70)
    ('.8497', '.851', '.72')
    """
    return DASH if value is None else bounded(value, digits_beside(value, bound, digits))


def count(value: Value) -> str:
    return DASH if value is None else f"{value:,.0f}"


def percent(share: Value) -> str:
    """A share from 0 to 1 as "53%"."""
    return DASH if share is None else f"{100 * share:.0f}%"


def tiny(value: Value, digits: int = 0) -> str:
    """A difference of programs, such as "2e-07"."""
    return DASH if value is None else f"{value:.{digits}e}"


def pvalue(value: Value) -> str:
    """ "< .001", or three digits."""
    if value is None:
        return DASH
    return "< .001" if value < 0.001 else bounded(value, 3)


def equals(value: Value) -> str:
    """ "= .012" or "< .001", to stand after a symbol."""
    text = pvalue(value)
    return text if text.startswith("<") else f"= {text}"


def between(low: Value, high: Value, digits: int = 2) -> str:
    """An interval in brackets: "[.91, .95]"."""
    if low is None or high is None:
        return DASH
    return f"[{bounded(low, digits)}, {bounded(high, digits)}]"


def interval(found: Interval, digits: int = 2) -> str:
    """An interval of numbers that cannot exceed one, as ``between``."""
    return between(found.low, found.high, digits)


def free_interval(found: Interval, digits: int = 2) -> str:
    """An interval of numbers that may exceed one: "[0.31, 1.20]"."""
    if found.low is None or found.high is None:
        return DASH
    return f"[{number(found.low, digits)}, {number(found.high, digits)}]"


def chi_square(value: Value, df: Value, p: Value) -> tuple[str | Styled, ...]:
    """ "χ²(101) = 121.79, p = .078" with its symbols in italics."""
    return (
        Styled("χ", "italic"),
        f"²({count(df)}) = {number(value)}, ",
        Styled("p", "italic"),
        f" {equals(p)}",
    )


@dataclass(frozen=True)
class Apa:
    """The same forms as a language writes numbers. English alone leaves a zero out before the point."""

    words: Words = ENGLISH

    def number(self, value: Value, digits: int = 2) -> str:
        """As the function of this name, like the others below."""
        return DASH if value is None else self.words.number(value, digits)

    def bounded(self, value: Value, digits: int = 2) -> str:
        return bounded(value, digits) if self.words.is_english else self.number(value, digits)

    def beside(self, value: Value, bound: float, digits: int = 2) -> str:
        return DASH if value is None else self.bounded(value, digits_beside(value, bound, digits))

    def count(self, value: Value) -> str:
        return self.number(value, 0)

    def percent(self, share: Value) -> str:
        return DASH if share is None else self.words.percent(100 * share)

    def tiny(self, value: Value, digits: int = 0) -> str:
        said = tiny(value, digits)
        if value is None or self.words.is_english:
            return said
        mantissa, _, power = said.partition("e")
        return self.words.name(f"{self.words.number(float(mantissa), digits)}e{power}")

    def pvalue(self, value: Value) -> str:
        if value is None or self.words.is_english:
            return pvalue(value)
        return self.words.pvalue(value)

    def equals(self, value: Value) -> str:
        """What stands after a symbol: "= 0,012", "< 0,001"."""
        if value is None or self.words.is_english:
            return equals(value)
        said = self.words.pvalue(value)
        return f"= {said}" if said[:1].isdigit() else said

    def between(self, low: Value, high: Value, digits: int = 2) -> str:
        if low is None or high is None:
            return DASH
        return self._bracketed(self.bounded(low, digits), self.bounded(high, digits))

    def interval(self, found: Interval, digits: int = 2) -> str:
        return self.between(found.low, found.high, digits)

    def free_interval(self, found: Interval, digits: int = 2) -> str:
        if found.low is None or found.high is None:
            return DASH
        return self._bracketed(self.number(found.low, digits), self.number(found.high, digits))

    def _bracketed(self, low: str, high: str) -> str:
        return self.words.say("[{low}, {high}]", low=low, high=high)

    def ends(self, found: Interval, digits: int = 2) -> str:
        """Both ends in words: ".71 to .88"."""
        return self.words.between(self.bounded(found.low, digits), self.bounded(found.high, digits))

    def symbol(self, name: str) -> Text:
        """A statistic's letter within a sentence, in italics where that leaves its order alone."""
        return italic(name) if self.words.is_english else name

    def chi_square(self, value: Value, df: Value, p: Value) -> Text:
        """As the function; plain text where symbols would be turned about."""
        if self.words.is_english:
            return chi_square(value, df, p)
        return self.words.say(
            "χ²({df}) = {value}, p {p}",
            df=self.count(df),
            value=self.number(value),
            p=self.equals(p),
        )


M, SD, P, DF, N = italic("M"), italic("SD"), italic("p"), italic("df"), italic("n")
CHI: Text = (Styled("χ", "italic"), "²")
DELTA_CHI: Text = ("Δ", Styled("χ", "italic"), "²")
ALPHA, OMEGA = italic("α"), italic("ω")
# Columns that show other digits than two.
NUMBER_0, NUMBER_1 = partial(number, digits=0), partial(number, digits=1)
INTERVAL_1 = partial(free_interval, digits=1)
BOUNDED_3, INTERVAL_3 = partial(bounded, digits=3), partial(interval, digits=3)
