"""Everything that is installed to run the product may be passed on with it under GPL-3.0-or-later."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

LOCK = (Path(__file__).parent.parent / "requirements.lock").read_text()
# By name: for which systems and interpreters, empty for all.
LOCKED = dict(re.findall(r"^([A-Za-z0-9._-]+)==\S+(?: ; (.*?))? ?\\$", LOCK, re.MULTILINE))
# Words of licence texts, classifiers and expressions. A licence is known by what it says of itself.
COMPATIBLE = re.compile(
    r"\b(MIT|BSD|0BSD|ISC|Apache|Zlib|Unlicense|Public Domain|CC0|PSF|Python Software Foundation|MPL"
    r"|Mozilla Public License|LGPL|Lesser General Public|GPL-?v?2\.0-or-later|GPL-?v?3|GNU GPLv3|GPL"
    r"|GNU General Public|OFL|HPND|matplotlib|SIL|Bitstream)\b",
    re.IGNORECASE,
)
INCOMPATIBLE = re.compile(
    r"\b(GPL-?v?2\.0-only|SSPL|BUSL|Business Source|Commons Clause|Proprietary|NonCommercial|CC-BY-NC)\b",
    re.IGNORECASE,
)
# Packages whose metadata say nothing; read from their own files.
READ = {"factor-analyzer": "GPL-2.0-or-later", "font-source-sans-pro": "OFL"}


def licence_of(name: str) -> str:
    found = metadata(name)
    named = [found.get("License-Expression") or "", (found.get("License") or "")[:400]]
    named += [each for each in found.get_all("Classifier") or () if each.startswith("License")]
    return " ".join(named).strip() or READ.get(name, "")


def is_for_here(name: str) -> bool:
    try:
        metadata(name)
    except PackageNotFoundError:
        assert LOCKED[name], f"{name} is locked for every system, and is not installed"
        return False
    return True


@pytest.mark.parametrize("name", sorted(filter(is_for_here, LOCKED)))
def test_a_locked_package_has_a_licence_that_goes_with_ours(name: str):
    licence = licence_of(name)
    assert COMPATIBLE.search(licence), f"{name}: {licence!r}"
    assert not INCOMPATIBLE.search(licence), f"{name}: {licence!r}"
