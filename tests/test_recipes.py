"""The recipes work as they are written: each is followed in a copy of the project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMMAND = "from surveyapp.cli import main; main()"  # as the script `surveyapp` of the copy would
RECIPES = (ROOT / "docs/recipes.md").read_text()
TITLES = tuple(re.findall(r"^## (.+)$", RECIPES, re.MULTILINE))


def recipe(title: str) -> str:
    """The text of the recipe with this title, up to the next one."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", RECIPES, re.M | re.S)
    assert found is not None, f"no recipe {title!r}; there are {', '.join(TITLES)}"
    return found[1]


def files_of(text: str) -> dict[str, str]:
    """The blocks of code in a recipe, by the path that is named before each."""
    return dict(re.findall(r"`([\w/.]+)`:\n\n```\w+\n(.*?)```", text, re.DOTALL))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as it is here, without what was made in it."""
    for name in ("surveyapp", "instruments", "analysis", "migrations", "tests"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
    for name in ("pyproject.toml", "README.md", "Makefile"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=copy, capture_output=True, text=True, check=False
    )


def test_add_a_page(copy: Path):
    text = recipe("Add a page")
    written = files_of(text)
    assert set(written) == {
        "surveyapp/web/glossary.py",
        "surveyapp/web/templates/glossary/index.html",
    }
    for name, content in written.items():
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_text(content)
    row = re.search(r'`(Section\("Glossary", .*?\),)`', text)
    assert row is not None
    table = copy / "surveyapp/web/pages.py"
    table.write_text(
        table.read_text()
        .replace(
            "from surveyapp.web.imports import",
            "from surveyapp.web.glossary import glossary\nfrom surveyapp.web.imports import",
        )
        .replace("SECTIONS = (\n", f"SECTIONS = (\n    {row[1]}\n")
    )
    opened = run(
        copy,
        "-c",
        "from surveyapp.app import create_app; from surveyapp.settings import read;"
        "from pathlib import Path; app = create_app(read({}, home=Path('home')));"
        "client = app.test_client(); answer = client.get('/glossary');"
        "print(answer.status_code, answer.headers['Location'])",
    )
    assert opened.stdout.strip() == "303 /sign-in?next=/glossary", opened.stderr
    tested = run(
        copy,
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/web/test_pages.py"),
        *("tests/web/test_guards.py", "-k", "glossary or states_its_guard or folder or section"),
    )
    assert tested.returncode == 0, tested.stdout[-3000:]
    assert run(copy, "-m", "ruff", "check", "surveyapp/web").returncode == 0


def test_add_an_instrument(copy: Path):
    text = recipe("Add an instrument")
    source = re.search(r"Copy `([\w/]+)/`", text)
    earlier = re.search(r"without the earlier wordings \(`texts/([^`]+)`\)", text)
    assert source is not None
    assert earlier is not None
    folder = copy / "own/delight"
    shutil.copytree(copy / source[1], folder, ignore=shutil.ignore_patterns(earlier[1]))
    definition = folder / "instrument.toml"
    definition.write_text(definition.read_text().replace('code = "csat"', 'code = "delight"', 1))
    checked = run(copy, "-c", COMMAND, "instruments", "check", str(folder))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    again = folder / "texts/en.toml"
    kept = re.search(r"beside it as `texts/<language>@<id>\.toml`", text)
    assert kept is not None
    before = re.search(r'^id = "([^"]+)"', again.read_text(), re.MULTILINE)
    assert before is not None
    shutil.copy(again, folder / f"texts/en@{before[1]}.toml")
    again.write_text(again.read_text().replace(f'"{before[1]}"', '"en-9"', 1))
    checked = run(copy, "-c", COMMAND, "instruments", "check", str(folder))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_add_a_language(copy: Path):
    text = recipe("Add a language")
    place = re.search(r"in `OWN_NAMES` of `([\w/.]+)` and run `python -m ([\w.]+)`", text)
    written = re.search(r"It writes `([\w/]+)/<language>\.po`", text)
    assert place is not None
    assert written is not None
    names = copy / place[1]
    names.write_text(
        re.sub(r"(OWN_NAMES[^{]*\{)", r'\1\n    "et": "Eesti",', names.read_text(), count=1)
    )
    made = run(copy, "-m", place[2])
    assert made.returncode == 0, made.stderr
    counted = re.search(r"^et: (\d+) to translate$", made.stdout, re.MULTILINE)
    assert counted is not None
    assert int(counted[1]) > 100
    assert 'msgid "Send my answers"' in (copy / written[1] / "et.po").read_text()
