"""Passwords: argon2id, rehashed when the recommended cost rises, the same time for nobody."""

from __future__ import annotations

import re
import secrets
from functools import cache
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from surveyapp.errors import Invalid

SHORTEST = 12
LONGEST = 200  # hashing a book costs the server, not the guesser
ADVICE = f"At least {SHORTEST} characters. Three or four random words work well."
NO_MATCH = "The new passwords do not match. Enter the same password twice."
_FEWEST_DIFFERENT = 5
_LEAST_SCORE = 3  # of 4: more than 100,000,000 guesses for whoever has the hash
_LONGEST_SCORED = 72  # beyond it the estimate takes seconds and says nothing new

_OWN_WORDS = ("surveyapp", "survey")
_scoring = Lock()  # the library keeps what is known of a person in a variable of the whole process

_hasher = PasswordHasher()  # argon2id at the library's recommended cost (RFC 9106, low memory)


@cache
def _nobody() -> str:
    """A hash that no password fits, checked for unknown accounts so that they take as long."""
    return _hasher.hash(secrets.token_urlsafe(32))


def hash_password(password: str) -> str:
    """The password as it is stored."""
    return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; None (no such account) takes the same time and never does."""
    if len(password) > LONGEST:
        password, password_hash = "", None
    try:
        _hasher.verify(password_hash or _nobody(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


def outdated(password_hash: str) -> bool:
    """Whether the hash was made at a lower cost than today's."""
    return _hasher.check_needs_rehash(password_hash)


def check_strength(password: str, *, email: str, name: str = "") -> None:
    """Raise Invalid with what is wrong with a new password.

    Length, and not being what many choose or what stands on a business card, is what helps; demands
    for signs and digits only make people write passwords down.
    """
    if len(password) < SHORTEST:
        raise Invalid(
            f"The password has {len(password)} characters; use at least {SHORTEST}.",
            field="password",
        )
    if len(password) > LONGEST:
        raise Invalid(f"Use at most {LONGEST} characters.", field="password")
    if len(set(password)) < _FEWEST_DIFFERENT:
        raise Invalid(
            "The password repeats a few characters; three or four random words do better.",
            field="password",
        )
    local = email.split("@")[0].lower()
    if password.lower() == email.lower() or (len(local) > 3 and local in password.lower()):
        raise Invalid("The password contains the e-mail address; choose another.", field="password")
    _check_common(password, [*_known_of(email, name), *_OWN_WORDS])


def _known_of(email: str, name: str) -> list[str]:
    """What stands on a person's business card: name, address and organisation, in parts and joined."""
    parts = re.split(r"[@.\s_-]+", f"{email} {name}")
    names = name.split()
    return [email, name, *parts, "".join(names), "".join(reversed(names))]


def _check_common(password: str, known: list[str]) -> None:
    """Raise Invalid, with what makes it so, for a password that guessers try early."""
    # Here, because the lists of common passwords take a quarter of a second to load.
    from zxcvbn import zxcvbn

    with _scoring:
        found = zxcvbn(password[:_LONGEST_SCORED], user_inputs=[each for each in known if each])
    if found["score"] < _LEAST_SCORE:
        told = found["feedback"]
        why = told["warning"].rstrip(".") or "Others would guess this password early"
        raise Invalid(
            " ".join([f"{why}.", *told["suggestions"]]),
            field="password",
        )


def one_time_password() -> str:
    """A password to be told once and replaced at the first sign-in: 100 random bits, no 0, o, 1 or l."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))
