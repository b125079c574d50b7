"""Looks an installation over before it hurts: each finding with what to do about it."""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from surveyapp.errors import SettingsError, SurveyappError
from surveyapp.extras import is_installed
from surveyapp.installation import Installation
from surveyapp.operations.findings import Finding, advice, fault, good
from surveyapp.operations.releases import (
    ReleasesUnknown,
    installed_at,
    is_newer,
    newest_release,
)
from surveyapp.operations.status import Status, status
from surveyapp.settings import Settings, is_local
from surveyapp.store import keys, master_key, reencryption, schema
from surveyapp.store.database_errors import database_fault
from surveyapp.store.file_backends import FileFolder
from surveyapp.store.models import User
from surveyapp.store.partitions import By
from surveyapp.store.poolers import pools_transactions, waits_without_limit
from surveyapp.store.private import try_write
from surveyapp.store.sealing import Unreadable

_SMALLEST_CELL = 5
_CLOCK_SECONDS = 5.0
_CATCH_UP_SECONDS = 1.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST_NAMED = 3
_WORKING = ("statistics", "reports", "files", "text")  # extras that jobs need
_OLD_BACKUP = timedelta(days=3)


def examine(installation: Installation) -> Iterator[Finding]:
    """Findings in the order in which one would mend them; what needs the database comes last, and is
    left out where it cannot be used.
    """
    settings = installation.settings
    yield from _home(settings.home)
    yield from _addresses(settings)
    yield from _mail(settings)
    yield _cells(settings)
    yield _extras()
    yield _release(settings)
    found = _database(installation)
    yield found
    if found.cure:
        return
    yield from _pooler(installation)
    yield from _replica(installation)
    yield _key(installation)
    yield from _encryption(installation)
    yield _clock(installation)
    yield from _files(installation)
    yield from _accounts(installation)
    found_now = status(installation)
    yield from _working(found_now)
    yield from _stranded(found_now)
    yield from _partitions(found_now)
    yield from _backups(found_now)


def _home(home: Path) -> Iterator[Finding]:
    try:
        try_write(home)
    except OSError as error:
        yield fault(
            "Home folder",
            f"{home} cannot be written to: {error.strerror or error}",
            "Free space on its disk, or give this user the right to write there.",
        )
    paths = [home, *(path for path in home.rglob("*") if not path.is_symlink())]
    open_ones = [path for path in paths if path.stat().st_mode & _OTHERS]
    if open_ones:
        named = ", ".join(str(path) for path in open_ones[:_MOST_NAMED])
        more = len(open_ones) - _MOST_NAMED
        yield fault(
            "Permissions",
            f"other users of this machine can read {named}{f' and {more} more' if more > 0 else ''}",
            f"chmod -R go= {home}",
        )
    else:
        yield good("Permissions", f"{home} is closed to other users of this machine")
    owners = {path.stat().st_uid for path in paths}
    if owners - {os.geteuid()}:
        yield advice(
            "Owner",
            f"files in {home} belong to several users",
            "Run every command as the user who runs the server, then give it what is in the folder.",
        )


def _addresses(settings: Settings) -> Iterator[Finding]:
    parts = urlsplit(settings.base_url)
    host = parts.hostname or ""
    if is_local(host):
        yield advice(
            "Public address",
            f"links point to {settings.base_url}, which only this machine can open",
            "Set SURVEYAPP_BASE_URL to the address that customers use.",
        )
        return
    if parts.scheme != "https":
        yield fault(
            "HTTPS",
            f"{settings.base_url} is not encrypted: passwords and answers can be read on the way",
            "Put a proxy with a certificate in front, and set SURVEYAPP_BASE_URL to https.",
        )
    else:
        yield good(
            "HTTPS", f"links are {parts.scheme}://{parts.netloc}, cookies go over HTTPS only"
        )
    if settings.trusted_proxies == 0 and is_local(settings.host):
        yield fault(
            "Proxies",
            "the server listens on this machine alone, so that a proxy must be in front, but none is"
            " trusted: all clients seem to share one address, and one who guesses passwords locks"
            " everybody out",
            "Set SURVEYAPP_TRUSTED_PROXIES to the number of proxies, usually 1.",
        )
    if settings.trusted_proxies > 0 and not is_local(settings.host):
        yield advice(
            "Proxies",
            f"the server listens on {settings.host} and believes what a proxy says of addresses:"
            " whoever reaches it directly can claim any",
            "Let it listen on 127.0.0.1, or let the firewall admit the proxy only.",
        )


