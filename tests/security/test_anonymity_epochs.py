"""Threats 8, 10, 17 and 24: a link stays single-use although nothing is noted of it, no answer is lost,
and fewer than the minimum are never tied to anybody.
"""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select, update

from surveyapp.installation import open_installation
from surveyapp.responses.release_duty import release_all, release_due
from surveyapp.store.models import (
    AnonymityEpoch,
    Decision,
    DrawEntry,
    HeldResponse,
    Invitation,
    Response,
    SurveyRow,
)
from tests.security.anonymous import NAMES, answer, bank
from tests.web.respondents import form_key, opened, single_use


def count(installation, table, *conditions) -> int:
    with installation.store.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def close(installation, survey) -> None:
    """The survey was closed long enough ago."""
    with installation.store.writing() as session:
        over = installation.now() - timedelta(hours=2)
        own = update(SurveyRow).where(SurveyRow.id == survey.id)
        session.execute(own.values(state="closed", closes_at=over))


def test_twenty_posts_at_once_of_one_link_are_one_answer(app, installation):
    made = bank(installation, NAMES[:1])
    path = made.paths[NAMES[0]]
    keys = [form_key(opened(app.test_client(), path)) for _ in range(20)]

    def post(key: str) -> int:
        fields = {"form-key": key, "nps-nps": "3", "nps-nps_reason": ""}
        return app.test_client().post(path, data=fields).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(post, keys)) == {303}
    assert count(installation, HeldResponse) == 1
    assert app.test_client().get(path).status_code == 404  # the page of every used link


def test_another_process_knows_what_was_used_and_a_lost_key_costs_no_answer(client, installation):
    made = bank(installation, NAMES[:2])
    for name in NAMES[:2]:
        answer(client, made.paths[name], 3)
    again = open_installation(installation.settings)
    (name,) = again.epoch_keys.names()
    if installation.store.is_sqlite:
        assert stat.S_IMODE((again.epoch_keys.folder / name).stat().st_mode) == 0o600
    assert client.get(made.paths[NAMES[0]]).status_code == 404
    again.close()
    installation.epoch_keys.destroy(name)  # a disk that was lost
    answer(client, made.paths[NAMES[0]], 4)  # may answer once more
    assert client.get(made.paths[NAMES[0]]).status_code == 404
    assert count(installation, HeldResponse) == 3
    one = replace(installation, settings=replace(installation.settings, minimum_cell=1))
    assert release_all(one, installation.now()) == 3
    assert count(installation, Response) == 3


def test_fewer_than_the_minimum_wait_and_at_the_end_nobody_learns_who_they_were(
    client, installation
):
    made = bank(installation, NAMES[:4])
    for number in range(4):
        answer(client, made.paths[NAMES[number]], number, draw=f"{number}@d.example")
    now = installation.now()
    assert release_all(installation, now) == release_all(installation, now) == 0
    assert client.get(made.paths[NAMES[0]]).status_code == 404
    close(installation, made.survey)
    assert release_all(installation, now) == 0
    assert count(installation, Invitation) == 4
    assert count(installation, Decision, Decision.invitation_id.is_(None)) == 0
    # The answers stay where no figure is made of them, the addresses are sealed.
    assert (count(installation, HeldResponse), count(installation, Response)) == (4, 0)
    assert count(installation, DrawEntry) == 0
    with installation.store.reading() as session:
        (epoch,) = session.scalars(select(AnonymityEpoch))
    assert (epoch.used, len(epoch.entries) > 0) == (b"", True)
    assert installation.epoch_keys.names() == {epoch.name}


def test_the_last_draw_entries_are_never_few_and_all_take_part(client, installation):
    made = bank(installation, NAMES)
    for number in range(12):
        answer(client, made.paths[NAMES[number]], 5, draw=f"{number}@d.example")
    release_all(installation, installation.now())
    assert count(installation, DrawEntry) == 7
    close(installation, made.survey)
    release_all(installation, installation.now())
    assert count(installation, DrawEntry) == 12
    assert count(installation, AnonymityEpoch) == 0
    assert installation.epoch_keys.names() == set()


def test_a_group_that_is_too_small_waits_and_at_the_end_gives_up_its_attributes(
    client, installation
):
    """A customer who is alone with an attribute among those of one release would be named by it."""
    made = bank(installation, ())
    regions = ["North"] * 6 + ["South"] * 5
    customers = [{"attributes": {"region": region}} for region in regions]
    paths = single_use(installation, made.survey, *customers)
    for path in (*paths[:6], *paths[6:8]):
        answer(client, path, 3)
    assert release_all(installation, installation.now()) == 6
    assert count(installation, HeldResponse) == 2
    for path in paths[8:]:
        answer(client, path, 4)
    assert count(installation, HeldResponse) == 5
    with installation.store.writing() as session:  # one of them comes by another region
        odd = session.scalars(select(HeldResponse)).first()
        odd.attributes = {"region": "East"}
    assert release_all(installation, installation.now()) == 0
    close(installation, made.survey)
    assert release_all(installation, installation.now()) == 5
    with installation.store.reading() as session:
        attributes = [row.attributes for row in session.scalars(select(Response))]
    assert attributes.count({"region": "North"}) == 6 and attributes.count({}) == 5


def test_the_duty_comes_once_in_a_period_by_the_clock_whoever_is_asked(client, installation):
    made = bank(installation, NAMES[:6])
    for number in range(5):
        answer(client, made.paths[NAMES[number]], number)
    now = installation.now().replace(minute=59, second=0)
    assert release_due(installation, now) == 5
    answered = bank(installation, NAMES[6:], code="second")
    for number in range(6, 11):
        answer(client, answered.paths[NAMES[number]], number)
    assert release_due(installation, now + timedelta(seconds=59)) == 0
    assert release_due(installation, now + timedelta(seconds=60)) == 5
    assert release_due(installation, now) == 0
