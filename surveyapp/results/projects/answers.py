"""A project's answers: one row a respondent, one column an item under the name that models use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict
from surveyapp.responses.flags import unflagged
from surveyapp.results.answers.answered import segment_rule
from surveyapp.results.answers.person_answers import person_answers
from surveyapp.results.invariance.wordings import mixture
from surveyapp.results.projects.steps import DAY, RESPONSE, RUN
from surveyapp.results.projects.variables import Variables
from surveyapp.store.models import Project

_NONE: Mapping[str, Any] = {}


@dataclass(frozen=True)
class ProjectAnswers:
    """One row of ``data`` a respondent; ``mixed`` says of each instrument that was read in several
    wordings by how many.
    """

    data: pd.DataFrame
    mixed: Mapping[str, str]


def project_answers(
    session: Session, project: Project, known: Variables, *, minimum_cell: int
) -> ProjectAnswers:
    """The answers before any step: items as numbers, missing NaN, then attributes as they are stored.

    Of one survey each response is a row. Of the whole journey the answers of one journey run make a
    row, a later answer to the same item replacing an earlier one; a response without a run is a row
    of its own. Rows in the order of arrival; the column ``DAY`` is that of the last answer, ``RUN`` the number of the journey run,
    ``RESPONSE`` that of the only response. Raises NotFound for a segment that is gone, Conflict for
    fewer than ``minimum_cell`` rows.
    """
    rule = segment_rule(session, project.segment_id)
    where = [unflagged()] if project.without_flagged else []
    places = [(at, item.instrument, item.item) for at, item in enumerate(known.items.values())]
    rows: dict[object, np.ndarray] = {}
    attributes: dict[object, dict[str, Any]] = {}
    read: dict[object, dict[str, str]] = {}
    days: dict[object, str] = {}
    runs: dict[object, int | None] = {}
    numbers: dict[object, int | None] = {}
    for one in person_answers(
        session, project.journey_id, survey_id=project.survey_id, where=where
    ):
        who = one.number if project.survey_id is not None else one.who
        row = rows.get(who)
        if row is None:
            row = rows[who] = np.full(len(places), np.nan)
        for at, instrument, item in places:
            value = one.answers.get(instrument, _NONE).get(item)
            if value is not None:
                row[at] = value
        numbers[who] = None if who in numbers else one.number
        runs[who] = one.who[1] if one.who[0] == "run" else None
        days[who] = max(days.get(who, ""), one.day.isoformat())
        attributes.setdefault(who, {}).update(one.attributes)
        read.setdefault(who, {}).update(one.wordings or {})
    kept = [who for who in rows if rule is None or rule.matches(attributes[who])]
    if len(kept) < minimum_cell:
        raise Conflict(
            f"This project has fewer than {minimum_cell} respondents, too few to show; come back"
            " when there are more, or choose a wider group."
        )
    items = pd.DataFrame(np.vstack([rows[who] for who in kept]), columns=list(known.items))
    beside = pd.DataFrame(
        [{name: attributes[who].get(name) for name in known.groups} for who in kept],
        columns=list(known.groups),
        dtype=object,
    )
    when = pd.DataFrame(
        {
            DAY: [days[who] for who in kept],
            RUN: [runs[who] for who in kept],
            RESPONSE: [numbers[who] for who in kept],
        },
        dtype=object,
    )
    told = minimum_cell if project.segment_id is None else None
    mixed = {
        code: mixture(
            code, Counter(read[who][code] for who in kept if code in read[who]), minimum=told
        )
        for code in dict.fromkeys(item.instrument for item in known.items.values())
    }
    return ProjectAnswers(
        pd.concat([items, beside, when], axis=1),
        {code: text for code, text in mixed.items() if text},
    )