def _mail(settings: Settings) -> Iterator[Finding]:
    if not settings.smtp_url:
        yield advice(
            "Mail",
            "no mail server is set: no invitations, alerts and password resets",
            "Set SURVEYAPP_SMTP_URL and SURVEYAPP_MAIL_FROM.",
        )
        return
    parts = urlsplit(settings.smtp_url)
    if (
        parts.scheme == "smtp"
        and not settings.require_starttls
        and not is_local(parts.hostname or "")
    ):
        yield advice(
            "Mail",
            f"mail may leave for {parts.hostname} unencrypted",
            "Remove SURVEYAPP_REQUIRE_STARTTLS=0, or use a server that offers STARTTLS.",
        )
    else:
        yield good("Mail", f"leaves by {parts.hostname}, from {settings.mail_from}")
    yield good(
        "Sender",
        "`surveyapp mail test` asks the server to take a mail; Connections > Mail looks up SPF, DKIM and"
        " DMARC",
    )


def _cells(settings: Settings) -> Finding:
    if settings.minimum_cell < _SMALLEST_CELL:
        return advice(
            "Minimum cell",
            f"groups of {settings.minimum_cell} are shown: somebody may recognise a customer",
            f"Set SURVEYAPP_MINIMUM_CELL to {_SMALLEST_CELL} or more.",
        )
    return good("Minimum cell", f"groups of fewer than {settings.minimum_cell} answers are hidden")


def _extras() -> Finding:
    """Fine without, as long as some worker has them."""
    missing = [name for name in _WORKING if not is_installed(name)]
    if missing:
        return advice(
            "Extras",
            f"{', '.join(missing)} not installed: jobs that need them wait for another host's worker",
            f"pip install 'surveyapp[{','.join(missing)}]', unless this host serves pages only.",
        )
    return good("Extras", f"{', '.join(_WORKING)} are installed")


def _release(settings: Settings) -> Finding:
    """What runs here, and whether there is a newer one; nobody is asked whom the settings do not name."""
    since = installed_at()
    own = f"{version('surveyapp')}{f', installed {since:%Y-%m-%d}' if since else ''}"
    if not settings.releases_url:
        return good("Version", f"{own}; SURVEYAPP_RELEASES_URL lets it look for newer ones")
    try:
        newest = newest_release(settings.releases_url)
    except ReleasesUnknown as error:
        return advice("Version", f"{own}; {error}", "Check SURVEYAPP_RELEASES_URL.")
    if is_newer(newest, version("surveyapp")):
        return advice(
            "Version",
            f"{own}; {newest} is out",
            "Read its changelog, make a backup, then upgrade (docs/administrators.md, Upgrade).",
        )
    return good("Version", f"{own}, the newest")


def _stranded(found: Status) -> Iterator[Finding]:
    """Kinds of jobs for which an extra is missing at every worker that is at work."""
    if found.stranded:
        needs = sorted({need for each in found.stranded for need in each.needs})
        yield advice(
            "Jobs",
            f"no worker can do: {', '.join(each.title for each in found.stranded)}",
            f"pip install 'surveyapp[{','.join(needs)}]' where a worker runs, and start it again.",
        )


