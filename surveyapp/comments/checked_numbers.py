"""Numbers that name a person, an account or a card, known by their own check digits where they have any.

Letters are compared as capitals; digits may be of any script, as ``int`` reads them.
"""

from __future__ import annotations

import re

_HETU = "0123456789ABCDEFHJKLMNPRSTUVWXY"  # the Finnish check sign, by the remainder of 31
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"  # the Spanish one, by the remainder of 23
_SHORTEST_IBAN, _LONGEST_IBAN = 15, 34
_SHORTEST_CARD, _LONGEST_CARD = 13, 19
_ABOVE = 60  # added to the day in a Swedish coordination number


def plain(text: str) -> str:
    """The letters and digits of a number as it was written, digits as 0 to 9, letters as capitals."""
    return "".join(
        str(int(sign)) if sign.isdecimal() else sign.upper() for sign in text if sign.isalnum()
    )


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others by Luhn's rule."""
    total = 0
    for place, sign in enumerate(reversed(digits)):
        number = int(sign) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def is_card(number: str) -> bool:
    """Whether this is a payment card's number."""
    return (
        number.isdecimal()
        and _SHORTEST_CARD <= len(number) <= _LONGEST_CARD
        and number[0] in "23456"
        and passes_luhn(number)
    )


def iban_length(number: str) -> int:
    """How many of the first signs are an IBAN; 0 where they begin with none (ISO 13616, modulo 97)."""
    if not re.match(r"[A-Z]{2}\d{2}", number):
        return 0
    for length in range(min(len(number), _LONGEST_IBAN), _SHORTEST_IBAN - 1, -1):
        moved = number[4:length] + number[:4]
        if int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1:
            return length
    return 0


def is_personal(number: str) -> bool:
    """Whether this is the number of a person in a country whose language surveys have, by its check
    digits: Finland, Sweden, Germany, France, Spain, Saudi Arabia, the United Arab Emirates.
    """
    return any(
        known(number)
        for known in (_is_finnish, _is_swedish, _is_german, _is_french, _is_spanish, _is_arabian)
    )


def _is_finnish(number: str) -> bool:
    """DDMMYY, the century's sign (which ``plain`` keeps where it is a letter), NNN, the check sign."""
    found = re.fullmatch(r"(\d{6})[A-FU-Y]?(\d{3})([0-9A-FHJ-NPR-Y])", number)
    if found is None or not _is_date(day=int(number[:2]), month=int(number[2:4])):
        return False
    return _HETU[int(found[1] + found[2]) % 31] == found[3]


def _is_swedish(number: str) -> bool:
    """YYMMDDNNNC or YYYYMMDDNNNC; the day of a coordination number is 60 more."""
    if not re.fullmatch(r"(?:19|20)?\d{10}", number):
        return False
    digits = number[-10:]
    day = int(digits[4:6])
    day -= _ABOVE if day > _ABOVE else 0
    return _is_date(day=day, month=int(digits[2:4])) and passes_luhn(digits)


def _is_german(number: str) -> bool:
    """The tax number of eleven digits, checked by ISO 7064 modulo 11, 10."""
    if not re.fullmatch(r"[1-9]\d{10}", number):
        return False
    product = 10
    for sign in number[:10]:
        total = (int(sign) + product) % 10 or 10
        product = 2 * total % 11
    return (11 - product) % 10 == int(number[10])


def _is_french(number: str) -> bool:
    """The social security number of thirteen signs and a key of two digits."""
    if not re.fullmatch(r"[12]\d{4}(?:\d{2}|2[AB])\d{8}", number):
        return False
    body = number[:13].replace("2A", "19").replace("2B", "18")
    return 97 - int(body) % 97 == int(number[13:])


def _is_spanish(number: str) -> bool:
    """A DNI of eight digits and a letter, or a NIE that begins with X, Y or Z."""
    if not re.fullmatch(r"[XYZ\d]\d{7}[A-Z]", number):
        return False
    first = str("XYZ".find(number[0])) if number[0] in "XYZ" else number[0]
    return _DNI[int(first + number[1:8]) % 23] == number[8]


def _is_arabian(number: str) -> bool:
    """A Saudi number of ten digits, or an Emirati one of fifteen."""
    known = re.fullmatch(r"[12]\d{9}|784\d{12}", number)
    return known is not None and passes_luhn(number)


def _is_date(*, day: int, month: int) -> bool:
    return 1 <= day <= 31 and 1 <= month <= 12
