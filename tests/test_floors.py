"""Imports go down only: a file may import its own floor's room and the floors below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# The highest matching prefix wins. Rooms on one floor are strangers unless listed in NEIGHBOURS.
FLOORS = {
    "instruments": -6,
    "analysis": -5,
    "analysis.covariance": -4,
    "analysis.scale": -3,
    "analysis.two_level": -3,
    "analysis.composite": -2,
    "surveyapp.errors": 1,
    "surveyapp.problem_types": 1,
    "surveyapp.key_strength": 1,
    "surveyapp.settings": 1,
    "surveyapp.periodic": 1,
    "surveyapp.tracing": 1,
    "surveyapp.logs": 1,
    "surveyapp.extras": 1,
    "surveyapp.whole": 1,
    "surveyapp.page_origins": 1,
    "surveyapp.pictures": 1,
    "surveyapp.routes": 1,
    "surveyapp.domains": 1,
    "surveyapp.design_tokens": 1,  # the one table of colours; letters are drawn in them, too
    "surveyapp.store": 2,
    "surveyapp.installation": 2,
    "surveyapp.i18n": 2,
    "surveyapp.jobs": 2,
    "surveyapp.tables": 2,
    "migrations": 3,
    "surveyapp.auth": 3,
    "surveyapp.journeys": 3,
    "surveyapp.surveys": 3,
    "surveyapp.questionnaires": 3,
    "surveyapp.comments": 3,
    "surveyapp.responses": 3,
    "surveyapp.sampling": 3,
    "surveyapp.operations": 3,
    "surveyapp.backups": 3,
    "surveyapp.results": 4,
    "surveyapp.distribution": 4,
    "surveyapp.webhooks": 4,
    "surveyapp.closed_loop": 4,
    "surveyapp.sharing": 4,
    "surveyapp.scale_development": 4,
    "surveyapp.reports": 5,
    "surveyapp.exports": 5,
    "surveyapp.web": 6,
    "surveyapp.api": 6,
    "surveyapp.mcp": 6,  # reads the API of an installation as any program does
    "surveyapp.worker": 6,
    "surveyapp.server": 6,
    "surveyapp.cli": 7,
    "surveyapp.demo": 7,
    "surveyapp.app": 8,
}
# Who may know whom on the same floor, and why.
NEIGHBOURS = {
    ("surveyapp.installation", "surveyapp.store"),  # it holds the open store
    ("surveyapp.jobs", "surveyapp.store"),  # a job is a row
    ("surveyapp.jobs", "surveyapp.installation"),  # a job runs in an installation
    ("surveyapp.responses", "surveyapp.journeys"),  # a response is sorted into segments
    ("surveyapp.responses", "surveyapp.comments"),  # an open answer is masked before it is stored
    ("surveyapp.comments", "surveyapp.surveys"),  # by its survey's settings
    ("surveyapp.comments", "surveyapp.journeys"),  # found by the days of a journey
    ("surveyapp.responses", "surveyapp.surveys"),  # a response uses up an invitation
    ("surveyapp.surveys", "surveyapp.journeys"),  # a survey's code obeys the same rule
    ("surveyapp.questionnaires", "surveyapp.journeys"),  # and that of a questionnaire
    ("surveyapp.sampling", "surveyapp.journeys"),  # an interaction happens at a touchpoint
    ("surveyapp.sampling", "surveyapp.surveys"),  # a decision makes an invitation
    ("surveyapp.sampling", "surveyapp.responses"),  # an interaction joins a journey run
    ("surveyapp.distribution", "surveyapp.webhooks"),  # a message may leave by a webhook
    ("surveyapp.closed_loop", "surveyapp.distribution"),  # a case and an alert write messages
    ("surveyapp.closed_loop", "surveyapp.results"),  # an alert watches the figure that pages show
    ("surveyapp.closed_loop", "surveyapp.webhooks"),  # and is posted to a chat by their client
    ("surveyapp.scale_development", "surveyapp.results"),  # a pilot reads answers as projects do
    ("surveyapp.exports", "surveyapp.reports"),  # a poster is set in the reports' typefaces
    ("surveyapp.cli", "surveyapp.demo"),  # a command starts the demonstration
    ("surveyapp.settings", "surveyapp.errors"),
    ("surveyapp.tracing", "surveyapp.settings"),  # where traces go
    ("surveyapp.tracing", "surveyapp.errors"),
    ("surveyapp.extras", "surveyapp.errors"),  # a missing one is told
    ("surveyapp.logs", "surveyapp.tracing"),  # a line names its trace
    ("surveyapp.page_origins", "surveyapp.errors"),  # what is no origin is refused
    ("surveyapp.pictures", "surveyapp.errors"),  # and what is no picture
    ("surveyapp.settings", "surveyapp.key_strength"),  # a key that can be guessed is a fault
    ("surveyapp.settings", "surveyapp.whole"),  # a setting may be a number
    ("surveyapp.cli", "surveyapp.app"),  # `run` serves the application
}
FLASK_FLOOR, SQLALCHEMY_FLOOR = 6, 2


def room(module: str) -> str | None:
    fits = [name for name in FLOORS if module == name or module.startswith(name + ".")]
    return max(fits, key=len, default=None)


def files() -> list[Path]:
    return sorted(
        path
        for top in ("instruments", "analysis", "surveyapp", "migrations")
        for path in (ROOT / top).rglob("*.py")
        if path != ROOT / "surveyapp/__init__.py"
    )


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise AssertionError(f"{path}: relative import; write the whole name")
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", files(), ids=module_of)
def test_imports_go_down(path: Path):
    module = module_of(path)
    here = room(module)
    assert here is not None, f"{module} has no floor; give it one in FLOORS"
    for name in imports(path):
        top = name.split(".")[0]
        if top == "flask" or top.startswith("flask_"):
            assert FLOORS[here] >= FLASK_FLOOR, f"{module} imports {name}: Flask lives in the doors"
        if top in {"sqlalchemy", "alembic"}:
            assert FLOORS[here] >= SQLALCHEMY_FLOOR, f"{module} imports {name}: no database there"
        there = room(name)
        if there is None or there == here:
            continue
        below = FLOORS[there] < FLOORS[here]
        assert below or (here, there) in NEIGHBOURS, f"{module} imports {name}: that goes up"


# Who may name the rows of the audit log: its table, who writes them, and who reads them for its page.
AUDIT_ROWS = {
    *("surveyapp.store.models", "surveyapp.store.models.audit"),
    *("surveyapp.store.audit", "surveyapp.auth.queries"),
    "surveyapp.store.audit_chain",  # which seals them, and finds what was changed
}
AUDIT_PAGES = {"surveyapp.web.audit"}


def names(path: Path) -> set[str]:
    """Every name, attribute and string that a file's code consists of."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(node.value.split())
    return found


