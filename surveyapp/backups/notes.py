"""What the database is told of its backups, so that `doctor`, the System page and alerts know of them."""

from __future__ import annotations

import socket
from pathlib import Path

from sqlalchemy import delete, select, update

from surveyapp.backups.manifest import Manifest
from surveyapp.installation import Installation
from surveyapp.store.models import BackupNote

_KEPT = 20  # each container has a host name of its own


def note_made(installation: Installation, backup: Path, made: Manifest, *, verified: bool) -> None:
    """Note a new backup in the place of the one before it in the same folder of this host."""
    with installation.store.writing() as session:
        session.merge(
            BackupNote(
                host=socket.gethostname(),
                folder=str(backup.absolute().parent),
                name=backup.name,
                made_at=made.made_at,
                size=made.size,
                missing=len(made.missing),
                verified_at=installation.now() if verified else None,
            )
        )
        session.flush()
        newest = select(BackupNote.made_at).order_by(BackupNote.made_at.desc())
        oldest = session.scalars(newest.offset(_KEPT - 1).limit(1)).one_or_none()
        if oldest is not None:
            session.execute(delete(BackupNote).where(BackupNote.made_at < oldest))


def note_verified(installation: Installation, backup: Path) -> None:
    """Note that a backup was found whole, if it is the last that was made into its folder."""
    same = BackupNote.folder == str(backup.absolute().parent), BackupNote.name == backup.name
    with installation.store.writing() as session:
        session.execute(
            update(BackupNote).where(*same).values(verified_at=installation.now()),
            execution_options={"synchronize_session": False},
        )
