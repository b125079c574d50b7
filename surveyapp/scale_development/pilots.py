"""Pilots of a scale: answers to its items, of a survey or an uploaded file, whose analysis is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.jobs import kinds
from surveyapp.questionnaires.presets import scale_presets
from surveyapp.results.projects.variables import Variables, variables_of
from surveyapp.scale_development.pool import (
    DRAFT,
    JUDGING,
    KEPT_ITEM,
    LONGEST_NAME,
    note,
    one_line,
)
from surveyapp.scale_development.queries import items_of, pilots_of
from surveyapp.store.models import Project, ScaleDevelopment, ScaleItem, ScalePilot
from surveyapp.surveys.queries import surveys_of

MOST_PILOTS, MOST_ROWS, FEWEST_ITEMS = 50, 20_000, 3
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class PilotOptions:
    """``seed`` splits the respondents; ``size`` is that of a short form, 0 for none, with at least
    ``least`` items of each dimension.
    """

    seed: int = 1
    size: int = 0
    least: int = 2


@dataclass(frozen=True)
class Source:
    """Where answers come from: a survey, or columns of an uploaded file (None where missing)."""

    survey_id: int | None = None
    uploaded: Mapping[str, Sequence[float | None]] | None = None


def make_pilot(
    session: Session,
    scale: ScaleDevelopment,
    name: str,
    source: Source,
    options: PilotOptions,
    *,
    names: Mapping[str, str],
    library: Library,
    user_id: int | None,
) -> ScalePilot:
    """A pilot whose analysis is asked for. Items are found under their codes, or under ``names``.

    Raises Invalid with the field, NotFound for an unknown survey, Conflict for one pilot too many.
    """
    _check(options)
    name = one_line(name, "name", LONGEST_NAME, least=1)
    known = pilots_of(session, scale.id)
    if len(known) >= MOST_PILOTS:
        raise Conflict(f"This scale has {len(known)} pilots, as many as may be.")
    if any(each.name.casefold() == name.casefold() for each in known):
        raise Invalid(f"There is a pilot “{name}” already; choose another name.", field="name")
    if source.survey_id is not None:
        if source.survey_id not in {each.id for each in surveys_of(session, scale.journey_id)}:
            raise NotFound("There is no such survey on this journey; it may have been removed.")
        there = set(survey_variables(session, scale, source.survey_id, library).items)
    else:
        there = set(source.uploaded or {})
    columns = matched(piloted(session, scale), there, names)
    uploaded = None
    if source.uploaded is not None:
        uploaded = {column: list(source.uploaded[column]) for column in columns.values()}
    row = ScalePilot(
        scale_id=scale.id,
        name=name,
        survey_id=source.survey_id,
        uploaded=uploaded,
        columns=columns,
        options=asdict(options),
        created_by=user_id,
    )
    session.add(row)
    session.flush()
    note(session, user_id, "make pilot", scale, pilot=row.id, items=len(columns))
    analyse_again(session, scale, row, user_id=user_id)
    return row


def analyse_again(
    session: Session, scale: ScaleDevelopment, pilot: ScalePilot, *, user_id: int | None
) -> None:
    """Ask for a pilot's analysis: for the first time, or where its job failed."""
    payload = kinds.PilotPayload(pilot.id)
    job = kinds.ANALYSE_PILOT.ask(session, payload, journey_id=scale.journey_id, user_id=user_id)
    pilot.job_id = job.id
    session.flush()


def remove_pilot(
    session: Session, scale: ScaleDevelopment, pilot: ScalePilot, *, user_id: int | None
) -> None:
    """Delete a pilot with its result and the answers that were uploaded for it; for good."""
    note(session, user_id, "remove pilot", scale, pilot=pilot.id, name=pilot.name)
    session.delete(pilot)


def piloted(session: Session, scale: ScaleDevelopment) -> list[ScaleItem]:
    """The items that a pilot is about: those that are not dropped."""
    return items_of(session, scale.id, DRAFT, JUDGING, KEPT_ITEM)


def survey_variables(
    session: Session, scale: ScaleDevelopment, survey_id: int, library: Library
) -> Variables:
    """What a survey's answers are called, as modelling projects call them."""
    return variables_of(session, answers_of(scale, survey_id), library)


def answers_of(scale: ScaleDevelopment, survey_id: int) -> Project:
    """The answers of a survey without flagged ones, as a project that is not stored."""
    return Project(
        journey_id=scale.journey_id, survey_id=survey_id, segment_id=None, without_flagged=True
    )


def matched(
    items: Sequence[ScaleItem], there: set[str], names: Mapping[str, str]
) -> dict[str, str]:
    """The column of each item that has one. Raises Invalid for a name that is no item or no column, and
    for fewer than ``FEWEST_ITEMS`` items.
    """
    codes = {each.code for each in items}
    if unknown := names.keys() - codes:
        raise Invalid(
            f"{sorted(unknown)[0][:40]} is no item of the pool that is not dropped.", field="names"
        )
    if absent := set(names.values()) - there:
        raise Invalid(f"The answers have no {sorted(absent)[0][:40]}.", field="names")
    wanted = {each.code: names.get(each.code, each.code) for each in items}
    found = {code: column for code, column in wanted.items() if column in there}
    if len(set(found.values())) < len(found):
        raise Invalid("Two items have the same column; each needs its own.", field="names")
    if len(found) < FEWEST_ITEMS:
        examples = ", ".join(sorted(there)[:5]) or "nothing"
        raise Invalid(
            f"The answers hold {len(found)} of the {len(wanted)} items; a pilot needs at least"
            f" {FEWEST_ITEMS}. They are called {examples[:200]}; say which column is which item.",
            field="names",
        )
    return found


def read_names(text: str) -> dict[str, str]:
    """Lines such as "warm1 = Q7" as columns by item. Raises Invalid at the field ``names``."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        item, equals, column = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not (item and equals and column) or item in found:
            raise Invalid(
                f"{line.strip()[:60]!r}: write each item once, as in warm1 = Q7.", field="names"
            )
        found[item] = column
    return found


def answer_range(scale: ScaleDevelopment) -> tuple[int, int]:
    """The lowest and highest point of the scale's answers."""
    preset = scale_presets()[scale.answer_scale].scale
    return preset.minimum, preset.maximum


def _check(options: PilotOptions) -> None:
    if not 0 <= options.seed <= LARGEST_SEED:
        raise Invalid(f"The seed is {options.seed}; use 0 to {LARGEST_SEED:,}.", field="seed")
    if options.size and not 2 <= options.size <= 100:
        raise Invalid(f"{options.size} items: use 2 to 100, or 0 for no short form.", field="size")
    if not 1 <= options.least <= 20:
        raise Invalid(f"{options.least} of each dimension: use 1 to 20.", field="least")
