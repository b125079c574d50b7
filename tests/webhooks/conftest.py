"""An installation with one journey whose webhooks may reach this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from surveyapp.installation import Installation, open_installation
from surveyapp.settings import read
from surveyapp.store.models import User, Webhook
from surveyapp.webhooks import actions
from tests.kept_rows import KeptRows
from tests.web.world import Place, add_user, make_place
from tests.webhooks.listening import Listening

AddHook = Callable[..., int]


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    opened = open_installation(read({}, home=tmp_path, database_url=database_url))
    yield opened
    opened.close()


def _make(installation: Installation) -> Place:
    with installation.store.writing() as session:
        user: User = add_user(session, "researcher", password_hash="none")
    made = make_place(installation, "Open", user)
    with installation.store.writing() as session:  # each test has its own webhooks
        session.delete(session.get_one(Webhook, made.webhook_id))
    return made


@pytest.fixture(scope="session")
def kept_place(tmp_path_factory: pytest.TempPathFactory) -> KeptRows[Place]:
    return KeptRows(_make, tmp_path_factory.mktemp("place"))


@pytest.fixture
def place(installation: Installation, kept_place: KeptRows[Place]) -> Place:
    return kept_place.fill(installation)


@pytest.fixture
def add_hook(installation: Installation) -> AddHook:
    """Add a webhook to a server of the test, which the settings allow from then on."""

    def add(server: Listening | str, *events: str, name: str = "CRM") -> int:
        url = server if isinstance(server, str) else server.url
        if not isinstance(server, str):
            allowed = {*installation.settings.hook_places, server.place}
            object.__setattr__(installation.settings, "private_hooks", ",".join(sorted(allowed)))
        with installation.store.writing() as session:
            webhook: Webhook = actions.add_webhook(
                session,
                name=name,
                url=url,
                events=events or ("response",),
                private=installation.settings.hook_places,
                user_id=None,
            )
            return webhook.id

    return add
