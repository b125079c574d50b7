"""Who has sent how much lately, in this process's memory alone: nothing of it is written anywhere.

An address and a browser are kept as hashes under a key that is made anew every day and never leaves the
process, so that what is remembered of yesterday cannot be told from any address.

Processes share no counts: a row for each sender in the database would say from where an anonymous survey
was answered when, to whoever has it and the key; and its lock makes the customers of one address wait for
each other (measured: a third to a half of the answers a second on PostgreSQL).
"""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from threading import Lock

from flask import Flask, current_app, request

from surveyapp.responses.facets import FLAGS
from surveyapp.responses.flags import Flag, flag
from surveyapp.responses.submission import Submission
from surveyapp.web.installation import installation
from surveyapp.web.respond.write_queue import NOT_WRITTEN, written

MOST_A_MINUTE = 10  # answers from one address, or by one form of a kiosk, before they are a burst
MOST_A_DAY = 20  # answers from one device
_MOST_SENDERS = 50_000  # remembered at a time; the one heard of longest ago is forgotten
_EXTENSION = "surveyapp.senders"
_LONGEST_BROWSER = 300
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True)
class Seen:
    """The flags of an answer, and the keys of earlier ones that now turn out to be part of a burst."""

    flags: tuple[Flag, ...] = ()
    earlier: tuple[str, ...] = ()


@dataclass
class _Sender:
    """When answers came, the latest ones with their keys while they may become part of a burst."""

    today: int = 0
    latest: deque[tuple[datetime, str]] = field(default_factory=deque)

    def has(self, key: str) -> bool:
        """Whether it is the same form, sent once more."""
        return any(key == known for _, known in self.latest)


class Senders:
    """Counts answers by address, device and form."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._since: datetime | None = None
        self._forget()

    def seen(
        self,
        survey_id: int,
        key: str,
        *,
        address: str,
        browser: str,
        form: str | None,
        now: datetime,
    ) -> Seen:
        """What an answer's sender has sent before.

        ``key`` is the answer's own; ``form`` the page of a kiosk on which one person answers after the
        other: it stands for its device, of which many answers in a day are no wonder.
        """
        with self._lock:
            if self._since is None or not timedelta() <= now - self._since < _DAY:
                self._forget()
                self._since = now
            if form is not None:
                sender = self._of("form", survey_id, form)
                if sender.has(key):
                    return Seen()
                burst, earlier = self._burst(sender, key, now)
                return Seen((Flag.BURST,) if burst else (), earlier)
            sender = self._of("address", survey_id, address)
            if sender.has(key):
                return Seen()
            burst, earlier = self._burst(sender, key, now)
            device = self._of("device", survey_id, address, browser)
            device.today += 1
            flags = [Flag.BURST] * burst + [Flag.SAME_DEVICE] * (device.today > MOST_A_DAY)
            return Seen(tuple(flags), earlier)

    def give_back(self, keys: Iterable[str]) -> None:
        """Keys of answers that were not stored yet, to be flagged with the next one of their burst."""
        with self._lock:
            self._told.difference_update(keys)

    def _burst(self, sender: _Sender, key: str, now: datetime) -> tuple[bool, tuple[str, ...]]:
        """Whether it is one of too many within a minute, and which of them were not known to be."""
        latest = sender.latest
        while latest and not timedelta() <= now - latest[0][0] <= _MINUTE:
            self._told.discard(latest.popleft()[1])
        burst = len(latest) >= MOST_A_MINUTE
        earlier = tuple(k for _, k in latest if k and k not in self._told) if burst else ()
        self._told.update(earlier)
        latest.append((now, "" if burst else key))
        if len(latest) > 3 * MOST_A_MINUTE:
            self._told.discard(latest.popleft()[1])
        return burst, earlier

    def _of(self, *told: object) -> _Sender:
        mark = blake2b("\0".join(map(str, told)).encode(), digest_size=16, key=self._key).digest()
        sender = self._senders.pop(mark, None) or _Sender()
        self._senders[mark] = sender
        if len(self._senders) > _MOST_SENDERS:
            self._senders.popitem(last=False)
        return sender

    def _forget(self) -> None:
        self._key = secrets.token_bytes(32)
        self._senders: OrderedDict[bytes, _Sender] = OrderedDict()
        self._told: set[str] = set()  # keys of answers that were handed out to be flagged


def remember_senders(app: Flask) -> None:
    """Give the application the one place in its process that remembers who has sent how much."""
    app.extensions[_EXTENSION] = Senders()


def watched(submission: Submission, *, form: str | None = None) -> Submission:
    """An answer by an open link with the flags of its sender; earlier ones of a burst are flagged too.

    ``form`` is the page of a kiosk that it came from. A personal link is used once, and needs no flag.
    """
    if submission.invitation is not None:
        return submission
    senders: Senders = current_app.extensions[_EXTENSION]
    seen = senders.seen(
        submission.survey.id,
        submission.key,
        address=request.remote_addr or "",
        browser=request.headers.get("User-Agent", "")[:_LONGEST_BROWSER],
        form=form,
        now=submission.prepared.submitted_at,
    )
    if seen.earlier:
        stored: set[str] = set()
        seal = installation().epoch_keys.seal
        marked = partial(flag, submission_keys=seen.earlier, found=Flag.BURST, seal=seal)
        with suppress(
            *NOT_WRITTEN
        ):  # the answer itself goes on; the next one of the burst tries again
            stored = written(marked)
        senders.give_back(set(seen.earlier) - stored)
    if not seen.flags:
        return submission
    prepared = submission.prepared
    paradata = {**prepared.paradata, FLAGS: sorted(seen.flags)}
    return replace(submission, prepared=replace(prepared, paradata=paradata))