def test_nothing_reads_the_audit_log_but_its_page():
    """A fact that something else needs has a table of its own; the log is written."""
    own = [path for path in files() if module_of(path).startswith("surveyapp.")]
    assert len(own) > 200
    used = {module_of(path): names(path) for path in own}
    rows = {module for module, found in used.items() if found & {"AuditEntry", "audit_entries"}}
    assert rows == AUDIT_ROWS
    assert {module for module, found in used.items() if "audit_log" in found} == AUDIT_PAGES


def test_no_fact_is_read_out_of_text():
    """What a query asks for is a column: no key is taken apart, no document searched as text."""
    asking = {"like", "ilike", "regexp_match"}  # of a column
    taking_apart = {"substr", "substring", "replace", "instr", "strpos"}  # by the database
    for path in files():
        if not module_of(path).startswith("surveyapp."):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Attribute):
                continue
            where = f"{path}:{node.lineno}"
            assert node.attr not in asking, f"{where}: {node.attr} searches text; make it a column"
            of = node.value.id if isinstance(node.value, ast.Name) else ""
            assert of != "func" or node.attr not in taking_apart, f"{where}: func.{node.attr}"
            key = isinstance(node.value, ast.Attribute) and node.value.attr == "key"
            assert not key or node.attr != "startswith", f"{where}: a key is compared whole"


def test_the_web_process_starts_without_the_slow_libraries():
    """The application's web process must start fast: none of the slow libraries is loaded by it."""
    import subprocess
    import sys

    slow = {
        *("semopy", "pingouin", "sklearn", "altair", "pandas", "factor_analyzer", "matplotlib"),
        *("reportlab", "docx", "vl_convert", "authlib", "requests", "webauthn", "zxcvbn"),
    }
    code = f"import surveyapp.app, sys; print(sorted({slow!r} & set(sys.modules)))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert out.stdout.strip() == "[]"
