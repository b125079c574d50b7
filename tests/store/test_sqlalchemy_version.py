"""Statements read SQLAlchemy from the inside, so only versions that were checked are allowed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import sqlalchemy
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]


def checked() -> SpecifierSet:
    """The versions that pyproject allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (found,) = [
        each.specifier
        for each in map(Requirement, project["dependencies"])
        if each.name == "sqlalchemy"
    ]
    return found


def fault(version: str) -> str | None:
    """The sentence about a version that nobody has checked."""
    if version in checked():
        return None
    return (
        f"SQLAlchemy {version} is outside {checked()}. surveyapp/store/statements.py reads the names, "
        "types and parameters of compiled statements, which no promise covers: run tests/store with "
        "this version, then move the limits in pyproject.toml."
    )


def test_the_installed_version_is_one_that_was_checked():
    said = fault(sqlalchemy.__version__)
    if said:
        pytest.fail(said)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_locked_version_is_one_that_was_checked(lock: str):
    (version,) = re.findall(r"^sqlalchemy==([0-9.]+)", (ROOT / lock).read_text(), re.MULTILINE)
    assert fault(version) is None


@pytest.mark.parametrize("version", ["2.0.49", "2.2.0", "3.0"])
def test_any_other_series_is_refused_with_the_cure(version: str):
    said = fault(version)
    assert said is not None
    assert f"SQLAlchemy {version} is outside" in said
    assert "statements.py" in said
    assert "run tests/store with this version" in said
