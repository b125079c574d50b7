"""Sections are found by their files, begin in an order, and are told when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.errors import DataError
from analysis.scale import registry
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.sections.sample import SampleSection
from analysis.scale.study import Section, Sections

FOLDER = Path(registry.folder.__file__ or "").parent


def test_every_module_of_sections_is_one_section_of_its_name():
    names = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert {kind.name for kind in registry.sections()} == names
    percents = [kind.percent for kind in registry.sections()]
    assert percents == sorted(set(percents))
    assert percents[0] == 0 and percents[-1] < 100


def test_what_a_section_reads_comes_before_it():
    order = [kind.name for kind in registry.sections()]
    for name in order:
        text = (FOLDER / f"{name}.py").read_text()
        read = [other for other in order if f"analysis.scale.sections.{other} import" in text]
        assert all(order.index(other) < order.index(name) for other in read), name


def test_what_is_asked_again_without_careless_respondents_reads_only_that():
    again = {kind.name for kind in registry.sections() if kind.again}
    assert again == {
        "sample", "adequacy", "factor_count", "efa", "cfa", "rivals", "reliability",
        "fornell_larcker", "htmt",
    }  # fmt: skip


def test_two_sections_that_begin_at_one_percent_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("first", "second"):
        (tmp_path / f"{name}_of_two.py").write_text(
            "from analysis.scale.study import Section\n"
            "class Here(Section, percent=7, title='here'):\n"
            "    @classmethod\n"
            "    def compute(cls, study): return cls()\n"
        )
    monkeypatch.setattr(registry.folder, "__path__", [str(tmp_path)])
    with pytest.raises(TypeError, match="first_of_two and second_of_two both begin at 7 percent"):
        registry.sections.__wrapped__()


def test_a_module_without_a_section_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "nothing_here.py").write_text("")
    monkeypatch.setattr(registry.folder, "__path__", [str(tmp_path)])
    with pytest.raises(TypeError, match="nothing_here defines 0 sections"):
        registry.sections.__wrapped__()


def test_a_section_that_cannot_compute_is_none():
    with pytest.raises(TypeError, match="abstract"):

        class Empty(Section, percent=1, title="empty"):
            pass

        Empty()  # type: ignore[abstract]


def test_a_section_that_was_not_computed_is_none_or_an_error():
    found = Sections({CfaSection: None})
    assert found.get(CfaSection) is None
    assert found.get(SampleSection) is None
    with pytest.raises(DataError, match="the validation has no section 'cfa'"):
        found[CfaSection]
