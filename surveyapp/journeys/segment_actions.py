"""Changes to segments: saved rules over what is known about respondents."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid
from surveyapp.jobs.kinds import SORT_SEGMENT, SegmentPayload
from surveyapp.journeys.codes import code_from, read_code
from surveyapp.journeys.segments import parse
from surveyapp.store.audit import record
from surveyapp.store.models import NOTHING_SORTED, Job, Segment

_LONGEST_NAME = 200


def create_segment(
    session: Session, *, name: str, rule: str, code: str = "", user_id: int | None
) -> tuple[Segment, Job]:
    """A segment, and the job that sorts the responses so far into it.

    Raises Invalid for a wrong name, code or rule (naming the place in it), Conflict for a code in
    use.
    """
    name, rule = _name(name), _rule(rule)
    taken = set(session.scalars(select(Segment.code)))
    code = read_code(code) if code.strip() else code_from(name, taken, fallback="segment")
    if code in taken:
        raise Conflict(f"There is a segment with the code {code!r} already; choose another.")
    segment = Segment(code=code, name=name, rule=rule, sorted_to=NOTHING_SORTED)
    session.add(segment)
    session.flush()
    record(session, user_id, "create segment", f"segment {code}", rule=rule)
    return segment, _ask_rebuild(session, segment, user_id)


def edit_segment(
    session: Session, segment: Segment, *, name: str, rule: str, user_id: int | None
) -> Job | None:
    """Rename a segment or change its rule; the job that sorts the responses so far by a new rule.

    Saved as it is, a segment that has not been sorted to the end asks for a job again: the one before
    may have failed. Two jobs for one segment share the work.
    """
    session.refresh(segment, with_for_update=True)  # no batch of sorting reads half of the change
    segment.name, rule = _name(name), _rule(rule)
    if rule != segment.rule:
        segment.rule, segment.sorted_to = rule, NOTHING_SORTED
    record(session, user_id, "edit segment", f"segment {segment.code}", rule=rule)
    return None if segment.sorted_to is None else _ask_rebuild(session, segment, user_id)


def _ask_rebuild(session: Session, segment: Segment, user_id: int | None) -> Job:
    return SORT_SEGMENT.ask(session, SegmentPayload(segment.id), journey_id=None, user_id=user_id)


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Invalid(
            f"The name has {len(name)} characters; use 1 to {_LONGEST_NAME}.", field="name"
        )
    return name


def _rule(rule: str) -> str:
    rule = rule.strip()
    parse(rule)
    return rule
