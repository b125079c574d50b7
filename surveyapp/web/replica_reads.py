"""Which staff pages are read from the replica, so that figures cost the primary nothing.

Pages that only read are, as long as the replica has all that the same browser has written: the
position of the primary's write-ahead log after a write travels in the session's cookie, so that it
holds on every host. Customers' pages, sign-in and whether somebody may open a page are always asked of
the primary.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import request, session
from sqlalchemy.exc import SQLAlchemyError

from surveyapp.store.replica import ReplicaLost, position_of
from surveyapp.web.installation import installation

log = logging.getLogger(__name__)

_WRITTEN = "written"  # up to where this browser has written
_READS = frozenset({"GET", "HEAD"})


def answered(view: Callable[[], Any]) -> Any:
    """What the view of this request gives, read from the replica where that may be."""
    store = installation().store
    if store.replica is None:
        return view()
    if request.method not in _READS:
        try:
            return view()
        finally:
            with suppress(SQLAlchemyError):  # the view's own error says more
                session[_WRITTEN] = position_of(store.engine)
    with store.reading_replica(session.get(_WRITTEN, 0)):
        try:
            return view()
        except ReplicaLost as error:
            log.warning("a page is made again from the primary: %s", error.__cause__)
    return view()
