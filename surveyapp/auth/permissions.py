"""What each role may do; the whole table in one place."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Permission(StrEnum):
    """One thing that somebody may be allowed to do; every staff page names exactly one."""

    OWN_ACCOUNT = "own account"
    READ_JOURNEYS = "read journeys"
    EDIT_JOURNEYS = "edit journeys"
    EDIT_SURVEYS = "edit surveys"
    READ_RESPONSES = "read responses"
    IMPORT_RESPONSES = "import responses"
    REMOVE_RESPONSES = "remove responses"
    EXPORT_RESPONSES = "export responses"
    EXPORT_CUSTOMERS = "export customer references"
    SEND_MESSAGES = "send messages"
    WORK_CASES = "work on cases"
    READ_RESULTS = "read results"
    RUN_ANALYSES = "run analyses"
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


_MANAGER = frozenset(
    {
        Permission.OWN_ACCOUNT,
        Permission.READ_JOURNEYS,
        Permission.READ_RESULTS,
        Permission.READ_REPORTS,
        Permission.MAKE_REPORTS,
        Permission.WORK_CASES,
    }
)
_RESEARCHER = _MANAGER | {
    Permission.EDIT_JOURNEYS,
    Permission.EDIT_SURVEYS,
    Permission.SEND_MESSAGES,
    Permission.READ_RESPONSES,
    Permission.REMOVE_RESPONSES,
    Permission.EXPORT_RESPONSES,
    Permission.EXPORT_CUSTOMERS,
    Permission.RUN_ANALYSES,
}
PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.ADMINISTRATOR: frozenset(Permission),
        Role.RESEARCHER: _RESEARCHER,
        Role.MANAGER: _MANAGER,
    }
)


def allows(role: Role, permission: Permission) -> bool:
    """Whether this role may do this."""
    return permission in PERMISSIONS[role]
