"""A mypy plugin: each section of a scale validation needs the module of the report that draws it.

Sections are found by their files, so no import tells mypy that a drawing is missing. With this,
mypy takes the drawing for something that the section imports, and says which file is to be written.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mypy.nodes import MypyFile
from mypy.plugin import ClassDefContext, Plugin

SECTION = "analysis.scale.study.Section"
SECTIONS, DRAWINGS = "analysis.scale.sections.", "surveyapp.reports.validation."
PRIORITY = 10  # as of an import that types do not need


def drawing(module: str) -> str:
    """The module that draws the section of this one."""
    return module.replace(SECTIONS, DRAWINGS)


def file_of(module: str) -> Path:
    return Path(*module.split(".")).with_suffix(".py")


def needs_drawing(context: ClassDefContext) -> None:
    module = context.cls.fullname.rpartition(".")[0]
    if module.startswith(SECTIONS) and not file_of(drawing(module)).exists():
        said = f"{context.cls.name} has no drawing: write {file_of(drawing(module))} with its PARTS"
        context.api.fail(said, context.cls)


class Drawings(Plugin):
    def get_base_class_hook(self, fullname: str) -> Callable[[ClassDefContext], None] | None:
        return needs_drawing if fullname == SECTION else None

    def get_additional_deps(self, file: MypyFile) -> list[tuple[int, str, int]]:
        # Named even where it is absent: its coming is then a reason to check the section again.
        if not file.fullname.startswith(SECTIONS):
            return []
        return [(PRIORITY, drawing(file.fullname), 1)]


def plugin(version: str) -> type[Plugin]:
    """The plugin's class, whatever mypy's version."""
    return Drawings
