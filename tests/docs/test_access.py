"""The reference of access is the table that guards read."""

from __future__ import annotations

import re

from surveyapp.auth.api_keys import SUBJECTS
from surveyapp.auth.permissions import MEANINGS, RULES, Grant, Role
from tests.docs.pages import PAGES


def test_the_reference_has_every_permission_with_its_roles_and_grants():
    page = PAGES["docs/reference/access.md"]
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    told = {row[0]: row[1:] for row in rows if len(row) > 2}
    assert set(told) - {"Permission", "---"} == {str(each) for each in RULES}
    scopes = {row[0]: row[1] for row in rows if len(row) == 2}
    assert scopes.items() >= {str(scope): str(of) for scope, of in SUBJECTS.items()}.items()
    for permission, rule in RULES.items():
        subject, *roles, needs = told[permission]
        assert subject == rule.subject
        assert [answer == "yes" for answer in roles] == [role in rule.roles for role in Role]
        named = set(needs.split(" or ")) - {"none"}
        assert named <= rule.grants and bool(named) is bool(rule.grants)


def test_the_administrators_page_explains_every_grant():
    explained = re.findall(r"^\| (\w+) \| ", PAGES["docs/administrators.md"], re.MULTILINE)
    assert set(explained) >= set(Grant) == set(MEANINGS)