def _partitions(found: Status) -> Iterator[Finding]:
    state = found.partitions
    if state is None:
        return
    count = sum(each.parts for each in state.tables)
    said = f"{len(state.tables)} tables by {state.by}, {count} partitions"
    ahead = [each.months_ahead for each in state.tables if each.by == By.MONTH]
    if state.behind:
        yield fault(
            "Partitions",
            f"{said}; those of the coming months are missing"
            f" ({', '.join(each.name for each in state.behind)})",
            "A worker makes them every hour: look at its log for “make partitions”.",
        )
    elif ahead:
        yield good("Partitions", f"{said}, {min(filter(None, ahead))} months made ahead")
    else:
        yield good("Partitions", said)


def _database(installation: Installation) -> Finding:
    try:
        if schema.pending(installation.store.engine):
            return fault("Database", "its schema is out of date", "surveyapp db upgrade")
    except SettingsError as error:
        return fault("Database", str(error), "Install the version that made it, or a later one.")
    except SQLAlchemyError as error:
        said = database_fault(error) or str(error).partition("\n")[0]
        return fault("Database", said, "Nothing else is looked at until it answers.")
    return good("Database", f"{installation.store.engine.dialect.name} with the current schema")


def _pooler(installation: Installation) -> Iterator[Finding]:
    engine = installation.store.engine
    if installation.store.is_sqlite or not pools_transactions(engine):
        return
    if waits_without_limit(engine):
        yield advice(
            "Pooler",
            "one in transaction mode, whose connections have no lock_timeout: survey pages wait for as long"
            " as somebody else holds a table",
            f"ALTER ROLE {engine.url.username} SET lock_timeout = '{installation.settings.lock_seconds}s'",
        )
    else:
        yield good(
            "Pooler",
            "one in transaction mode: jobs begin within a second, and `surveyapp backup` and `surveyapp"
            " restore` need the address of the server itself",
        )


def _replica(installation: Installation) -> Iterator[Finding]:
    replica = installation.store.replica
    if replica is None:
        return
    found = replica.look()
    if found.fault and found.lag is None:  # by the second time it has had a moment to catch up
        time.sleep(_CATCH_UP_SECONDS)
        found = replica.look()
    if found.fault:
        yield advice(
            "Read replica",
            f"{found.place}: {found.fault}; pages read from the primary",
            "Start it, or check SURVEYAPP_READ_DATABASE_URL and its replication.",
        )
    else:
        yield good("Read replica", f"{found.place}, {found.lag:.1f} seconds behind")


def _key(installation: Installation) -> Finding:
    try:
        installation.check_secret_key()
    except SettingsError as error:
        return fault(
            "Secret key", str(error), "Use the key of the installation that made the database."
        )
    where = "of the settings"
    if not installation.settings.secret_key:
        where = f"in {installation.settings.home / keys.FILE}; a backup needs it too"
    return good("Secret key", f"the database's own, {where}")


def _encryption(installation: Installation) -> Iterator[Finding]:
    """The master key, and whether everything is under the newest data key."""
    try:
        installation.check_master_key()
        with installation.store.reading() as session:
            found = reencryption.state(session)
    except (SettingsError, Unreadable) as error:
        yield fault(
            "Master key",
            str(error),
            "Bring the key back from a backup; without it no address is read.",
        )
        return
    where = "of the settings"
    if not installation.settings.master_key:
        where = (
            f"in {installation.settings.home / master_key.FILE}; keep a copy away from the backups"
        )
    yield good("Master key", f"opens the data keys, {where}")
    if found.earlier:
        yield advice(
            "Encryption",
            f"a rotation is under way: {found.remaining:,} rows are under earlier data keys",
            "A worker ends it; `surveyapp encryption rotate` does at once.",
        )
    else:
        yield good(
            "Encryption",
            f"names and addresses are under data key {found.newest}, made {found.since:%Y-%m-%d}",
        )
    if found.plain_copies:
        yield fault(
            "Encryption",
            "the database's files may hold plain copies of what an upgrade has encrypted",
            "surveyapp encryption clean",
        )


