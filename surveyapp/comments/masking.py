"""A comment without what tells who wrote it or whom it names: each such part becomes a word in brackets.

Rules find what has a form: addresses of mail, numbers that people are reached or known by, street
addresses with a house number, names that are listed, that follow a title or "my name is". They do not
find a name that stands alone and is on no list, an address without a number, or a number in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from surveyapp.comments.checked_numbers import iban_length, is_card, is_personal, plain

EMAIL, PHONE, ACCOUNT, CARD = "[email]", "[phone]", "[account]", "[card]"
PERSONAL, NUMBER, ADDRESS, NAME = "[personal number]", "[number]", "[address]", "[name]"
MASKS = (EMAIL, PHONE, ACCOUNT, CARD, PERSONAL, NUMBER, ADDRESS, NAME)

_EMAIL = re.compile(r"[\w.+%-]+(?:@|\s?[\[(](?:at|@)[\])]\s?)\w[\w-]*(?:\.[\w-]+)+")
_AT = re.compile(r"@|[\[(]at[\])]")
_DIGIT = re.compile(r"\d")
# Begins like an IBAN; how long it is, its check digits say.
_IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")
# What may be a number with check digits: digits with a sign or a space between, letters where they may be.
_CHECKED = re.compile(
    r"(?<![\w+])(?:[XYZxyz]-?\d{7}-?[A-Za-z]|\d{6}[-+A-FU-Ya-fu-y]\d{3}[0-9A-Ya-y]|\d{8}-?[A-Za-z]"
    r"|[12][ .]?\d{2}[ .]?\d{2}[ .]?(?:\d{2}|2[ABab])(?:[ .]?\d{3}){2}[ .]?\d{2}"
    r"|\d(?:[ -]?\d){8,18})(?!\w)"
)
# Numbers of persons that have no check digit: the United Kingdom's and the United States'.
_FORMED = re.compile(
    r"\b(?:(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"
    r"|(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4})\b"
)
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d{1,2}[:.]\d{2})?"
    r"|\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?\d{2,4}(?: (?:\w{2} )?\d{1,2}[:.]\d{2})?"
)
_RUN = re.compile(r"(?<![\w.,])(?:\+|\(\+?)?\d(?:[ \-./()\u00a0]{0,2}\d){5,16}(?![\w%])")
_GROUPED = re.compile(r"[6-9]\d{2}[ .-]\d{3}[ .-]\d{3}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}")
_SHORTEST_PHONE, _LONGEST_PHONE, _LONG_NUMBER = 7, 15, 9

_WORD = r"[^\W\d_][\w'’.-]*"
_CAPITAL = r"[A-ZÀ-ÖØ-Þ][\w'’-]*"
_HOUSE = r"\d{1,4} ?(?:[a-zA-Z]\b)?(?: ?[-/] ?\d{1,4})?"
_BEHIND = r"(?:,? +\d{3} ?\d{2} +" + _CAPITAL + r")?"  # postcode and town
_STREETS = tuple(
    re.compile(pattern)
    for pattern in (
        # English: 12 Baker Street
        rf"\b\d{{1,5}}[a-zA-Z]?,? (?:{_CAPITAL} ){{1,3}}(?i:street|st|road|rd|avenue|ave|lane|ln|drive"
        r"|dr|court|square|sq|boulevard|blvd|way|close|terrace|crescent)\b\.?",
        # German: Hauptstraße 5, Berliner Str. 12a, Am Alten Markt is not known
        rf"(?:\b{_CAPITAL} )?\b\w*(?:[Ss]tra(?:ß|ss)e|[Ss]tr\.|weg|gasse|allee|platz|damm|ufer|ring)"
        rf" {_HOUSE}{_BEHIND}",
        # Swedish: Storgatan 5
        rf"\b\w{{2,}}(?:gatan|vägen|gränd|torget|stigen|allén|backen|plan) {_HOUSE}{_BEHIND}",
        # Finnish, in any case: Mannerheimintie 5 A 12, Kalevankadulla 7
        r"\b\w{3,}(?:katu|kadu\w{1,4}|katua|tie|tien|tietä|tiellä|tielle|tieltä|kuja\w{0,4}|polku"
        r"|polu\w{1,4}|raitti|raiti\w{1,4}|aukio\w{0,4}|väylä\w{0,4}|kaari|kaare\w{1,4}|bulevardi\w{0,4})"
        rf" \d{{1,4}}(?: ?[a-zA-Z]\b(?: ?\d{{1,3}}\b)?)?{_BEHIND}",
        # French: 12 bis, rue de la Paix
        r"\b\d{1,4}(?: ?(?:bis|ter))?,? (?i:rue|avenue|boulevard|place|chemin|allée|impasse|quai|cours)"
        rf"(?: (?:de la|de l['’]|du|des|de|d['’])| )?\s?{_WORD}(?: {_CAPITAL}){{0,3}}{_BEHIND}",
        # Spanish: Calle de Alcalá, 42
        r"\b(?i:calle|c/|avenida|avda\.?|plaza|paseo|camino|ronda)"
        rf"(?: (?:de la|de los|del|de))? ?{_WORD}(?: (?:de (?:la )?)?{_CAPITAL}){{0,3}},? (?:n[º°.]+ ?)?"
        rf"{_HOUSE}{_BEHIND}",
        # Arabic: street, one to three words, number
        r"شارع(?: [^\W\d_]+){1,3}،? (?:رقم )?\d{1,4}",
        # A British postcode
        r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b",
    )
)
_ALONE = rf"(?!(?:I|The|Und|Et|Y|Och|Ja)\b){_CAPITAL}"
_TITLED = re.compile(
    r"\b(?P<title>Mr|Mrs|Ms|Dr|Herr|Frau|Monsieur|Madame|Mme|Señora?|Sra?|Doña|Rouva|rouva|herra"
    rf"|Fru|fru|fröken)\.? (?:{_ALONE})(?: {_ALONE})?"
    r"|(?P<arabic>السيد|السيدة|الأستاذ|الأستاذة|الدكتور|الدكتورة) [^\W\d_]+"
)
_CALLED = re.compile(
    r"(?P<said>\b(?i:my name is|this is|mein name ist|ich heiße|ich heisse|je m['’]appelle|mon nom est"
    r"|me llamo|mi nombre es|jag heter|mitt namn är|nimeni on|mun nimi on|olen nimeltäni)) "
    rf"{_ALONE}(?: {_ALONE}){{0,2}}|(?P<arabic>اسمي|إسمي)(?: [^\W\d_]+){{1,2}}"
)
_ENDINGS = r"(?:['’:]?(?:s|n|in|en|a|ä|ta|tä|lla|llä|lle|lta|ltä|ssa|ssä|sta|stä|lta|ltä|on|ia))?"


def mask(text: str, names: Sequence[str] = ()) -> str:
    """The text with what identifies somebody replaced; one that is masked already stays as it is.

    ``names`` are those of people that are never to be read, also with the endings of their language.
    """
    if _AT.search(text):
        text = _EMAIL.sub(EMAIL, text)
    for pattern, put in _WITH_DIGITS if _DIGIT.search(text) else ():
        text = pattern.sub(put, text)
    for pattern, put in _IN_WORDS:
        text = pattern.sub(put, text)
    listed = _listed(tuple(names))
    return text if listed is None else listed.sub(NAME, text)


def _account(found: re.Match[str]) -> str:
    """The match with an IBAN at its beginning masked; what follows it stays."""
    whole = found[0]
    length = iban_length(plain(whole))
    # Words that follow were taken for more of the number, until the check digits were right.
    if not length:
        return whole
    seen = 0
    for at, sign in enumerate(whole):
        seen += sign.isalnum()
        if seen == length:
            rest = whole[at + 1 :]
            return whole if rest[:1].isalnum() else ACCOUNT + rest
    return whole


def _checked(found: re.Match[str]) -> str:
    number = plain(found[0])
    if is_personal(number):
        return PERSONAL
    return CARD if is_card(number) else found[0]


def _run(found: re.Match[str]) -> str:
    """A telephone number or another long one; dates and amounts stay."""
    text = found[0]
    digits = sum(sign.isdecimal() for sign in text)
    if digits < _SHORTEST_PHONE or _DATE.fullmatch(text.strip()):
        return text
    first = plain(text)[0]
    leads = text[0] in "+(" or first == "0"
    if digits <= _LONGEST_PHONE and (leads or _GROUPED.fullmatch(text)):
        return PHONE
    together = max(len(part) for part in re.split(r"\D+", text))
    return NUMBER if together >= _LONG_NUMBER else text


def _titled(found: re.Match[str]) -> str:
    return f"{found['title'] or found['arabic']} {NAME}"


def _called(found: re.Match[str]) -> str:
    return f"{found['said'] or found['arabic']} {NAME}"


_Rules = tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]
# Each of these patterns needs a digit, which most comments do not have.
_WITH_DIGITS: _Rules = (
    (_IBAN, _account),
    (_FORMED, PERSONAL),
    (_CHECKED, _checked),
    *((street, ADDRESS) for street in _STREETS),
    (_RUN, _run),
)
_IN_WORDS: _Rules = (
    (_TITLED, _titled),
    (_CALLED, _called),
)


@lru_cache(maxsize=256)
def _listed(names: tuple[str, ...]) -> re.Pattern[str] | None:
    """What finds any of these names, the longest first; None where there are none."""
    known = sorted({name.strip() for name in names if name.strip()}, key=len, reverse=True)
    if not known:
        return None
    spelled = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in known)
    return re.compile(rf"(?<!\w)[وفبلك]?(?:{spelled}){_ENDINGS}(?!\w)", re.IGNORECASE)
