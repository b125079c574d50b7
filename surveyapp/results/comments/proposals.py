"""Themes, codes and sentiment of a journey's comments as a job proposes them, measured by what people coded
and by the scores that customers gave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.text_vectors import Embedder, text_vectors
from surveyapp.comments.bands import bands_of
from surveyapp.comments.code_book import codes_of
from surveyapp.comments.coding import Key, effective
from surveyapp.comments.proposals import Proposal, forget_proposals, keep_proposals
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import PROPOSE_THEMES, JourneyPayload
from surveyapp.jobs.running import Progress
from surveyapp.results.comments.ground import Ground, read_comments
from surveyapp.results.comments.neighbour_proposals import (
    code_proposals,
    sentiment_by_scale,
    sentiment_proposals,
)
from surveyapp.results.comments.theme_naming import theme_proposals
from surveyapp.store.models import Job
from surveyapp.surveys.queries import surveys_of

_AT_ONCE = 400  # comments whose proposals are kept in one transaction


def newest_proposals(session: Session, journey_id: int) -> Job | None:
    """The last job that has proposed themes for this journey, or is about to."""
    query = select(Job).where(Job.kind == PROPOSE_THEMES.name, Job.journey_id == journey_id)
    return session.scalars(query.order_by(Job.id.desc()).limit(1)).first()


def run_proposals(
    installation: Installation,
    payload: JourneyPayload,
    *,
    progress: Progress,
    embed: Embedder | None,
) -> dict[str, Any]:
    """Propose themes, codes and sentiment, and keep those of single comments; how good they are, as JSON.

    ``embed`` is of ``analysis.text_vectors.embedder``: with it themes and codes go across languages,
    without it each language stands for itself. A theme is called by the code that people gave its
    comments most often, learned on one half of the hand-coded comments, and measured by the other half.
    Codes are those of the nearest hand-coded comments, measured with each comment's own left out.
    """
    with installation.store.reading() as session:
        surveys = surveys_of(session, payload.journey_id)
        ids = [each.id for each in surveys]
        coded = effective(session, ids)
        bands = bands_of(surveys, installation.library)
        said = read_comments(session, ids, bands, coded, embedded=embed is not None)
        book = {code.id: code for code in codes_of(session, payload.journey_id)}
    if not said:
        return {"method": None, "languages": [], "shared": None, "skipped": {}, "coded": 0}
    vectors = text_vectors(
        [each.text for each in said],
        [each.language for each in said],
        embed=embed,
        progress=lambda done: progress(60 * done // len(said), f"{done:,} comments read"),
    )
    ground = Ground(said, vectors, coded, book, installation.settings.minimum_cell)
    progress(60, "Looking for themes")
    themes = theme_proposals(ground)
    progress(80, "Comparing with hand-coded comments")
    codes, by_code = code_proposals(ground)
    progress(90, "Comparing with scores")
    sounding, by_sound = sentiment_proposals(ground)
    kept = {
        said[place].key: Proposal(by_code.get(place, frozenset()), by_sound.get(place))
        for place in sorted({*by_code, *by_sound})
    }
    _keep(installation, ids, kept, {each.key: each.text for each in said})
    return {
        "method": vectors.method,
        **themes,
        "coded": len(coded),
        "codes": codes,
        "sentiment": sentiment_by_scale(ground),
        "sounding": sounding,
    }


def _keep(
    installation: Installation,
    survey_ids: Sequence[int],
    proposals: Mapping[Key, Proposal],
    texts: Mapping[Key, str],
) -> None:
    """In short transactions, as customers who answer meanwhile wait for their ends."""
    with installation.store.writing() as session:
        forget_proposals(session, survey_ids)
    keys = list(proposals)
    for start in range(0, len(keys), _AT_ONCE):
        some = {key: proposals[key] for key in keys[start : start + _AT_ONCE]}
        with installation.store.writing() as session:
            keep_proposals(session, some, texts)
