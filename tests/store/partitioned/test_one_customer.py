"""What a customer waits for looks into one partition of a table: so it could be one node of Citus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from surveyapp.installation import Installation
from surveyapp.store.partitions import GROWING, By, GrowingTable, partitions_of
from tests.responses.makers import make_survey
from tests.store.partitioned.conftest import Converted
from tests.web.conftest import app, client, installation
from tests.web.respondents import fields, form_key, opened, single_use

__all__ = ["app", "client", "installation"]

pytestmark = [
    pytest.mark.xdist_group("partitioned"),
    pytest.mark.parametrize("converted", [By.HASH], indirect=True),
]
_TABLE = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO) (\w+)")


class Recorded(psycopg.Cursor[Any]):
    """Every statement that a connection is told, with its values."""

    told: ClassVar[list[tuple[Any, Any]]] = []

    def execute(self, query: Any, params: Any = None, **how: Any) -> Any:
        self.told.append((query, params))
        return super().execute(query, params, **how)


@pytest.fixture
def told(installation: Installation) -> Iterator[list[tuple[Any, Any]]]:
    def connected(connection: Any, _record: Any) -> None:
        connection.cursor_factory = Recorded

    event.listen(installation.store.engine, "connect", connected)
    installation.store.engine.dispose()
    Recorded.told.clear()
    yield Recorded.told


def test_what_a_customer_waits_for_asks_one_partition(
    installation: Installation,
    client: FlaskClient,
    told: list[tuple[Any, Any]],
    converted: Converted,
):
    with installation.store.writing() as session:
        survey = make_survey(session)
        at = session.connection()
        parts = {each: partitions_of(at, each.name) for each in GROWING}
    (path,) = single_use(installation, survey, {"customer_ref": "4711"})
    told.clear()
    for url in (f"/s/{survey.link}", path):
        form = {**fields(3), "form-key": form_key(opened(client, url))}
        assert client.post(url, data={**form, "nps-nps": "77"}).status_code == 422
        sent = client.post(url, data=form)
        assert sent.status_code == client.post(url, data=form).status_code == 303
        assert client.get(sent.headers["Location"]).status_code == 200
    answering = everywhere(converted.url, parts, told)
    told.clear()
    assert "reason" in opened(client, f"{path}/mine")
    assert client.post(f"{path}/mine/change", data=fields(4)).status_code == 303
    assert client.post(f"{path}/mine/erase").status_code == 303
    assert answering == set()
    rights = {
        query.partition(" ")[0] + " " + _TABLE.findall(query)[0]
        for query in everywhere(converted.url, parts, told)
    }
    # Rare, and each by an index of every partition; docs/partitions.md lists them.
    assert rights == {
        *("SELECT responses", "DELETE drafts", "UPDATE outgoing_messages"),
    }


def test_only_that_a_link_was_opened_does_not_wait_for_the_disk(
    installation: Installation, client: FlaskClient, told: list[tuple[Any, Any]]
):
    with installation.store.writing() as session:
        survey = make_survey(session)
    (path,) = single_use(installation, survey, {"customer_ref": "4711"})
    told.clear()
    client.post(path, data={**fields(3), "form-key": form_key(opened(client, path))})
    written = [query for query, _ in told if query.startswith(("BEGIN", "UPDATE", "INSERT"))]
    assert written[0] == "BEGIN; SET LOCAL synchronous_commit TO off"
    assert "SET state=%(state)s::VARCHAR, opened_at=" in written[1]
    assert written[2] == "BEGIN"
    assert not [query for query in written[2:] if "synchronous_commit" in query]


def everywhere(
    url: str, parts: dict[GrowingTable, list[str]], told: list[tuple[Any, Any]]
) -> set[str]:
    """The statements that look for rows of a growing table in more than one of its partitions, and those
    that insert a row whose place they do not know.
    """
    found = set()
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        for query, values in {query: (query, values) for query, values in told}.values():
            for each in GROWING:
                if each.name not in _TABLE.findall(query):
                    continue
                if query.startswith("INSERT"):
                    places = query.partition("(")[2].partition(")")[0].split(", ")
                    if each.hashed not in (*places, "id"):
                        found.add(query)
                    continue
                plan = str(
                    psycopg.ClientCursor(connection).execute(f"EXPLAIN {query}", values).fetchall()
                )
                if len({part for part in parts[each] if f" on {part} " in plan}) > 1:
                    found.add(query)
    return found
