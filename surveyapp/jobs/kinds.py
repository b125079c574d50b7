"""Every kind of job: its title, the payload that it is asked with, and what comes of it.

The functions that do the work are bound to kinds by the worker alone; whoever asks for a job, or shows
one, needs this table and nothing that the work imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from enum import Enum, auto
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from surveyapp.errors import SurveyappError
from surveyapp.extras import is_installed
from surveyapp.store import queue
from surveyapp.store.models import Job


class Outcome(Enum):
    """What a job makes, and hence which page shows it."""

    ANALYSIS = auto()
    REPORT = auto()
    RESPONSES = auto()
    PREVIEW = auto()
    BATCH = auto()
    SEGMENT = auto()
    JOURNEY = auto()
    INVARIANCE = auto()
    SEGMENT_INVARIANCE = auto()
    TIME_INVARIANCE = auto()
    OUTCOMES = auto()
    PROJECT = auto()
    PROJECT_MODEL = auto()
    SCALE_PILOT = auto()


@dataclass(frozen=True)
class AnalysisPayload:
    analysis_id: int


@dataclass(frozen=True)
class ReportPayload:
    report_id: int


@dataclass(frozen=True)
class ImportPayload:
    survey_id: int
    file_id: int
    choices: dict[str, Any] = field(default_factory=dict)  # of responses.import_choices
    batch_id: int = 0  # 0: asked for by an earlier version


@dataclass(frozen=True)
class PreviewPayload:
    preview_id: int


@dataclass(frozen=True)
class RemovalPayload:
    batch_id: int


@dataclass(frozen=True)
class SegmentPayload:
    segment_id: int


@dataclass(frozen=True)
class JourneyPayload:
    journey_id: int


@dataclass(frozen=True)
class SurveyPayload:
    survey_id: int


@dataclass(frozen=True)
class InvariancePayload:
    invariance_id: int


@dataclass(frozen=True)
class ProjectPayload:
    project_id: int


@dataclass(frozen=True)
class ProjectModelPayload:
    model_id: int


@dataclass(frozen=True)
class ProjectAnalysisPayload:
    model_id: int
    project_analysis_id: int


@dataclass(frozen=True)
class PilotPayload:
    pilot_id: int


Payload = TypeVar(
    "Payload",
    AnalysisPayload,
    ReportPayload,
    ImportPayload,
    PreviewPayload,
    RemovalPayload,
    SegmentPayload,
    JourneyPayload,
    SurveyPayload,
    InvariancePayload,
    ProjectPayload,
    ProjectModelPayload,
    ProjectAnalysisPayload,
    PilotPayload,
)


@dataclass(frozen=True)
class Kind(Generic[Payload]):
    """One kind of job. ``name`` stands in the database; ``title`` is read by people."""

    name: str
    title: str
    payload: type[Payload]
    outcome: Outcome
    can_be_cancelled: bool = True  # else half done is worse than not begun
    needs: tuple[str, ...] = ()  # extras, without which a worker leaves it to another

    def ask(
        self, session: Session, payload: Payload, *, journey_id: int | None, user_id: int | None
    ) -> Job:
        """Write a waiting job into the caller's transaction.

        ``journey_id`` is what it is about; None: the work is of every journey.
        """
        asked = asdict(payload)
        return queue.ask(session, self.name, asked, journey_id=journey_id, user_id=user_id)

    def read(self, parameters: Mapping[str, Any]) -> Payload:
        """The payload of a stored job. Raises SurveyappError for one that another version wrote."""
        own = fields(self.payload)
        names = {each.name for each in own}
        needed = {
            each.name for each in own if each.default is MISSING and each.default_factory is MISSING
        }
        kinds = {each.name: int if each.default_factory is MISSING else dict for each in own}
        if not needed <= set(parameters) <= names or not all(
            type(value) is kinds[name] for name, value in parameters.items()
        ):
            raise SurveyappError(
                f"This job ({self.title}) was asked for with {dict(parameters)} and needs"
                f" {', '.join(sorted(names))}: another version wrote it. Ask for it again."
            )
        return self.payload(**parameters)


_STATISTICS, _REPORTS = ("statistics",), ("reports", "statistics")
VALIDATE_SCALE = Kind(
    "validate_scale", "Scale validation", AnalysisPayload, Outcome.ANALYSIS, needs=_STATISTICS
)
SJQ_STUDY = Kind(
    "sjq_study",
    "Journey quality and loyalty study",
    AnalysisPayload,
    Outcome.ANALYSIS,
    needs=_STATISTICS,
)
BENCHMARK_REPORT = Kind(
    "benchmark_report", "Benchmark report", ReportPayload, Outcome.REPORT, needs=_REPORTS
)
EXECUTIVE_PAGE = Kind(
    "executive_page", "Executive page", ReportPayload, Outcome.REPORT, needs=_REPORTS
)
PARTNER_REPORT = Kind(
    "partner_report", "Partner report", ReportPayload, Outcome.REPORT, needs=_REPORTS
)
SEGMENT_REPORTS = Kind(
    "segment_reports", "Report for every segment", ReportPayload, Outcome.REPORT, needs=_REPORTS
)
VALIDATION_REPORT = Kind(
    "validation_report", "Validation report", ReportPayload, Outcome.REPORT, needs=_REPORTS
)
SJQ_STUDY_REPORT = Kind(
    "sjq_study_report", "Study report", ReportPayload, Outcome.REPORT, needs=_REPORTS
)
IMPORT_RESPONSES = Kind("import_responses", "Response import", ImportPayload, Outcome.RESPONSES)
PREVIEW_IMPORT = Kind("preview_import", "Import preview", PreviewPayload, Outcome.PREVIEW)
REMOVE_IMPORT = Kind(
    "remove_import",
    "Removal of an import",
    RemovalPayload,
    Outcome.BATCH,
    can_be_cancelled=False,
)
SORT_SEGMENT = Kind(
    "rebuild_rollups",
    "Assignment of responses to a segment",
    SegmentPayload,
    Outcome.SEGMENT,
    can_be_cancelled=False,
)
COUNT_DAYS = Kind(
    "count_days",
    "Count by another time zone",
    JourneyPayload,
    Outcome.JOURNEY,
    can_be_cancelled=False,
)

MASK_COMMENTS = Kind(
    "mask_comments", "Masking of comments", SurveyPayload, Outcome.RESPONSES, can_be_cancelled=False
)

PROPOSE_THEMES = Kind(
    "propose_themes", "Proposal of themes", JourneyPayload, Outcome.JOURNEY, needs=("text",)
)

TEST_INVARIANCE = Kind(
    "test_invariance",
    "Invariance test across journeys",
    InvariancePayload,
    Outcome.INVARIANCE,
    needs=_STATISTICS,
)
TEST_SEGMENT_INVARIANCE = Kind(
    "test_segment_invariance",
    "Invariance test between segments",
    JourneyPayload,
    Outcome.SEGMENT_INVARIANCE,
    needs=_STATISTICS,
)

TEST_TIME_INVARIANCE = Kind(
    "test_time_invariance",
    "Invariance test over time",
    JourneyPayload,
    Outcome.TIME_INVARIANCE,
    needs=_STATISTICS,
)

ANALYSE_OUTCOMES = Kind(
    "analyse_outcomes",
    "Analysis of customers' outcomes",
    JourneyPayload,
    Outcome.OUTCOMES,
    needs=_STATISTICS,
)

DESCRIBE_PROJECT = Kind(
    "describe_project",
    "Description of a project's answers",
    ProjectPayload,
    Outcome.PROJECT,
    needs=_STATISTICS,
)
FIT_PROJECT_MODEL = Kind(
    "fit_project_model",
    "Fit of a model",
    ProjectModelPayload,
    Outcome.PROJECT_MODEL,
    needs=_STATISTICS,
)
ANALYSE_PROJECT_MODEL = Kind(
    "analyse_project_model",
    "Further analysis of a model",
    ProjectAnalysisPayload,
    Outcome.PROJECT_MODEL,
    needs=_STATISTICS,
)

ANALYSE_PILOT = Kind(
    "analyse_pilot", "Analysis of a pilot", PilotPayload, Outcome.SCALE_PILOT, needs=_STATISTICS
)

KINDS: Mapping[str, Kind[Any]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            *(
                VALIDATE_SCALE,
                SJQ_STUDY,
                BENCHMARK_REPORT,
                EXECUTIVE_PAGE,
                PARTNER_REPORT,
                SEGMENT_REPORTS,
                VALIDATION_REPORT,
                SJQ_STUDY_REPORT,
            ),
            *(IMPORT_RESPONSES, PREVIEW_IMPORT, REMOVE_IMPORT, SORT_SEGMENT, COUNT_DAYS),
            *(MASK_COMMENTS, PROPOSE_THEMES, TEST_INVARIANCE),
            *(TEST_SEGMENT_INVARIANCE, TEST_TIME_INVARIANCE),
            *(ANALYSE_OUTCOMES, DESCRIBE_PROJECT, FIT_PROJECT_MODEL, ANALYSE_PROJECT_MODEL),
            ANALYSE_PILOT,
        )
    }
)


def out_of_reach() -> list[str]:
    """The names of the kinds that need an extra which is not installed here."""
    return [kind.name for kind in KINDS.values() if not all(map(is_installed, kind.needs))]


def title_of(name: str) -> str:
    """What a stored job does, in words; of kinds that later versions forgot, the name."""
    return KINDS[name].title if name in KINDS else name.replace("_", " ").capitalize()
