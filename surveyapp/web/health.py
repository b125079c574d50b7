"""For machines that watch: is the process alive, and may it be sent traffic."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from surveyapp.errors import SettingsError
from surveyapp.store.private import try_write
from surveyapp.store.schema import pending
from surveyapp.web.guards import public
from surveyapp.web.installation import installation

PROBES = frozenset({"/healthz", "/readyz"})

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
    except SQLAlchemyError:
        return {"status": "the database does not respond"}, 503
    except SettingsError as error:
        return {"status": str(error)}, 503
    except OSError as error:
        said = error.strerror or str(error)
        return {"status": f"the home folder cannot be written to: {said}"}, 503
    return {"status": "ok"}
