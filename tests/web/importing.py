"""Importing a file by the staff pages, as a browser does."""

from __future__ import annotations

import io
from typing import Any

from flask.testing import FlaskClient
from lxml.html import FormElement, fromstring
from werkzeug.test import TestResponse

from surveyapp.installation import Installation
from tests.web.test_trips import run_jobs


def uploaded(client: FlaskClient, base: str, data: bytes, name: str = "a.csv", **options: str):
    """The answer to an upload: a redirect to the preview, unless the form was refused."""
    sent = {"answers": (io.BytesIO(data), name), **options}
    return client.post(f"{base}/imports", data=sent)


def previewed(
    installation: Installation,
    client: FlaskClient,
    base: str,
    data: bytes,
    *args: str,
    **options: str,
) -> str:
    """The address of an upload's finished preview."""
    made = uploaded(client, base, data, *args, **options)
    assert made.status_code == 303, made.text
    run_jobs(installation)
    return made.location


def sent(client: FlaskClient, preview: str, step: str = "import", **changed: Any) -> TestResponse:
    """The preview's form, as it stands on the page, but for what is changed; names as in the form."""
    (form,) = [each for each in fromstring(client.get(preview).text).forms if _has_steps(each)]
    fields = {**dict(form.form_values()), "step": step, **changed}
    return client.post(preview, data=fields)


def _has_steps(form: FormElement) -> bool:
    return any(each.get("name") == "step" for each in form.iter("button"))
