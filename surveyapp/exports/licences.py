"""Licences that data are published under, and where each can be read."""

from __future__ import annotations

from types import MappingProxyType

DEFAULT = "CC BY 4.0"
ADDRESSES = MappingProxyType(
    {
        DEFAULT: "https://creativecommons.org/licenses/by/4.0/",
        "CC BY-SA 4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
        "CC BY-NC 4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
        "CC BY-NC-SA 4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
        "CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
        "ODC-By 1.0": "https://opendatacommons.org/licenses/by/1-0/",
        "ODbL 1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
        "PDDL 1.0": "https://opendatacommons.org/licenses/pddl/1-0/",
    }
)
_SHORT = {"CC0": "CC0 1.0", "CC BY": DEFAULT, "ODC-BY": "ODC-By 1.0", "ODBL": "ODbL 1.0"}


def licence_named(text: str) -> str:
    """The licence that is meant, as it is usually written; a text of another kind as it is.

    >>> licence_named("cc-by-4.0")
    'CC BY 4.0'
    """
    plain = _plain(text)
    known = {_plain(name): name for name in ADDRESSES} | {_plain(k): v for k, v in _SHORT.items()}
    return known.get(plain, text.strip())


def _plain(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())
