"""Passkeys in a real browser with a virtual authenticator: registered, and signed in with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from surveyapp.app import create_app
from surveyapp.settings import read
from surveyapp.web.installation import EXTENSION
from tests.serving import serving
from tests.web.test_respond_kill import free_port
from tests.web.world import PASSWORD, add_user


@pytest.fixture(scope="module")
def address(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An installation by a name: browsers allow no passkeys at an IP address."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    base = f"http://localhost:{(port := free_port())}"
    app = create_app(read({}, home=home, base_url=base, log_level="ERROR"))
    with app.extensions[EXTENSION].store.writing() as session:
        add_user(session, "manager")
    with serving(app, port):
        yield base
    app.extensions[EXTENSION].close()


@pytest.mark.browser
def test_a_passkey_is_registered_and_signs_in_under_the_pages_policy(
    browser: Browser, address: str
):
    context = browser.new_context(base_url=address, viewport={"width": 390, "height": 800})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    device |= {"hasUserVerification": True, "isUserVerified": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": device})

    page.goto("/sign-in?next=/account/passkeys")
    page.get_by_label("Email address").fill("manager@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Telephone")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Register passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/account/passkeys")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("Name", exact=True).fill("Again")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Register passkey").click()
    expect(page.get_by_text("has a passkey for your account already")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{address}/journeys")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Email address").fill("manager@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{address}/journeys")
    assert wrong == []
    context.close()
