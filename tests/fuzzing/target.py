"""An installation to attack: two journeys, somebody in each role, and a copy to begin again from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.app import create_app
from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.distribution.unsubscribe import Leaving, write_token
from surveyapp.installation import Installation
from surveyapp.jobs import running
from surveyapp.responses import rollups
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Job, PasswordReset, SurveyRow, User
from surveyapp.surveys.actions import open_survey
from surveyapp.surveys.channels import change_channels
from surveyapp.surveys.prize_draws import write_pass
from surveyapp.web.installation import EXTENSION
from surveyapp.worker import WORK
from tests.fuzzing.databases import Database
from tests.web.respondents import single_use
from tests.web.world import ROLES, Place, add_user, make_place, session_key

ANONYMOUS = "anonymous"
UNFORESEEN = "Something went wrong that should not"  # how a job ends that nobody thought of
# Mail and sign-in by a provider are switched on, and refused by the port at once.
NOBODY_LISTENS = {
    "SURVEYAPP_SMTP_URL": "smtp://127.0.0.1:9",
    "SURVEYAPP_MAIL_FROM": "Northbank <survey@example.org>",
    "SURVEYAPP_OIDC_ISSUER": "http://127.0.0.1:9",
    "SURVEYAPP_OIDC_CLIENT_ID": "surveys",
}
_RESET = "reset-of-the-test"
_KEYS = 12  # each may call so often a minute


@dataclass
class Target:
    """The application, and what of it an address can name."""

    app: Flask
    installation: Installation
    database: Database
    people: dict[str, int]
    places: tuple[Place, Place]
    links: list[str] = field(default_factory=list)
    tickets: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    passes: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    clients: dict[str, FlaskClient] = field(default_factory=dict)

    def sign_in(self, role: str) -> FlaskClient:
        """A new browser, of somebody in this role who is signed in."""
        client = self.clients[role] = self.app.test_client()
        if role != ANONYMOUS:
            with self.installation.store.reading() as session:
                user = session.get_one(User, self.people[role])
            with client.session_transaction() as cookie:
                cookie["_user_id"] = session_key(self.installation, user)
        return client

    def is_signed_in(self, role: str) -> bool:
        """Whether what was sent has left the role its session and its account."""
        answer = self.clients[role].get("/account/passkeys")
        return role == ANONYMOUS or answer.status_code == 200

    def begin_again(self) -> None:
        """Bring the database back to what was kept, and everybody in."""
        self.installation.store.engine.dispose()
        self.database.restore()
        for role in (*ROLES, ANONYMOUS):
            self.sign_in(role)

    def faults(self) -> list[str]:
        """What is wrong with the database, and where the rollups differ from a recount."""
        with self.installation.store.reading() as session:
            connection = session.connection()
            return [*self.database.faults(connection), *rollups.recount(session)]

    def run_jobs(self, kinds: frozenset[str] = frozenset(WORK)) -> list[str]:
        """Run the jobs of these kinds that wait; those that ended as none may."""
        waiting = select(Job.id).where(Job.state == "waiting", Job.kind.in_(kinds))
        with self.installation.store.reading() as session:
            numbers = session.scalars(waiting.order_by(Job.id)).all()
        for number in numbers:
            running.run(self.installation, number, worker="test", work=WORK)
        with self.installation.store.reading() as session:
            ended = session.scalars(select(Job).where(Job.id.in_(numbers))).all()
        return [
            f"job {job.kind} {job.parameters}: {job.error}"
            for job in ended
            if job.error.startswith(UNFORESEEN)
        ]


def make_target(database: Database, home: Path) -> Target:
    """An application with its home in this folder, forms without CSRF tokens, all ways of asking open."""
    settings = read(NOBODY_LISTENS, home=home, database_url=database.url, log_level="ERROR")
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    installation: Installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        people = {role: add_user(session, role) for role in ROLES}
        session.add(
            PasswordReset(
                user_id=people["manager"].id,
                token_hash=sha256(_RESET.encode()).hexdigest(),
                expires_at=utc_now() + timedelta(days=1),
            )
        )
        keys = [
            api_keys.make(session, name=f"Key {number}", scopes=list(KeyScope), user_id=None)[1]
            for number in range(_KEYS)
        ]
    owner = people["administrator"]
    target = Target(
        app,
        installation,
        database,
        {role: each.id for role, each in people.items()},
        (make_place(installation, "Open", owner), make_place(installation, "Move", owner)),
        keys=keys,
    )
    target.tokens.append(_RESET)
    for place in target.places:
        _open_ways(target, place)
    installation.store.engine.dispose()
    database.keep()
    return target


def _open_ways(target: Target, place: Place) -> None:
    """Let customers reach the place's survey by every channel."""
    installation = target.installation
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, place.survey_id)
        open_survey(session, survey, user_id=None, library=BUILT_IN)
        allowed = {"kiosk": True, "embed_origins": ["https://shop.example"]}
        change_channels(session, survey, allowed, end_hosts=(), user_id=None)
        survey.draw = "Win a voucher."
    target.links.append(survey.link)
    paths = single_use(installation, survey, {"customer_ref": "C-1"}, {"attributes": {"age": "3"}})
    target.tickets += [path.rpartition("/")[2] for path in paths]
    key = installation.secret_key
    target.tokens.append(write_token(key, Leaving("customer", "address", place.survey_id)))
    target.passes.append(write_pass(key, survey.link, "AAAAAAcH"))
