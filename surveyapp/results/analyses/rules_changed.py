"""Which numbers of a stored analysis or report are computed otherwise by today's rules."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.rules import BENCHMARK, FIRST, RULES, Change, changes
from surveyapp.store.models import Analysis, Report


@dataclass(frozen=True)
class RulesUsed:
    """The version of the rules that numbers were computed by, and what came out differently since."""

    version: int = RULES
    changes: tuple[Change, ...] = ()
    current: int = RULES

    @property
    def told(self) -> str:
        """The version, and whether it is today's."""
        if self.version == self.current:
            return f"version {self.version}"
        return f"version {self.version}; {self.current} is current"


def rules_used(analysis: Analysis) -> RulesUsed:
    """The rules of an analysis; those of today before it has a result."""
    if analysis.result is None:
        return RulesUsed()
    version, asked = int(analysis.result.get("rules_version") or FIRST), analysis.parameters
    found = changes(
        version,
        analysis.kind,
        estimator=asked.get("estimator", "ML"),
        options=[name for name in ("group", "marker") if asked.get(name)],
    )
    return RulesUsed(version, found)


def rules_of_report(report: Report, analysis: Analysis | None = None) -> RulesUsed:
    """The rules of a report; ``analysis``: the one that it is about, whose numbers it has."""
    if report.file_id is None:
        return RulesUsed()
    if analysis is not None:
        return rules_used(analysis)
    version = report.rules_version or FIRST
    return RulesUsed(version, changes(version, BENCHMARK) if report.kind == BENCHMARK else ())
