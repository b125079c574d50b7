"""An inventory that comes in adds and changes what it says, refuses the rest by name, and moves nothing."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from surveyapp.errors import Invalid
from surveyapp.exports.formats.registry import FORMATS
from surveyapp.exports.inventory import inventory_table
from surveyapp.journeys import actions
from surveyapp.journeys.inventory_actions import PreviewOutdated, bring_inventory
from surveyapp.journeys.inventory_plan import Fate, InventoryAccess, InventoryPlan, plan_inventory
from surveyapp.journeys.inventory_rows import read_inventory, sheet_from_text
from surveyapp.results.inventory import inventory_places
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, Touchpoint
from tests.journeys.test_actions import draw

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ALL = InventoryAccess()
HEAD = (
    "journey_code,stage_code,touchpoint_code,touchpoint,channel,ownership,partner,moment_of_truth\n"
)


@pytest.fixture
def drawn(store: Store) -> Store:
    """A journey "open" whose stage has a branch that a partner with a formula for a name runs."""
    with store.writing() as session:
        journey = draw(session, stages=("Decide", "Apply"))
        actions.add_touchpoint(
            session,
            journey.stages[0],
            name="Branch, the old one",
            channel="=1+1",
            ownership="partner",
            partner="=Courier; & Co",
            moment_of_truth=True,
            user_id=None,
        )
        actions.add_touchpoint(session, journey.stages[1], name="Form", user_id=None)
    return store


def exported(store: Store, folder: Path, code: str) -> bytes:
    with store.reading() as session:
        places = inventory_places(session, None, now=NOW)
        table = inventory_table(session, places, minimum=5)
        FORMATS[code].write(table, folder / code)
    return (folder / code).read_bytes()


def planned(store: Store, data: bytes | str, access: InventoryAccess = ALL) -> InventoryPlan:
    raw = data.encode() if isinstance(data, str) else data
    sheet = read_inventory(io.BytesIO(raw), name="inventory")
    with store.reading() as session:
        return plan_inventory(session, sheet, access)


def brought(store: Store, text: str, **other):
    sheet = read_inventory(io.BytesIO(text.encode()), name="inventory.csv")
    return bring_inventory(store, sheet, ALL, user_id=None, **other)[0]


def code_of(store: Store) -> str:
    with store.reading() as session:
        return inventory_places(session, None, now=NOW)[0].journey_code


@pytest.mark.parametrize("code", ["csv", "xlsx"])
def test_an_export_that_comes_back_changes_nothing(drawn: Store, tmp_path: Path, code: str):
    plan = planned(drawn, exported(drawn, tmp_path, code))
    assert [each.fate for each in plan.rows] == [Fate.UNCHANGED] * 2


def test_a_guarded_cell_that_was_saved_as_another_workbook_is_the_same_text(drawn: Store):
    code = code_of(drawn)
    text = f"{HEAD}{code},decide,branch-the-old-one,,\t'=1+1,,\t'=Courier; & Co,".replace(",", "\t")
    text = text.replace("\t\t'", "\t'")
    assert [each.differences for each in planned(drawn, text).rows] == [()]


def test_rows_add_and_change_once_and_the_log_says_so(drawn: Store):
    code = code_of(drawn)
    text = (
        f"{HEAD}{code},decide,branch-the-old-one,Branch,counter,,=Courier; & Co,no\n"
        f"{code},apply,,Call,phone,customer,,yes\n{code},apply,form,,,,,\n"
    )
    plan = planned(drawn, text)
    assert [each.fate for each in plan.rows] == [Fate.CHANGED, Fate.ADDED, Fate.UNCHANGED]
    assert {(each.field, each.old, each.new) for each in plan.rows[0].differences} == {
        ("name", "Branch, the old one", "Branch"),
        ("channel", "=1+1", "counter"),
        ("moment_of_truth", "yes", "no"),
    }
    first, second = brought(drawn, text, digest=plan.digest), brought(drawn, text)
    assert (first.added, first.changed, first.unchanged) == (1, 1, 1)
    assert (second.added, second.changed, second.unchanged) == (0, 0, 3)
    with drawn.reading() as session:
        call = session.scalars(select(Touchpoint).where(Touchpoint.name == "Call")).one()
        assert (call.code, call.channel, call.ownership, call.moment_of_truth) == (
            *("call", "phone", "customer", True),
        )
        entries = session.scalars(
            select(AuditEntry.detail).where(AuditEntry.action == "import inventory")
        ).all()
    assert [(each["added"], each["changed"]) for each in entries] == [(1, 1)]


def test_a_map_that_changed_since_the_preview_is_left_alone(drawn: Store):
    text = f"{HEAD}{code_of(drawn)},apply,form,Form,web,provider,,no\n"
    digest = planned(drawn, text).digest
    brought(drawn, text.replace("web", "app"))
    with drawn.writing() as session:
        form = session.scalars(select(Touchpoint).where(Touchpoint.code == "form")).one()
        form.channel = "app store"
    with pytest.raises(PreviewOutdated):
        brought(drawn, text, digest=digest)
    with drawn.reading() as session:
        assert session.scalar(select(Touchpoint.channel).where(Touchpoint.code == "form")) == (
            "app store"
        )


@pytest.mark.parametrize(
    ("row", "place", "told"),
    [
        ("nowhere,apply,,Call,,,,", "A2", "no journey with the code 'nowhere'"),
        ("CODE,nowhere,,Call,,,,", "B2", "Draw it on the map"),
        ("CODE,apply,form2,Form,,,,", "C2", "has the code form, and codes do not change"),
        ("CODE,apply,branch-the-old-one,,,,,", "B2", "an import moves nothing"),
        ("CODE,apply,Not a code,Call,,,,", "C2", "is no code"),
        ("CODE,apply,,,,,,", "D2", "names no touchpoint"),
        ("CODE,apply,,Call," + "x" * 61 + ",,,", "E2", "61 characters"),
        ("CODE,apply,,Call,,robots,,", "F2", "is no ownership"),
        ("CODE,apply,,Call,,provider,Courier,", "G2", "no partner runs"),
        ("CODE,apply,,Call,,,,perhaps", "H2", "neither yes nor no"),
    ],
)
def test_what_cannot_be_is_refused_with_its_cell(drawn: Store, row: str, place: str, told: str):
    (found,) = planned(drawn, HEAD + row.replace("CODE", code_of(drawn)) + "\n").rows
    assert found.refused is not None
    assert found.refused.place == place
    assert told in f"{found.refused.reason} {found.refused.cure}"


def test_the_same_touchpoint_twice_is_refused_once(drawn: Store):
    row = f"{code_of(drawn)},apply,,Call,,,,\n"
    fates = [each.fate for each in planned(drawn, HEAD + row + row.replace("Call", "CALL")).rows]
    assert fates == [Fate.ADDED, Fate.REFUSED]


def test_names_find_what_has_no_code_and_rename_nothing(drawn: Store):
    with drawn.reading() as session:
        name = inventory_places(session, None, now=NOW)[0].journey
    head = "Journey;Stage;Touchpoint;Channel\n"
    plan = planned(drawn, f"{head}{name};decide;branch, the OLD one;post\n{name};Applying;Form;x\n")
    assert [each.fate for each in plan.rows] == [Fate.CHANGED, Fate.REFUSED]
    code = code_of(drawn)
    renamed = planned(drawn, f"journey_code,journey,stage,touchpoint\n{code},Other,Apply,Form\n")
    assert "renames none" in renamed.rows[0].refused.reason


def test_a_journey_that_may_not_be_edited_is_refused_and_one_not_seen_is_not_there(drawn: Store):
    code = code_of(drawn)
    text = f"{HEAD}{code},apply,form,Form,web,,,\n{code},decide,branch-the-old-one,,=1+1,,=Courier; & Co,\n"
    reader = planned(drawn, text, InventoryAccess(None, frozenset()))
    assert [each.fate for each in reader.rows] == [Fate.REFUSED, Fate.UNCHANGED]
    assert "may not change" in reader.rows[0].refused.reason
    stranger = planned(drawn, text, InventoryAccess(frozenset(), frozenset()))
    assert all("no journey with the code" in each.refused.reason for each in stranger.rows)


def test_a_file_of_another_kind_is_refused_whole(store: Store):
    for text, told in (
        (HEAD.replace("channel", "chanel") + "a,b,c,d,e,f,g,h\n", "'chanel' is not used"),
        ("journey_code,touchpoint\na,b\n", "neither a column stage_code nor stage"),
    ):
        with pytest.raises(Invalid, match=told):
            read_inventory(io.BytesIO(text.encode()))
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Touchpoint)) == 0


def test_a_preview_comes_back_as_it_was_and_nothing_else_does():
    sheet = read_inventory(io.BytesIO(f"{HEAD}a,b,,'=x,,,,\n".encode()))
    again = sheet_from_text(sheet.text())
    assert (again.rows, dict(again.columns)) == (list(sheet.rows), dict(sheet.columns))
    assert again.rows[0].of("touchpoint") == "=x"
    for text in (
        "",
        "[]",
        '{"columns": ["x"], "at": [0], "rows": [], "is_list": false}',
        '{"columns": ["channel"], "at": [-5], "rows": [], "is_list": false}',
        '{"columns": ["channel"], "at": [Infinity], "rows": [], "is_list": false}',
        '{"columns": [], "at": [], "rows": [[-1, [], "", ""]], "is_list": false}',
        "[" * 9999,
    ):
        with pytest.raises(Invalid, match="come back whole"):
            sheet_from_text(text)
