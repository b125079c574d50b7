"""An installation around a store that a test has already: its library, keys and clock as wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from instruments.loader import Library
from surveyapp.installation import Installation
from surveyapp.responses.release_duty import release_all
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.file_backends import FileFolder
from surveyapp.store.files import FileStore
from surveyapp.store.published_questionnaires import PublishedQuestionnaires
from tests.responses.makers import SECRET


def installation_on(
    store: Store, *, now: Callable[[], datetime] = utc_now, **settings: Any
) -> Installation:
    """The store's installation with these settings, for what keeps no file."""
    made = read({}, secret_key=SECRET, **settings)
    return Installation(
        settings=made,
        store=store,
        files=FileStore(FileFolder(Path("/nowhere"))),
        secret_key=SECRET,
        library=Library(made.instrument_roots, PublishedQuestionnaires(store)),
        now=now,
    )


def released(installation: Installation) -> int:
    """Release all anonymous answers that wait, and redeem their invitations, however few they are."""
    alone = replace(installation.settings, minimum_cell=1)
    return release_all(replace(installation, settings=alone), installation.now())
