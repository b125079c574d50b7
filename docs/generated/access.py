"""The reference of who may do what, from the table that guards read."""

from __future__ import annotations

from docs.generated.markdown import definitions
from surveyapp.auth.api_keys import SUBJECTS
from surveyapp.auth.permissions import LEVELS, MEANINGS, ON_ALL_JOURNEYS, RULES, Grant, Role, Rule

# The higher level has what the lower has; so the lowest that is enough is named.
_ORDER = (*LEVELS, *(grant for grant in Grant if grant not in LEVELS))


def access_reference() -> str:
    """What each grant means, then every permission with its subject, roles and grants."""
    meanings = definitions((f"**{grant}**", meaning) for grant, meaning in MEANINGS.items())
    usual = "; ".join(
        f"{role}: {', '.join(kinds) if kinds else 'everything'}"
        for role, kinds in ON_ALL_JOURNEYS.items()
    )
    head = ("Permission", "About", *(role.capitalize() for role in Role), "Needs the grant")
    rows = [
        (str(permission), str(rule.subject), *_roles(rule), _grants(rule))
        for permission, rule in RULES.items()
    ]
    return "\n\n".join(
        (
            meanings,
            f"Access to all journeys, where it is chosen for a new user, is by role: {usual}.",
            _table(head, rows),
            "An API key has scopes instead of a role. A key of one journey finds no other, and has no"
            " scope that concerns all of them.",
            _table(("Scope", "About"), [(str(scope), str(of)) for scope, of in SUBJECTS.items()]),
        )
    )


def _roles(rule: Rule) -> list[str]:
    return ["yes" if role in rule.roles else "no" for role in Role]


def _grants(rule: Rule) -> str:
    """The lowest level that is enough, and what else is."""
    named = [grant for grant in _ORDER if grant in rule.grants]
    levels = [grant for grant in named if grant in LEVELS][:1]
    return " or ".join([*levels, *(grant for grant in named if grant not in LEVELS)]) or "none"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
