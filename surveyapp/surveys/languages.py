"""The languages of a survey: which are offered, and in which one a customer is met."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from instruments.loader import Library
from instruments.schema import Instrument, TranslationStatus
from surveyapp.errors import Invalid
from surveyapp.surveys.asks import Ask
from surveyapp.surveys.pins import asked

# RFC 9110, 12.5.4: a language range and, if wanted, its weight with at most three decimals.
_RANGE = re.compile(
    r"(?P<tag>\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)"
    r"(?:[ \t]*;[ \t]*[qQ]=(?P<weight>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?"
)
_MOST_RANGES = 30  # people list a handful
_LONGEST_HEADER = 1000


def spoken(instruments: Sequence[Instrument]) -> tuple[str, ...]:
    """The languages that every one of these instruments has a wording in, drafts too, in order."""
    each = [_languages(instrument) for instrument in instruments]
    return tuple(sorted(set.intersection(*each))) if each else ()


def reviewed(instruments: Sequence[Instrument]) -> tuple[str, ...]:
    """Those of the spoken languages in which every instrument has more than a draft."""
    each = [
        {w.language for w in i.current_wordings if w.status is not TranslationStatus.DRAFT}
        for i in instruments
    ]
    return tuple(sorted(set.intersection(*each))) if each else ()


def read_languages(raw: object, instruments: Sequence[Instrument], own: str) -> tuple[str, ...]:
    """The languages that customers may choose from: ``own`` first, then those of ``raw`` in order.

    ``raw`` is a list of language tags as staff chose or a column holds it; doubles count once.
    Raises Invalid for one that an instrument has no wording in, naming the instruments that lack it.
    """
    if not isinstance(raw, (list, tuple)) or not all(isinstance(each, str) for each in raw):
        raise Invalid("Languages must be a list of language tags such as fi.", field="languages")
    chosen = dict.fromkeys((own, *(tag.strip() for tag in raw)))
    for language in chosen:
        lacking = [i for i in instruments if language not in _languages(i)]
        if lacking and language != own:
            names = ", ".join(i.wording("en").title for i in lacking)
            known = ", ".join(spoken(instruments)) or "none"
            raise Invalid(
                f"No text in {language[:20]!r}: {names}. All of them are available in: {known}.",
                field="languages",
            )
    return tuple(chosen)


def offered(chosen: Sequence[str], instruments: Sequence[Instrument], own: str) -> tuple[str, ...]:
    """The languages that customers may choose from, ``own`` first, where staff have ``chosen`` these.

    Where they chose none, those in which every text is more than a draft. What a text file is gone
    for since they chose it is not offered; everything else still is.
    """
    there = spoken(instruments)
    kept = [each for each in chosen if each in there]
    return read_languages(kept or list(reviewed(instruments)), instruments, own)


@lru_cache(maxsize=512)  # pages without a form ask for it each time
def offered_by(
    asks: tuple[Ask, ...], chosen: tuple[str, ...], own: str, library: Library
) -> tuple[str, ...]:
    """The languages that customers of a survey with these asks may choose from, as ``offered``."""
    return offered(chosen, [instrument for instrument, _ in asked(asks, library)], own)


def negotiated(
    offered: Sequence[str], wanted_by_link: str | None, accept_language: str | None
) -> str:
    """The language to meet a customer in: of the link, else of the browser, else ``offered[0]``.

    ``offered`` is what ``read_languages`` gives; ``accept_language`` is the header as it came. A
    region is met in its main language and the other way round (RFC 4647, lookup). What cannot be
    read counts as not said. A page chosen by the header varies with it.

    >>> negotiated(["en", "fi", "sv"], None, "sv-FI, fi;q=0.8")
    'sv'
    """
    if wanted_by_link:
        found = _match(wanted_by_link, offered)
        if found:
            return found
    wanted, refused = _ranges(accept_language or "")
    open_to = [each for each in offered if _match_exactly(each, refused) is None]
    for tag in wanted:
        found = next(iter(open_to), None) if tag == "*" else _match(tag, open_to)
        if found:
            return found
    return offered[0]


def _ranges(header: str) -> tuple[list[str], list[str]]:
    """The wanted tags, the dearest first and else in their order; and those refused by weight 0."""
    read = [_RANGE.fullmatch(p.strip()) for p in header[:_LONGEST_HEADER].split(",")[:_MOST_RANGES]]
    weighed = [(float(each["weight"] or 1), each["tag"]) for each in read if each]
    wanted = sorted((each for each in weighed if each[0] > 0), key=lambda each: -each[0])
    return [tag for _, tag in wanted], [tag for weight, tag in weighed if not weight]


def _match(tag: str, offered: Iterable[str]) -> str | None:
    """The offered tag that is this one, its nearest main language, or one of its regions."""
    offered = list(offered)
    parts = tag.split("-")[:8]
    for length in range(len(parts), 0, -1):
        found = _match_exactly("-".join(parts[:length]), offered)
        if found:
            return found
    main = parts[0].lower()
    return next((each for each in offered if each.lower().split("-")[0] == main), None)


def _match_exactly(tag: str, offered: Iterable[str]) -> str | None:
    return next((each for each in offered if each.lower() == tag.lower()), None)


def _languages(instrument: Instrument) -> set[str]:
    return {wording.language for wording in instrument.current_wordings}
