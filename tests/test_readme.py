"""The README tells the truth about settings, commands and the files that it names."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from surveyapp.cli import COMMANDS
from surveyapp.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_every_setting_stands_in_the_readme_with_its_default_and_meaning():
    for entry in fields(Settings):
        default = f"`{entry.default}`" if str(entry.default) else "empty"
        assert (
            f"| `{PREFIX}{entry.name.upper()}` | {default} | {entry.metadata['help']} |" in README
        )


def test_the_readme_names_no_setting_that_does_not_exist():
    known = {PREFIX + entry.name.upper() for entry in fields(Settings)}
    assert set(re.findall(PREFIX + "[A-Z_]+", README)) <= known


def test_the_readme_lists_exactly_the_commands_that_exist():
    assert set(re.findall(r"\| `surveyapp ([a-z]+)", README)) == set(COMMANDS)


def test_files_that_the_readme_links_to_exist():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_dependency_stands_in_the_readme_with_its_licence():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    for requirement in wanted:
        name = re.match(r"[a-z0-9-]+", requirement)
        assert name is not None
        assert re.search(rf"\b{name[0]} \([^)]+\)", README), name[0]
