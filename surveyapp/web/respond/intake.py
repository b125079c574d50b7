"""Where survey pages hand in what was submitted: kept at once, with all that is handed in meanwhile."""

from __future__ import annotations

from flask import Flask, current_app

from surveyapp.responses.actions import Stored, keep
from surveyapp.responses.submission import Submission
from surveyapp.store.db import Store
from surveyapp.store.together import Together

_EXTENSION = "surveyapp.intake"


def open_intake(app: Flask, store: Store) -> None:
    """Give the application the one place in its process through which submissions go."""
    app.extensions[_EXTENSION] = Together(store.writing_rows, keep)


def taken_in(submission: Submission) -> Stored:
    """What became of a submission, which is on the disk by then."""
    intake: Together[Submission, Stored] = current_app.extensions[_EXTENSION]
    return intake.done(submission)
