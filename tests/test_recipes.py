"""The README's recipes work as they are written: each is followed in a copy of the project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def recipe(title: str) -> str:
    """The text of the recipe with this title, up to the next one."""
    begin = README.index(f"**{title}**")
    end = re.compile(r"^(\*\*Add |\*\*Write |## )", re.M).search(README, begin + 2)
    return README[begin : end.start() if end else None]


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
    text = recipe("Add a page.")
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
