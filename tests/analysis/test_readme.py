"""The map of analysis/ leads to functions that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import analysis

HOME = Path(analysis.__file__).parent
ROOMS = ("", "covariance/", "composite/", "scale/", "two_level/")


@cache
def _defined(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _exists(module: str, name: str) -> bool:
    if module == "analysis":
        return (HOME / name).is_dir()
    place = module.removeprefix("analysis.").replace(".", "/")
    files = [HOME / f"{room}{place}.py" for room in ROOMS]
    return any(name in _defined(file) for file in files if file.is_file())


def test_every_call_in_a_table_and_every_stage_of_a_fit_is_a_function_that_exists() -> None:
    text = (HOME / "README.md").read_text(encoding="utf-8")
    told: list[tuple[str, str]] = []
    for table in re.findall(r"^\| to \| call \|.*\n\|[-| ]+\n((?:\|.*\n)+)", text, re.MULTILINE):
        for row in table.splitlines():
            told += re.findall(r"`([a-z][\w.]*)\.(\w+)[(`]", row.split(" | ")[1])
    stages = text.partition("### The way of one fit")[2].partition("### ")[0]
    told += re.findall(r"-> ([a-z][\w.]*)\.(\w+)", stages)
    assert len(told) > 60
    assert [call for call in told if not _exists(*call)] == []
