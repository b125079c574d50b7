"""Mail to an account's own address when something happened by which somebody else could get in.

It says what, when and from which kind of browser, and what to do. It holds no link that opens anything,
no code and nothing that somebody typed.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from surveyapp.auth.accounts import Account
from surveyapp.installation import Installation
from surveyapp.store.models import OutgoingMessage

KIND = "account"
# Due before any campaign that waits: who has lost an account wants to know now.
_AHEAD = timedelta(days=365)


class News(StrEnum):
    """What happened, as the mail's subject says it."""

    PASSWORD_CHANGED = "Your password was changed"  # noqa: S105 - a sentence
    PASSWORD_RESET = "An administrator reset your password"  # noqa: S105 - a sentence
    APP_ADDED = "An authenticator app was added to your account"
    APP_REMOVED = "The authenticator app was removed from your account"
    PASSKEY_ADDED = "A passkey was added to your account"
    PASSKEY_REMOVED = "A passkey was removed from your account"
    CODES_RENEWED = "The recovery codes of your account were replaced"
    FACTOR_RESET = "An administrator reset your second factor"
    NEW_DEVICE = "Your account was used from a new device"


_BY_SOMEBODY_ELSE = frozenset({News.PASSWORD_RESET, News.FACTOR_RESET})


def tell(
    session: Session, account: Account, news: News, browser: str, installation: Installation
) -> None:
    """Write the mail in the caller's transaction, so that it leaves if the change stands.

    ``browser`` is what ``origins.device_words`` says. Nothing is written where there is no mail server:
    news of long ago would only frighten.
    """
    if not installation.settings.smtp_url:
        return
    now = installation.now()
    session.add(
        OutgoingMessage(
            key=f"{KIND} {account.id} {secrets.token_hex(16)}",
            kind=KIND,
            content={
                "to": account.email,
                "subject": str(news),
                "text": _text(news, f"{now:%d %B %Y, %H:%M} UTC", browser, installation),
            },
            due_at=now - _AHEAD,
            created_at=now,
        )
    )


def _text(news: News, moment: str, browser: str, installation: Installation) -> str:
    base = installation.settings.base_url.rstrip("/")
    begin = f"{news}, at {base}.\n\nWhen: {moment}\n"
    if news in _BY_SOMEBODY_ELSE:
        return f"{begin}\nIf you did not ask for it, ask your administrator why.\n"
    return (
        f"{begin}From: {browser}\n\nIf it was you, there is nothing to do.\n"
        f"If it was not you: go to {base}, set a new password under Your account or by"
        " Forgotten password, end all other sessions there, and tell your administrator.\n"
    )
