"""The keys of an installation in a folder apart from its backups, each under its fingerprint.

So a later key overwrites no earlier one that earlier backups need, and a restore finds by the
manifest which one it needs.
"""

from __future__ import annotations

from pathlib import Path

from surveyapp.backups.manifest import Manifest
from surveyapp.errors import Invalid, SettingsError
from surveyapp.installation import Installation
from surveyapp.settings import Settings
from surveyapp.store import key_files, keys, master_key, private, wrapping

_SHOWN = 16  # hexadecimal digits of a fingerprint in a file's name


def fingerprints(installation: Installation) -> tuple[str, str]:
    """Of the secret key and of the master key."""
    return keys.fingerprint(installation.secret_key), wrapping.fingerprint(_master(installation))


def keep(installation: Installation, folder: Path, backups: Path) -> list[Path]:
    """Write both keys into the folder, unless they are there; their files.

    Raises Invalid for a folder among the backups.
    """
    inside, outside = folder.absolute().resolve(), backups.absolute().resolve()
    if inside.is_relative_to(outside) or outside.is_relative_to(inside):
        raise Invalid(
            f"{folder} lies with the backups in {backups}: whoever gets one would have the keys to it."
            " Choose a folder elsewhere, best on another disk."
        )
    private.make_folder(folder)
    secret, master = fingerprints(installation)
    kept = []
    for path, key in (
        (_path(folder, keys.FILE, secret), installation.secret_key),
        (_path(folder, master_key.FILE, master), _master(installation)),
    ):
        if not path.is_file() or path.read_text(encoding="utf-8").strip() != key:
            key_files.replace(path, key)
        kept.append(path)
    return kept


def for_restore(manifest: Manifest, settings: Settings, folder: Path | None) -> dict[Path, str]:
    """The key files that the restored home still needs, with their texts; nothing for what the settings
    or the home have. Raises SettingsError where a key is not there, or is another.
    """
    return {
        **_needed(settings, folder, keys.FILE, settings.secret_key, manifest.secret_key),
        **_needed(settings, folder, master_key.FILE, settings.master_key, manifest.master_key),
    }


def _needed(
    settings: Settings, folder: Path | None, name: str, given: str, wanted: str
) -> dict[Path, str]:
    fingerprint = keys.fingerprint if name == keys.FILE else wrapping.fingerprint
    setting = "SURVEYAPP_SECRET_KEY" if name == keys.FILE else "SURVEYAPP_MASTER_KEY"
    own = settings.home / name
    kept = _path(folder, name, wanted) if folder is not None else None
    if folder is not None and kept is not None and not kept.is_file() and (folder / name).is_file():
        kept = folder / name  # another home has its keys by their plain names
    if given:
        found, where = given, setting
    elif own.is_file():
        found, where = own.read_text(encoding="utf-8", errors="replace").strip(), str(own)
    elif kept is not None and kept.is_file():
        found, where = kept.read_text(encoding="utf-8", errors="replace").strip(), str(kept)
    else:
        raise SettingsError(
            f"The backup needs the key with the fingerprint {wanted}, and there is neither {setting} nor"
            f" {own}{f' nor {kept}' if kept is not None else ''}. Give the folder of keys with --keys-from,"
            " or put the key there. If it is lost for good, --keys-lost restores without it."
        )
    if fingerprint(found) != wanted:
        raise SettingsError(
            f"{where} has the fingerprint {fingerprint(found)}, and the backup was made with {wanted}."
            " Use the key of the installation that made the backup."
        )
    return {} if given or own.is_file() else {own: found}


def _path(folder: Path, name: str, fingerprint: str) -> Path:
    stem, _, ending = name.partition(".")
    return folder / f"{stem}-{fingerprint[:_SHOWN]}.{ending}"


def _master(installation: Installation) -> str:
    if installation.store.keyring is None:
        raise SettingsError("The database was opened without a master key.")
    return installation.store.keyring.master_key
