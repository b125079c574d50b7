"""For machines that watch: is the process alive, may it be sent traffic, and how does all of it fare."""

from __future__ import annotations

import hmac

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from surveyapp.errors import NotFound, SettingsError
from surveyapp.operations.heartbeats import is_silent
from surveyapp.operations.status import status
from surveyapp.store.private import try_write
from surveyapp.store.schema import pending
from surveyapp.web.guards import public
from surveyapp.web.installation import installation
from surveyapp.web.traffic import traffic_of

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})

health = Blueprint("health", __name__)


@health.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """Alive: asks nothing of the database, so that its absence does not restart the web process."""
    return {"status": "ok"}


@health.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Ready: the disk takes writes, the database answers, has the newest schema, and belongs to this
    process's key.
    """
    try:
        try_write(installation().settings.home)
        if pending(installation().store.engine):
            return {"status": "the database schema is out of date; run `surveyapp db upgrade`"}, 503
        installation().check_key()
        with installation().store.reading() as session:
            silent = is_silent(session, installation().now())
    except SQLAlchemyError:
        return {"status": "the database does not respond"}, 503
    except SettingsError as error:
        return {"status": str(error)}, 503
    except OSError as error:
        said = error.strerror or str(error)
        return {"status": f"the home folder cannot be written to: {said}"}, 503
    # Customers can answer without one, so that it must not take the pages out of service.
    return {"status": "ok", "worker": "no sign of life" if silent else "ok"}


@health.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """What waits, fails and lives, for Prometheus; asked with the token of the settings."""
    token = installation().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise NotFound("There is no such page.")
    from surveyapp.web.metrics import CONTENT_TYPE, exposition  # its library is for those who ask

    traffic = traffic_of(current_app)
    counted = traffic.counted() if traffic is not None else None
    return exposition(status(installation()), counted), {"Content-Type": CONTENT_TYPE}
