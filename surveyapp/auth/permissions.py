"""Who may do what: the one table that guards, pages, the API and the documentation read.

A role says what somebody may do at all, a grant on which journeys. Both must allow it; an
administrator has every grant of every journey.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Permission(StrEnum):
    """One thing that somebody may be allowed to do; every staff page names exactly one."""

    OWN_ACCOUNT = "own account"
    READ_JOURNEYS = "read journeys"
    CREATE_JOURNEYS = "create journeys"
    EDIT_JOURNEYS = "edit journeys"
    REVIEW_JOURNEYS = "review journeys"
    COMMENT_ON_MAPS = "comment on maps"
    MANAGE_ACCESS = "manage access"
    EDIT_SEGMENTS = "edit segments"
    EDIT_BENCHMARKS = "edit benchmarks"
    EDIT_SURVEYS = "edit surveys"
    READ_COMMENTS = "read open answers"
    READ_ORIGINALS = "read unmasked comments"
    CODE_COMMENTS = "code comments"
    EDIT_CODE_BOOK = "edit the code book"
    WITHDRAW_QUOTES = "withdraw quotes"
    READ_RESPONSES = "read responses"
    IMPORT_RESPONSES = "import responses"
    REMOVE_RESPONSES = "remove responses"
    EXPORT_RESPONSES = "export responses"
    EXPORT_CUSTOMERS = "export customer references"
    EXPORT_DRAWS = "export prize draw entries"
    SEND_MESSAGES = "send messages"
    WORK_CASES = "work on cases"
    SEE_CONTACTS = "see contact details"
    READ_RESULTS = "read results"
    SHARE_RESULTS = "share results"
    SET_TARGETS = "set targets"
    PLAN_IMPROVEMENTS = "plan improvements"
    SET_ALERTS = "set alerts"
    RUN_ANALYSES = "run analyses"
    MODEL_ANSWERS = "model answers"
    READ_REPORTS = "read reports"
    MAKE_REPORTS = "make reports"
    MANAGE_USERS = "manage users"
    READ_AUDIT = "read the audit log"
    MANAGE_CONNECTIONS = "manage connections"
    MANAGE_CONTACTS = "manage contacts"
    WATCH_SYSTEM = "watch the system"


class Role(StrEnum):
    """Who somebody is here."""

    ADMINISTRATOR = "administrator"
    RESEARCHER = "researcher"
    MANAGER = "manager"


class Grant(StrEnum):
    """What somebody is given on one journey, or on all."""

    OWNER = "owner"
    EDITOR = "editor"
    READER = "reader"
    COMMENTS = "comments"
    CONTACTS = "contacts"


class Subject(StrEnum):
    """What a permission is about."""

    INSTALLATION = "installation"
    JOURNEY = "journey"
    ALL_JOURNEYS = "all journeys"


@dataclass(frozen=True)
class Rule:
    """Who may do one thing: the roles that may, and the grants of which one is needed."""

    subject: Subject
    roles: frozenset[Role]
    grants: frozenset[Grant] = frozenset()


# Somebody has at most one level on a journey. The other grants add to it and count only beside it.
LEVELS = (Grant.READER, Grant.EDITOR, Grant.OWNER)
MEANINGS: Mapping[Grant, str] = MappingProxyType(
    {
        Grant.READER: "views the journey, its results, reports and cases",
        Grant.EDITOR: "also changes the map, surveys and messages, and shares results by link",
        Grant.OWNER: "also reads open answers, and grants and revokes access",
        Grant.COMMENTS: "reads open answers, and single responses where the role allows it; comments on"
        " the map",
        Grant.CONTACTS: "sees how to reach the customer of a case",
    }
)

_EVERYBODY = frozenset(Role)
_STUDYING = frozenset({Role.ADMINISTRATOR, Role.RESEARCHER})
_ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
_READING = frozenset(LEVELS)
_EDITING = frozenset({Grant.EDITOR, Grant.OWNER})
_COMMENTS = frozenset({Grant.COMMENTS, Grant.OWNER})


def _of_journey(roles: frozenset[Role], grants: frozenset[Grant]) -> Rule:
    return Rule(Subject.JOURNEY, roles, grants)


def _of_installation(roles: frozenset[Role]) -> Rule:
    return Rule(Subject.INSTALLATION, roles)


RULES: Mapping[Permission, Rule] = MappingProxyType(
    {
        Permission.OWN_ACCOUNT: _of_installation(_EVERYBODY),
        Permission.READ_JOURNEYS: _of_journey(_EVERYBODY, _READING),
        Permission.CREATE_JOURNEYS: _of_installation(_STUDYING),
        Permission.EDIT_JOURNEYS: _of_journey(_STUDYING, _EDITING),
        # Its owner's business, in whatever role, as its targets are.
        Permission.REVIEW_JOURNEYS: _of_journey(_EVERYBODY, _EDITING),
        # A reader with the grant "comments" says what is wrong with a map, and does not change it.
        Permission.COMMENT_ON_MAPS: _of_journey(_EVERYBODY, _COMMENTS | _EDITING),
        Permission.MANAGE_ACCESS: _of_journey(_EVERYBODY, frozenset({Grant.OWNER})),
        # A segment sorts the responses of every journey.
        Permission.EDIT_SEGMENTS: Rule(Subject.ALL_JOURNEYS, _STUDYING, _EDITING),
        Permission.EDIT_BENCHMARKS: Rule(Subject.ALL_JOURNEYS, _STUDYING, _EDITING),
        Permission.EDIT_SURVEYS: _of_journey(_STUDYING, _EDITING),
        Permission.READ_COMMENTS: _of_journey(_EVERYBODY, _COMMENTS),
        Permission.CODE_COMMENTS: _of_journey(_EVERYBODY, _COMMENTS),
        Permission.EDIT_CODE_BOOK: _of_journey(_STUDYING, _COMMENTS),
        # Whoever reads that a comment must not be printed takes it off at once.
        Permission.WITHDRAW_QUOTES: _of_journey(_EVERYBODY, _COMMENTS),
        # What masking took away, where a survey keeps it: for whoever answers for the journey.
        Permission.READ_ORIGINALS: _of_journey(_STUDYING, frozenset({Grant.OWNER})),
        Permission.READ_RESPONSES: _of_journey(_STUDYING, _COMMENTS),
        Permission.IMPORT_RESPONSES: _of_journey(_ADMINISTRATOR, _EDITING),
        Permission.REMOVE_RESPONSES: _of_journey(_STUDYING, _EDITING),
        Permission.EXPORT_RESPONSES: _of_journey(_STUDYING, _COMMENTS),
        Permission.EXPORT_CUSTOMERS: _of_journey(_STUDYING, _COMMENTS),
        Permission.EXPORT_DRAWS: _of_journey(_STUDYING, _EDITING),
        Permission.SEND_MESSAGES: _of_journey(_STUDYING, _EDITING),
        Permission.WORK_CASES: _of_journey(_EVERYBODY, _READING),
        # Of its own, hence not even an owner's: they give it to themselves, and the log says so.
        Permission.SEE_CONTACTS: _of_journey(_EVERYBODY, frozenset({Grant.CONTACTS})),
        Permission.READ_RESULTS: _of_journey(_EVERYBODY, _READING),
        # Who answers for a journey decides which of its figures people without an account see.
        Permission.SHARE_RESULTS: _of_journey(_EVERYBODY, _EDITING),
        # What a journey is to reach is its owner's business, in whatever role.
        Permission.SET_TARGETS: _of_journey(_EVERYBODY, _EDITING),
        # Changes and actions are the work of whoever reads the scores, as cases are.
        Permission.PLAN_IMPROVEMENTS: _of_journey(_EVERYBODY, _READING),
        # To oneself and others with access; to anybody else, of whoever may set targets.
        Permission.SET_ALERTS: _of_journey(_EVERYBODY, _READING),
        Permission.RUN_ANALYSES: _of_journey(_STUDYING, _READING),
        # Rows can be left out at will, hence for whoever may read single responses.
        Permission.MODEL_ANSWERS: _of_journey(_STUDYING, _COMMENTS),
        Permission.READ_REPORTS: _of_journey(_EVERYBODY, _READING),
        Permission.MAKE_REPORTS: _of_journey(_EVERYBODY, _READING),
        Permission.MANAGE_USERS: _of_installation(_ADMINISTRATOR),
        Permission.READ_AUDIT: _of_installation(_ADMINISTRATOR),
        Permission.WATCH_SYSTEM: _of_installation(_ADMINISTRATOR),
        Permission.MANAGE_CONNECTIONS: _of_installation(_ADMINISTRATOR),
        Permission.MANAGE_CONTACTS: _of_installation(_ADMINISTRATOR),
    }
)
PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        role: frozenset(permission for permission, rule in RULES.items() if role in rule.roles)
        for role in Role
    }
)
# What access to all journeys means for somebody in each role, where nothing else was chosen.
ON_ALL_JOURNEYS: Mapping[Role, tuple[Grant, ...]] = MappingProxyType(
    {
        Role.ADMINISTRATOR: (),  # has every grant by the role
        Role.RESEARCHER: (Grant.EDITOR, Grant.COMMENTS),
        Role.MANAGER: (Grant.READER, Grant.COMMENTS),
    }
)


def allows(role: Role, permission: Permission) -> bool:
    """Whether this role may do this, on the journeys where a grant allows it, too."""
    return permission in PERMISSIONS[role]
