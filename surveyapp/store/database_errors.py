"""What people are told when the database cannot be used: one line, with the cure."""

from __future__ import annotations

import re

from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
    TimeoutError,
)

# The database is away, full, stuck or for reading only, or every connection to it is in use: the same may be
# tried again in a moment.
UNAVAILABLE = (OperationalError, InterfaceError, InternalError, TimeoutError)
RETRY_SECONDS = 5  # until whoever met one of these is to try again

_START = "Start the database server, or check host and port in SURVEYAPP_DATABASE_URL."
# A part of what the driver says -> what to do about it; the first that fits.
_CURES = (
    ("database or disk is full", "Free space on its disk, then run the command again."),
    ("no space left", "Free space on its disk, then run the command again."),
    ("disk i/o error", "Check that its disk has space and no faults."),
    ("readonly database", "Give this user the right to write to the file and its folder."),
    (
        "unable to open database file",
        "Check that its folder exists and that this user may write there.",
    ),
    (
        "file is not a database",
        "Check SURVEYAPP_DATABASE_URL and SURVEYAPP_HOME; the file holds something else.",
    ),
    ("malformed", "The file is damaged. Bring it back from a backup."),
    ("database is locked", "Another program holds it. Stop that, then run the command again."),
    ("password authentication failed", "Check the user and password in SURVEYAPP_DATABASE_URL."),
    ("no password supplied", "Check the user and password in SURVEYAPP_DATABASE_URL."),
    ("permission denied", "Give the database user the rights on the database and its schema."),
    ("does not exist", "Create it, or check SURVEYAPP_DATABASE_URL."),
    ("connection refused", _START),
    ("is the server running", _START),  # a socket that nobody has made
    (
        "resolve host",
        "Check the host in SURVEYAPP_DATABASE_URL; signs such as / and @ in a password are written %2F"
        " and %40.",
    ),
    ("name or service not known", "Check the host in SURVEYAPP_DATABASE_URL."),
    ("timeout", "Check that the database server can be reached from here."),
    (
        "unsupported startup parameter",
        "Remove it from SURVEYAPP_DATABASE_URL.",
    ),
    (
        "no more connections allowed",
        "Raise max_client_conn of PgBouncer, or lower processes and workers.",
    ),
    (
        "query_wait_timeout",
        "Raise default_pool_size of PgBouncer, or see what keeps its connections.",
    ),
    ("too many connections", "Raise the server's max_connections, or lower processes and workers."),
    ("too many clients", "Raise the server's max_connections, or lower processes and workers."),
)
_ELSE = "Check SURVEYAPP_DATABASE_URL and the database server's log."


def database_fault(error: SQLAlchemyError) -> str | None:
    """The sentence for an error that the database or its address is to blame for; None for a fault of
    the program's own, which needs its trace.
    """
    if isinstance(error, ArgumentError):
        return "SURVEYAPP_DATABASE_URL is not an address; see `surveyapp settings` for its form."
    if isinstance(error, TimeoutError):
        return (
            "The database cannot be used: every connection that this process may have is in use. Try again,"
            " or lower SURVEYAPP_THREADS and SURVEYAPP_WORKERS."
        )
    if not isinstance(error, DBAPIError):
        return None
    said = " ".join(str(error.orig).split())
    lowered = said.lower()
    cure = next((cure for part, cure in _CURES if part in lowered), None)
    if cure is None and not isinstance(error, OperationalError | InterfaceError):
        return None
    # psycopg lists every address that it tried; the first says what is wrong, and then asks;
    # a line of SQL says nothing to who has to mend it.
    first = re.split(
        r" - |; | Is the server running| Multiple connection attempts| LINE \d+:", said
    )[0]
    return f"The database cannot be used: {first[:300].rstrip('.?')}. {cure or _ELSE}"
