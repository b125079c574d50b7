"""The ways by which messages leave: the mail server, and a webhook for all that is no mail."""

from __future__ import annotations

import json
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import or_, select

from surveyapp.distribution.mail_keys import SigningKeyAway, signer
from surveyapp.errors import SurveyappError
from surveyapp.installation import Installation
from surveyapp.store.mail import Message
from surveyapp.store.models import Webhook
from surveyapp.store.postbox import MailServerAway, Outcome, Postbox, Posted
from surveyapp.webhooks import signing
from surveyapp.webhooks.client import post
from surveyapp.webhooks.endpoint import Outcome as Heard
from surveyapp.webhooks.endpoint import note_outcome, outcome_of, secrets_of
from surveyapp.webhooks.payloads import SEND_MESSAGE, envelope

_TOO_MUCH = frozenset({408, 410, 425, 429})


class Transports:
    """What is open for one round: a connection to the mail server, and the webhook that sends."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._post: Postbox | None = None
        self._hook: Webhook | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._post is not None:
            self._post.__exit__(kind, error, trace)

    def open(self, channel: str) -> bool:
        """Whether messages can leave this way. Raises MailServerAway when only at the moment not."""
        if channel == "email":
            if self._post is None:
                self._post = self._signing_post()
            if self._post is not None:
                self._post.open()
            return self._post is not None
        if self._hook is None:
            self._hook = self._sending_hook()
        return self._hook is not None

    def send(self, channel: str, message: Message) -> Posted:
        """Hand one message on; what became of it."""
        if channel == "email" and self._post is not None:
            return self._post.send(message)
        if channel == "webhook" and self._hook is not None:
            return self._told(self._hook, message)
        return Posted(Outcome.AGAIN, "There is currently no way to send this message.")

    def _signing_post(self) -> Postbox | None:
        """The mail server, and what signs; None where no mail is sent."""
        settings = self._installation.settings
        if not settings.smtp_url:
            return None
        try:
            with self._installation.store.reading() as session:
                signs = signer(session, self._installation)
        except SigningKeyAway as away:
            raise MailServerAway(str(away)) from None
        return Postbox(
            settings.smtp_url,
            settings.mail_from,
            signer=signs,
            require_starttls=settings.require_starttls,
        )

    def _heed(self, hook: Webhook, outcome: Heard, now: datetime) -> None:
        """Stop where the server wants to be left alone, for a while or for good."""
        if not outcome.gone and outcome.wait_until is None:
            return
        self._hook = None
        with self._installation.store.writing() as session:
            stored = session.get(Webhook, hook.id, with_for_update=True)
            if stored is not None:
                note_outcome(session, stored, outcome, judged=False, now=now)

    def _sending_hook(self) -> Webhook | None:
        ready = or_(Webhook.wait_until.is_(None), Webhook.wait_until <= self._installation.now())
        with self._installation.store.reading() as session:
            active = select(Webhook).where(Webhook.active, ready)
            hooks = session.scalars(active.order_by(Webhook.id))
            return next((hook for hook in hooks if SEND_MESSAGE in hook.events), None)

    def _told(self, hook: Webhook, message: Message) -> Posted:
        """The message as signed JSON to the one webhook that sends for us."""
        now = self._installation.now()
        event_id = message.message_id.strip("<>").partition("@")[0]  # periods mean something there
        data = {
            "message_id": message.message_id,
            "to": message.to,
            "language": message.language,
            "text": message.short,
            "link": message.link,
        }
        told = envelope(SEND_MESSAGE, now, data, event_id=event_id)
        before = {"event": SEND_MESSAGE, **data}  # as it was told, for one more release
        body = json.dumps({**before, **told}, ensure_ascii=False).encode()
        headers = signing.headers(
            secrets_of(hook, self._installation.secret_key, now=now),
            body,
            event=SEND_MESSAGE,
            event_id=event_id,
            delivery=message.message_id,
            now=now,
        )
        try:
            answer = post(hook.url, body, headers, private=self._installation.settings.hook_places)
        except SurveyappError as error:
            return Posted(Outcome.AGAIN, str(error))
        if answer.accepted:
            return Posted(Outcome.SENT)
        self._heed(hook, outcome_of(answer, now=now), now)
        for_good = 400 <= answer.status < 500 and answer.status not in _TOO_MUCH
        return Posted(
            Outcome.REFUSED if for_good else Outcome.AGAIN, f"The webhook answered {answer.status}."
        )
