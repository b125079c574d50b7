"""What pages, reports and exports read: frozen values, numbers at full precision, no drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from analysis.control_limits import ControlLimits
from analysis.weighting import WeightedMean
from instruments.schema import Metric
from surveyapp.i18n.words import msg
from surveyapp.results.facets import UNFLAGGED, Facets
from surveyapp.results.invariance.comparability import Verdicts
from surveyapp.results.targets.standing import Gap, MetricTarget

LATEST = 3  # months at either end that a change is measured between, and that advice rests on


class Hidden(StrEnum):
    """Why a figure is not shown; empty when it is."""

    NO = ""
    FEW = "few"  # fewer answers than the smallest group that may be shown
    COMPLEMENT = "complement"  # with other shown figures it would give away such a group
    PERIOD = "period"  # the period's edge would cut off such a group
    SINCE = "since"  # such a group is all that has answered after the period


class State(StrEnum):
    """Whether there is a number, and if not, which of three things that means: pages, reports, API and
    files say it in these words, a hidden one with its reason (``phrases.hidden``).
    """

    SHOWN = "shown"
    HIDDEN = msg(
        "hidden"
    )  # there are answers, and showing the number could give a small group away
    UNANSWERED = msg("no answers yet")
    UNASKED = msg("not asked here")


class Unit(StrEnum):
    """What an estimate counts, so that a page writes "62%", "+31" or "71"."""

    PERCENT = "percent"  # 0..100, a share of people
    NPS = "nps"  # -100..100, signed
    INDEX = "index"  # 0..100, a mean score
    MEAN = "mean"  # on the answer scale itself
    CORRELATION = "correlation"  # -1..1


@dataclass(frozen=True)
class Definition:
    """How one scored scale is summed up over people, in words and in its axis."""

    scale: str  # "sjq.coherence", "nps": the id that scores and rollups carry
    instrument: str
    metric: Metric
    label: str  # "Net Promoter Score (NPS)"
    short: str  # "NPS": for axes and column heads
    unit: Unit
    axis: tuple[float, float]  # the whole range of the estimate
    text: str  # "Share of answers 4 or 5 on the scale from 1 to 5"
    interval: str  # "Wilson 95% interval"
    parent: str | None = None  # scale of the total that this is a dimension of
    answers: tuple[int, int] = (0, 1)  # smallest and largest answer


def profile(definitions: Sequence[Definition]) -> tuple[Definition, ...]:
    """The first index of several dimensions: its total where it has one, then its dimensions."""
    totals = [d.parent for d in definitions if d.parent]
    if totals:
        head = [d for d in definitions if d.scale == totals[0]]
        return (*head, *(d for d in definitions if d.parent == totals[0]))
    for first in definitions:
        same = [d for d in definitions if (d.instrument, d.unit) == (first.instrument, Unit.INDEX)]
        if len(same) > 1:
            return tuple(same)
    return ()


@dataclass(frozen=True)
class Figure:
    """One estimate with its interval. When ``hidden``, no number is set, ``n`` included.

    ``low`` and ``high`` are None where an interval cannot be computed (one answer only).
    ``mean`` is the average answer on the answer scale, kept beside shares.
    """

    definition: Definition
    n: int | None
    estimate: float | None
    low: float | None
    high: float | None
    mean: float | None
    hidden: Hidden = Hidden.NO
    change: Change | None = None  # None where nothing is compared with
    beside: Beside | None = None  # of a segment
    target: Gap | None = None  # None where no target is set
    weighted: Weighted | None = None  # where weights are asked for

    @property
    def suppressed(self) -> bool:
        return self.hidden is not Hidden.NO

    @property
    def shown(self) -> bool:
        return self.estimate is not None

    @property
    def state(self) -> State:
        if self.suppressed:
            return State.HIDDEN
        return State.SHOWN if self.shown else State.UNANSWERED


@dataclass(frozen=True)
class Margin:
    """The known shares of one attribute, 0 to 1, and where they come from."""

    attribute: str
    shares: Mapping[str, float]
    source: str
    counted_on: date


@dataclass(frozen=True)
class Weighted:
    """A score as it would be with a population's shares, in ``figure``, whose n counts the answers that have
    weights; ``refused`` says why there is none. The change of ``figure`` is that of scores with weights.

    ``left_out``: the answers without a weight, whose value of an attribute is not known or has no share.
    """

    figure: Figure | None
    mean: WeightedMean | None = None  # as it was estimated, where there is a figure
    left_out: int | None = None
    refused: str = ""
    hidden: bool = False  # it would tell of a small group
    of_all: bool = False  # no score of the scope has weights, for the same reason
    any_shares: bool = True  # population shares are known to weight by

    @property
    def error(self) -> float | None:
        return self.mean.error if self.mean else None

    @property
    def design_effect(self) -> float | None:
        return self.mean.design_effect if self.mean else None

    @property
    def effective_n(self) -> float | None:
        return self.mean.effective_n if self.mean else None


@dataclass(frozen=True)
class Contrast:
    """A difference of two figures in their unit, its interval, and p after Holm's correction.

    ``certain``: it may be claimed, because the interval excludes zero and the corrected p is < .05.
    """

    difference: float
    low: float
    high: float
    pvalue: float
    certain: bool

    @property
    def turned(self) -> Contrast:
        """The second figure minus the first."""
        return replace(self, difference=-self.difference, low=-self.high, high=-self.low)


@dataclass(frozen=True)
class Alike:
    """Whether a score of several items means the same in a segment and in all other customers, by the
    newest test of measurement invariance between them.

    ``released``: the parameters that differ, where the verdict is a partial one; ``inside`` and
    ``outside``: complete answers on either side, of which ``needed`` are needed on each.
    """

    verdict: Verdicts
    released: tuple[str, ...] = ()
    inside: int = 0
    outside: int = 0
    needed: int = 0
    tested_at: datetime | None = None
    stale: bool = False

    @property
    def allows(self) -> bool:
        """Whether a difference may be called significant."""
        return self.verdict.allows_means


@dataclass(frozen=True)
class OverTime:
    """Whether a score of several items means the same in some quarters, by the newest test of
    measurement invariance between them.

    ``quarters`` as "2026 Q3", those compared, each with the ``needed`` complete answers; ``released``: the
    parameters that differ, where the verdict is a partial one.
    """

    verdict: Verdicts
    quarters: tuple[str, ...]
    released: tuple[str, ...]
    needed: int
    tested_at: datetime
    stale: bool

    @property
    def allows(self) -> bool:
        """Whether a change may be called significant: yes, unless the test says that it may not."""
        return self.verdict not in (Verdicts.METRIC, Verdicts.NONE)


@dataclass(frozen=True)
class Change:
    """What a figure was in the months that its own are compared with, and the difference since then:
    None where one of them is not shown, or has a single answer.
    """

    before: Figure
    contrast: Contrast | None
    reworded: bool = False  # answered in different wordings then and now, and hence not compared
    barring: OverTime | None = (
        None  # says that it means something else then and now: not significant
    )


@dataclass(frozen=True)
class Beside:
    """What a segment's figure is among all other customers, and the segment's minus that: None where
    one of them is not shown, or has a single answer.
    """

    rest: Figure
    contrast: Contrast | None
    alike: Alike | None = None  # of a score of several items


@dataclass(frozen=True)
class Compared:
    """The months that a period's figures are compared with, and how many differences are tested
    together by Holm's correction.
    """

    since: date
    until: date
    tested: int


@dataclass(frozen=True)
class SegmentName:
    id: int
    code: str
    name: str
    rule: str


@dataclass(frozen=True)
class TouchpointOverview:
    """A touchpoint and its figures, in the order in which its instruments are asked."""

    id: int
    code: str
    name: str
    channel: str
    ownership: str
    moment_of_truth: bool
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class StageOverview:
    """A stage; ``figures`` pool the shown figures of its touchpoints, never the hidden ones."""

    id: int
    code: str
    name: str
    goal: str
    figures: tuple[Figure, ...]
    touchpoints: tuple[TouchpointOverview, ...]


@dataclass(frozen=True)
class AskedInstrument:
    """An instrument as it was asked: which version, key and wording, and how far both can be trusted."""

    instrument: str
    version: str
    title: str
    key: str | None
    validated: bool  # the scoring key
    wording: str
    wording_status: str  # draft, reviewed, validated
    language: str
    citation: str
    note: str


@dataclass(frozen=True)
class JourneyOverview:
    """A journey's figures for everybody or for one segment, in one period.

    ``end`` holds what is asked at the journey's end: totals first, each followed by its dimensions.
    ``responses`` counts submissions, None where their sum would give a small group away;
    ``responses_shown`` those at the places whose number may be shown, ``places_hidden`` the other
    places. The days are those of the first and last answer, of a segment where they may be shown.
    """

    journey_id: int
    code: str
    name: str
    provider: str
    goal: str
    state: str
    version: int
    segment: SegmentName | None
    since: date | None
    until: date | None
    first_day: date | None
    last_day: date | None
    responses: int | None
    responses_shown: int
    places_hidden: int
    end: tuple[Figure, ...]
    stages: tuple[StageOverview, ...]
    lowest: tuple[End, ...]  # the lowest stage of each scale that two stages or more have
    advice: Advice | None  # None without answers
    sides: Sides | None  # of the profile, when it has two dimensions or more with answers
    instruments: tuple[AskedInstrument, ...]
    minimum_cell: int
    zone: str = "UTC"  # by which days and months are counted
    compared: Compared | None = None  # the changes of the end's and the touchpoints' figures
    facets: Facets = UNFLAGGED
    flagged: int | None = 0  # flagged answers that are left out; None where it may not be told
    weighted_ends: WeightedEnds | None = None  # None where no weights are asked for
    beside_tested: int = 0  # differences of a segment from all others that Holm's correction counts
    targets: tuple[MetricTarget, ...] = ()  # of these customers

    @property
    def profile(self) -> tuple[Figure, ...]:
        """The first index of several dimensions asked at the end: its total (SJQ), where it has one,
        then its dimensions."""
        by_scale = {figure.definition.scale: figure for figure in self.end}
        return tuple(by_scale[d.scale] for d in profile([f.definition for f in self.end]))

    @property
    def total(self) -> Figure | None:
        """The total of the profile; None where its dimensions are not summed up."""
        first = next(iter(self.profile), None)
        parents = {figure.definition.parent for figure in self.profile}
        return first if first is not None and first.definition.scale in parents else None

    @property
    def profile_title(self) -> str:
        """What the profile's questionnaire is called."""
        codes = [figure.definition.instrument for figure in self.profile[:1]]
        return next((each.title for each in self.instruments if each.instrument in codes), "")

    @property
    def reworded(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(title, wordings) of the questionnaires that surveys ask in different wordings."""
        wordings: dict[str, dict[str, None]] = {}
        for entry in self.instruments:
            wordings.setdefault(entry.instrument, {})[entry.wording] = None
        titles = {entry.instrument: entry.title for entry in reversed(self.instruments)}
        return tuple((titles[code], tuple(ids)) for code, ids in wordings.items() if len(ids) > 1)

    @property
    def touchpoints(self) -> tuple[TouchpointOverview, ...]:
        return tuple(touchpoint for stage in self.stages for touchpoint in stage.touchpoints)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure: those of the end, then those of the touchpoints."""
        return (*self.end, *(figure for point in self.touchpoints for figure in point.figures))


@dataclass(frozen=True)
class End:
    """The lowest or the highest of several figures of one unit, and its difference from each other.

    ``against`` is (name, this one minus that one), the nearest first; Holm's correction counts all
    pairs of the figures, because the data chose which of them is compared.
    """

    name: str
    figure: Figure
    against: tuple[tuple[str, Contrast], ...]

    @property
    def stands_out(self) -> bool:
        """Whether it may be called the lowest or highest: it differs from every other one."""
        return bool(self.against) and not self.tied

    @property
    def tied(self) -> list[str]:
        """Those that it does not differ from significantly."""
        return [name for name, contrast in self.against if not contrast.certain]

    @property
    def apart(self) -> list[str]:
        """Those that it differs from significantly."""
        return [name for name, contrast in self.against if contrast.certain]


@dataclass(frozen=True)
class Sides:
    """The lowest and the highest dimension of the profile.

    The same people answer all of them, so that their means are correlated; the contrasts take them
    as independent, which is on the careful side as long as the dimensions go together.
    """

    low: End
    high: End


@dataclass(frozen=True)
class WeightedEnds:
    """What scores lowest and highest with weights: a stage by scale, and dimensions of the profile. Of what
    is not there, some score has no weights.
    """

    lowest: Mapping[str, End]
    sides: Sides | None


@dataclass(frozen=True)
class Priority:
    """A touchpoint below the journey's other touchpoints taken together, and by how much; ``weighted`` is the
    difference of the scores with weights, where both have some."""

    stage: str
    touchpoint_id: int
    touchpoint: str
    moment_of_truth: bool
    figure: Figure
    against_rest: Contrast
    weighted: Contrast | None = None


@dataclass(frozen=True)
class Advice:
    """Touchpoints below the journey's others in the latest months of a period.

    ``since`` and ``until`` are whole months: advice rests on how things are now, not on an average
    over all that was ever answered. ``rows``: those significantly below come first. ``compared``
    counts the touchpoints that were looked at, ``left_out`` names those with too few answers then.
    """

    since: date
    until: date
    rows: tuple[Priority, ...]
    compared: int
    left_out: tuple[str, ...]

    @property
    def steps(self) -> tuple[Priority, ...]:
        """What to look at first: the touchpoints that are significantly below the others."""
        return tuple(row for row in self.rows if row.against_rest.certain)


@dataclass(frozen=True)
class SegmentFigure:
    """A segment's figure, and its difference from everybody else (None where hidden)."""

    segment: SegmentName
    figure: Figure
    against_rest: Contrast | None
    alike: Alike | None = None  # of a score of several items


@dataclass(frozen=True)
class ComparisonRow:
    """One figure at one place, for everybody and for each segment, side by side.

    ``stage`` and ``touchpoint`` are None for what is asked at the journey's end; ``place`` is "" there,
    else "apply/form".
    """

    stage: str | None
    touchpoint: str | None
    place: str
    everybody: Figure
    segments: tuple[SegmentFigure, ...]


@dataclass(frozen=True)
class SegmentComparison:
    """``rows``: the journey's end first, then touchpoint by touchpoint.

    ``sorting`` are segments that were left out because responses are still being sorted into them.
    """

    journey_id: int
    segments: tuple[SegmentName, ...]
    rows: tuple[ComparisonRow, ...]
    comparisons: int  # how many differences Holm's correction counts
    sorting: tuple[SegmentName, ...] = ()
    is_testing: bool = False  # a test of measurement invariance was asked for

    @property
    def gated(self) -> bool:
        """Whether any score needs a verdict on measurement invariance to be compared."""
        return any(each.alike is not None for row in self.rows for each in row.segments)


@dataclass(frozen=True)
class Month:
    first: date  # the first day of the month
    figure: Figure
    rest: Figure | None = None  # of all other customers, beside a segment's


@dataclass(frozen=True)
class Worded:
    """A wording that a trend's answers were given to, and the first month of a survey that asks in it."""

    wording: str
    first: date  # the first day of the month


@dataclass(frozen=True)
class Marker:
    """A registered change on a trend, by its ``letter``; ``last`` is set where it was temporary."""

    letter: str
    title: str
    first: date
    last: date | None = None


@dataclass(frozen=True)
class Trend:
    """One figure month by month, every month from the first to the last with answers.

    ``change`` is the period minus the one that it is compared with (``between`` are the first and the
    last month of the one before, then of the other), where there is one. Else it is the last three shown months
    minus the first three; None below six shown months.
    ``wordings`` are those of the surveys that were answered in these months, the earliest first, and
    ``markers`` the changes that were made here in these months. ``limits`` are the control limits of
    the newest month, from those before it. ``weighted`` is the same with weights, where they are asked for
    and any month has some.
    """

    definition: Definition
    stage: str | None
    touchpoint: str | None
    touchpoint_id: int | None
    months: tuple[Month, ...]
    change: Contrast | None = None
    wordings: tuple[Worded, ...] = ()
    between: tuple[Sequence[date], Sequence[date]] | None = None
    target: MetricTarget | None = None
    markers: tuple[Marker, ...] = ()
    reworded: bool = False  # the months compared were answered in different wordings: no change
    barring: OverTime | None = None  # says that it means something else in them: not significant
    limits: ControlLimits | None = None  # None with too few earlier months
    weighted: Trend | None = None

    def outside(self, month: Month) -> str:
        """ "above" or "below" the control limits; empty within them and where none apply."""
        value = month.figure.estimate
        if self.limits is None or value is None or not self.is_in_present_wording(month):
            return ""
        return {-1: "below", 0: "", 1: "above"}[self.limits.breached(value)]

    def weighted_outside(self, month: Month) -> str:
        """The same of the month's score with weights, by its own limits."""
        own = self.weighted
        if own is None:
            return ""
        return next((own.outside(each) for each in own.months if each.first == month.first), "")

    def is_in_present_wording(self, month: Month) -> bool:
        """Whether the wording did not change after this month began."""
        return all(month.first >= each.first for each in self.rewordings)

    def marked_in(self, month: date) -> list[Marker]:
        """The changes made in the month of this day."""
        wanted = (month.year, month.month)
        return [each for each in self.markers if (each.first.year, each.first.month) == wanted]

    @property
    def rewordings(self) -> tuple[Worded, ...]:
        """The wordings that came in a later month than the first ones did."""
        return tuple(each for each in self.wordings if each.first > self.wordings[0].first)

    @property
    def compared(self) -> tuple[Sequence[date], Sequence[date]]:
        """The months of a change, of the one side and of the other."""
        if self.between is not None:
            return self.between
        shown = [month.first for month in self.months if month.figure.shown]
        return shown[:LATEST], shown[-LATEST:]


@dataclass(frozen=True)
class ResponseRate:
    """What was sent to all customers and what came back at one survey.

    ``rate`` is completed / sent invitations (0..100) with a Wilson interval; None without any
    invitation: an open link has no rate. ``responses`` counts submissions by any way. When
    ``hidden``, what came back is None: too few answers, or a number that would give them away.
    """

    survey_id: int
    code: str
    name: str
    stage: str | None
    touchpoint: str | None
    responses: int | None
    sent: int
    opened: int | None
    completed: int | None
    not_sent: int
    rate: float | None
    low: float | None
    high: float | None
    first_day: date | None
    last_day: date | None
    hidden: Hidden = Hidden.NO
    touchpoint_id: int | None = None


@dataclass(frozen=True)
class SegmentRate:
    """Invitations to one segment and those answered; None when ``hidden``, or while ``is_waiting`` for a
    worker to count them.
    """

    sent: int | None
    completed: int | None
    rate: float | None
    low: float | None
    high: float | None
    hidden: Hidden = Hidden.NO
    is_waiting: bool = False
