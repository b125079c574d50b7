"""The demonstration bank, made once for all tests of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from surveyapp.demo.make import Made, make
from surveyapp.installation import Installation, open_installation
from surveyapp.settings import read
from surveyapp.store.schema import upgrade


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Made]]:
    installation = open_installation(read({}, home=tmp_path_factory.mktemp("bank")))
    upgrade(installation.store.engine)
    yield installation, make(installation, responses=3000, progress=lambda _percent, _step: None)
    installation.close()