def _clock(installation: Installation) -> Finding:
    """SQLite has the clock of this machine."""
    if installation.store.is_sqlite:
        return good("Clock", f"this machine's: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    with installation.store.reading() as session:
        theirs = session.scalar(select(func.extract("epoch", func.clock_timestamp())))
        apart = abs(float(theirs or 0.0) - time.time())
    if apart > _CLOCK_SECONDS:
        return fault(
            "Clock",
            f"this machine and the database server are {apart:.0f} seconds apart: jobs are taken for"
            " dead, and times of answers are wrong",
            "Let both follow a time server (systemd-timesyncd, chrony).",
        )
    return good("Clock", f"within {apart:.1f} seconds of the database server's")


def _files(installation: Installation) -> Iterator[Finding]:
    """Whether the file store answers, and whether files wait to be moved to it."""
    kept = installation.files.kept
    try:
        kept.has("0" * 64)
    except SurveyappError as error:
        yield fault("Files", str(error), "Until it answers no report can be made or downloaded.")
        return
    folder = FileFolder(installation.settings.files_path)
    if kept.name != folder.name and any(folder.digests()):
        yield advice(
            "Files",
            f"are kept in {kept.name}, and some still in {folder.name}, where no other host finds them",
            "surveyapp files move",
        )
    else:
        yield good("Files", f"are kept in {kept.name}")


def _accounts(installation: Installation) -> Iterator[Finding]:
    with installation.store.reading() as session:
        users = list(session.scalars(select(User).where(User.active)))
    if not any(user.role == "administrator" for user in users):
        yield fault(
            "Accounts",
            "nobody is administrator",
            "surveyapp user create NAME@EXAMPLE --role administrator",
        )
    waiting = sum(user.must_change_password for user in users)
    if waiting:
        yield advice(
            "Accounts",
            f"{waiting} have never changed the password that they were given",
            "Ask them to sign in, or close the accounts.",
        )


def _working(found: Status) -> Iterator[Finding]:
    problems = [each.text for each in found.problems(with_disk=False)]
    for each in problems:
        said, _, cure = each.partition(": ")
        yield fault(
            "Work",
            each if not cure else f"{said}: {cure}",
            "Look at the System page and the worker's log.",
        )
    if not problems:
        n = len(found.living)
        workers = "1 worker" if n == 1 else f"{n} workers"
        yield good("Work", f"{workers}, nothing waits too long")
    room = f"{found.disk_free / 1e9:.1f} GB free of {found.disk_total / 1e9:.1f} GB"
    if found.disk_is_nearly_full:
        yield fault("Disk", room, "Make room: what cannot be written is not taken from customers.")
    else:
        yield good("Disk", room)


def _backups(found: Status) -> Iterator[Finding]:
    """How old the last one is, where it lies, and whether it has been read again since."""
    last = found.backup
    if last is None:
        yield advice(
            "Backups",
            "none is known: with the disk everything would be lost",
            "surveyapp backup FOLDER --keep 14, every night; backups by other means are not known here.",
        )
        return
    age = found.at - last.made_at
    place = f"{last.path} on {last.host}"
    made = f"the last, {place}, is of {last.made_at:%Y-%m-%d %H:%M} UTC"
    if last.host == socket.gethostname() and not last.path.is_dir():
        yield fault(
            "Backups",
            f"{place} is no longer there",
            "Bring it back, or make another: surveyapp backup FOLDER --keep 14",
        )
    elif last.missing:
        yield fault(
            "Backups",
            f"{made} and lacks {last.missing} stored files",
            "surveyapp files check names them; an older backup may have them.",
        )
    elif age > _OLD_BACKUP:
        yield fault(
            "Backups",
            f"{made}, {age.days} days ago",
            "See why the nightly one fails: its timer or cron, its log, the room in its folder.",
        )
    elif last.verified_at is None:
        yield advice(
            "Backups",
            f"{made}, and nobody has read it again since",
            f"surveyapp backup {last.path.parent} --verify, or --keep, which checks each new one.",
        )
    else:
        size = f"{last.size / 1e6:,.1f} MB"
        yield good("Backups", f"{made}, {size}, found whole {last.verified_at:%Y-%m-%d %H:%M} UTC")
