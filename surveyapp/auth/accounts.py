"""A member of staff as pages know them: values, never a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from surveyapp.auth.permissions import Permission, Role, allows
from surveyapp.store.models import User


@dataclass(frozen=True)
class Account:
    """Who somebody is and may do; ``session_epoch`` must equal the one in their session."""

    id: int
    email: str
    name: str
    role: Role
    active: bool
    must_change_password: bool
    session_epoch: int
    created_at: datetime
    signed_in_at: datetime | None

    def may(self, permission: Permission) -> bool:
        """Whether this account may do this now."""
        return self.active and allows(self.role, permission)


def account_of(user: User) -> Account:
    """The account that a row describes."""
    return Account(
        id=user.id,
        email=user.email,
        name=user.name,
        role=Role(user.role),
        active=user.active,
        must_change_password=user.must_change_password,
        session_epoch=user.session_epoch,
        created_at=user.created_at,
        signed_in_at=user.signed_in_at,
    )
