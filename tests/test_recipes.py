"""The recipes work as they are written: each is followed in a copy of the project."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

ROOT = Path(__file__).parent.parent
COMMAND = "from surveyapp.cli import main; main()"  # as the script `surveyapp` of the copy would
RECIPES = (ROOT / "docs/recipes.md").read_text()
TITLES = tuple(re.findall(r"^## (.+)$", RECIPES, re.MULTILINE))
# What a reader's shell finds: the copy's own program, and the Python that it is installed in.
SHELL = f"""set -eu
python() {{ {sys.executable} "$@"; }}
surveyapp() {{ python -c "{COMMAND}" "$@"; }}
"""
_STEP = re.compile(
    r"(?:`(?P<path>[\w/.@-]+)`[^`\n]*:\n\n)?^```(?P<kind>\w+)\n(?P<code>.*?)^```$", re.M | re.S
)


def recipe(title: str) -> str:
    """The text of the recipe with this title, up to the next one."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", RECIPES, re.M | re.S)
    assert found is not None, f"no recipe {title!r}; there are {', '.join(TITLES)}"
    return found[1]


def steps(title: str) -> Iterator[tuple[str, str, str]]:
    """(path or nothing, kind, code) of every block of a recipe, in order."""
    for found in _STEP.finditer(recipe(title)):
        is_file = found["kind"] not in {"sh", "diff"}
        yield (found["path"] or "") if is_file else "", found["kind"], found["code"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as it is here, compiled as far as a reader's is who has started it once."""
    for name in ("surveyapp", "instruments", "analysis", "migrations", "tests", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("pyproject.toml", "README.md", "Makefile"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(copy: Path, *command: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    environ = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
        "GIT_CEILING_DIRECTORIES": str(copy.parent),
        "SURVEYAPP_HOME": str(copy / "home"),
    }
    return subprocess.run(
        command, cwd=copy, env=environ, input=given, capture_output=True, text=True, check=False
    )


def follow(copy: Path, title: str) -> list[str]:
    """Do what the recipe says, in its order; what each of its commands printed."""
    printed = []
    for path, kind, code in steps(title):
        if path:
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            assert not (copy / path).exists(), path
            (copy / path).write_text(code)
        elif kind == "diff":
            changed = run(copy, "git", "apply", "-", given=code)
            assert changed.returncode == 0, f"{code}\n{changed.stderr}"
        else:
            assert kind == "sh", f"{title}: a block of {kind} that is neither file nor command"
            done = run(copy, "bash", "-c", SHELL + code)
            assert done.returncode == 0, f"{code}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            printed.append(done.stdout)
    return printed


def test_every_recipe_that_can_be_followed_is():
    for title in TITLES:
        if any(steps(title)):
            assert f"test_{title.lower().replace(' ', '_')}" in globals(), title


def test_add_a_page(copy: Path):
    (tested,) = follow(copy, "Add a page")
    assert "100%" in tested
    opened = run(
        copy,
        sys.executable,
        "-c",
        "from surveyapp.app import create_app; from surveyapp.settings import read;"
        "from pathlib import Path; app = create_app(read({}, home=Path('home')));"
        "client = app.test_client(); answer = client.get('/glossary');"
        "print(answer.status_code, answer.headers['Location'])",
    )
    assert opened.stdout.strip() == "303 /sign-in?next=/glossary", opened.stderr
    assert run(copy, sys.executable, "-m", "ruff", "check", "surveyapp/web").returncode == 0


def test_add_an_instrument(copy: Path):
    listed, copied, checked = follow(copy, "Add an instrument")
    assert listed.startswith("own/delight: no errors.\n")
    assert re.search(r"^delight +1 +3 items +delight +\[en\]$", listed, re.MULTILINE)
    assert (copied, checked) == ("", "own/delight: no errors.\n")


def test_an_instrument_is_made_from_a_copy_of_another(copy: Path):
    text = recipe("Add an instrument")
    source = re.search(r"copy `([\w/]+)/`", text)
    earlier = re.search(r"without the earlier wordings \(`texts/([^`]+)`\)", text)
    assert source is not None
    assert earlier is not None
    folder = copy / "own/delight"
    shutil.copytree(copy / source[1], folder, ignore=shutil.ignore_patterns(earlier[1]))
    definition = folder / "instrument.toml"
    definition.write_text(definition.read_text().replace('code = "csat"', 'code = "delight"', 1))
    checked = run(copy, sys.executable, "-c", COMMAND, "instruments", "check", str(folder))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_add_a_language(copy: Path):
    made, checked = follow(copy, "Add a language")
    counted = re.search(r"^et: (\d+) to translate$", made, re.MULTILINE)
    assert counted is not None
    assert int(counted[1]) > 100
    written = re.search(r"makes `([\w/.]+)`", recipe("Add a language"))
    assert written is not None
    assert 'msgid "Send my answers"' in (copy / written[1]).read_text()
    assert checked == "instruments/library/nps: no errors.\n"
    listed = run(copy, sys.executable, "-c", COMMAND, "instruments", "list").stdout
    assert re.search(r"^nps .*\bet\b", listed, re.MULTILINE)


def test_add_a_route_of_the_api(copy: Path):
    (tested,) = follow(copy, "Add a route of the API")
    assert "100%" in tested
    checks = ("-m", "ruff", "check", "surveyapp/api")
    assert run(copy, sys.executable, *checks).returncode == 0


def test_add_a_statistic(copy: Path):
    if (ROOT / ".mypy_cache").is_dir():  # of the last lint: seconds instead of minutes
        shutil.copytree(ROOT / ".mypy_cache", copy / ".mypy_cache")
    (printed,) = follow(copy, "Add a statistic")
    assert "100%" in printed
    assert "Success: no issues found in 2 source files" in printed
    section, drawing, test = [path for path, _, _ in steps("Add a statistic") if path]
    answers = "".join(f"{i % 5},{(i + i // 7) % 5},{(i + i // 5) % 4}\n" for i in range(60))
    (copy / "answers.csv").write_text(f"a,b,c\n{answers}")
    asked = ("validate", "answers.csv", "--model", "f =~ a + b + c", "--json", "out.json")
    made = run(copy, sys.executable, "-c", COMMAND, *asked, "--pdf", "out.pdf")
    assert made.returncode == 0, made.stderr
    found = json.loads((copy / "out.json").read_text())
    (row,) = found["guttman"]["rows"]
    assert row["lambda_2"] >= found["reliability"][0]["alpha_standardised"]
    assert "lambda_2" in {one["measure"] for one in found["conclusions"]}
    told = " ".join(page.extract_text() for page in PdfReader(copy / "out.pdf").pages)
    assert "Guttman's lambda 2: F ." in told
    for ruff in (("check",), ("format", "--check")):
        assert (
            run(copy, sys.executable, "-m", "ruff", *ruff, section, drawing, test).returncode == 0
        )
    mypy = ("-m", "mypy", section, drawing)
    misnamed = (copy / drawing).read_text().replace("row.lambda_2", "row.lambda_4")
    (copy / drawing).write_text(misnamed)
    said = run(copy, sys.executable, *mypy).stdout
    assert '"GuttmanRow" has no attribute "lambda_4"' in said
    (copy / drawing).unlink()
    said = run(copy, sys.executable, *mypy[:3]).stdout
    assert f"GuttmanSection has no drawing: write {drawing}" in said
