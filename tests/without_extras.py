"""An installation without any extra, in a process that refuses their libraries; prints what it found."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from surveyapp.extras import EXTRAS

REFUSED = frozenset().union(*EXTRAS.values())
SLOW = frozenset(
    {"scipy.stats", "scipy.optimize"}
)  # 45 MB and half a second of a web process's start


class Refusing:
    """Finds no library of an extra."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: Any = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] in REFUSED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def main(home: Path) -> dict[str, Any]:
    """What pages, worker and commands of the installation in ``home`` do; its database is there."""
    from surveyapp import worker
    from surveyapp.app import create_app

    found: dict[str, Any] = {"slow": sorted(SLOW & set(sys.modules))}
    from surveyapp.jobs import running
    from surveyapp.jobs.kinds import COUNT_DAYS, VALIDATE_SCALE, AnalysisPayload, JourneyPayload
    from surveyapp.operations.config_check import faults_here
    from surveyapp.operations.doctor import examine
    from surveyapp.settings import read
    from surveyapp.store.models import Job
    from surveyapp.web.installation import EXTENSION
    from tests.responses.makers import make_survey
    from tests.web.respondents import sent
    from tests.web.world import add_user, session_key

    app = create_app(read(home=home))
    app.config["WTF_CSRF_ENABLED"] = False
    installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        survey = make_survey(session)
        user = add_user(session, "administrator")
        asked = {"journey_id": survey.journey_id, "user_id": None}
        first = VALIDATE_SCALE.ask(session, AnalysisPayload(1), **asked).id
        second = COUNT_DAYS.ask(session, JourneyPayload(survey.journey_id), **asked).id
    customer, staff = app.test_client(), app.test_client()
    with staff.session_transaction() as signed:
        signed["_user_id"] = session_key(installation, user)
    here = f"/journeys/{survey.journey_id}"
    found["stored"] = sent(customer, f"/s/{survey.link}").status_code
    for page in ("/journeys", here, f"{here}/reports", f"{here}/explore", "/system"):
        found[page] = staff.get(page, follow_redirects=True).status_code
    poster = staff.get(f"{here}/surveys/{survey.id}/channels/poster.pdf")
    found["poster"] = poster.status_code, "pip install" in poster.text
    while running.run_waiting(installation, worker="one", work=worker.WORK):
        pass
    with installation.store.reading() as session:
        found["jobs"] = [session.get_one(Job, each).state for each in (first, second)]
    running.run(installation, first, worker="one", work=worker.WORK)
    with installation.store.reading() as session:
        found["job"] = session.get_one(Job, first).error
    (extras,) = [each for each in examine(installation) if each.subject == "Extras"]
    found["doctor"] = f"{extras.found}: {extras.cure}"
    wanted = read(home=home, files="s3://bucket", otel_endpoint="http://localhost:4318/v1/traces")
    found["config"] = list(faults_here(wanted))
    installation.close()
    found["loaded"] = sorted(REFUSED & set(sys.modules))
    return found


if __name__ == "__main__":
    sys.meta_path.insert(0, Refusing())
    sys.path.insert(0, str(Path(__file__).parent.parent))
    if sys.argv[1] == "--command":
        from surveyapp.cli import main as command

        sys.argv = ["surveyapp", *sys.argv[2:]]
        command()
    else:
        print(json.dumps(main(Path(sys.argv[1]))))
