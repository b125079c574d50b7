"""The project's own errors: sentences with a class. Doors map a class to a page, JSON or exit code."""

from __future__ import annotations


class SurveyappError(Exception):
    """Base; the text is for people and says what happened, what was found and what to do."""


class SettingsError(SurveyappError):
    """Settings that cannot work; ``faults`` are all of them, a sentence each."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class NotInstalled(SurveyappError):
    """What was asked for needs an extra of the package that is not installed here."""


class NotFound(SurveyappError):
    """Nothing here by that name, or nothing that the asker may see."""


class Damaged(SurveyappError):
    """What was stored is not what is read: a failing disk, or a restored half."""


class NotAllowed(SurveyappError):
    """Known, signed in, and still not permitted."""


class TooManyAttempts(SurveyappError):
    """Tried more often than somebody does who knows the answer."""


class Conflict(SurveyappError):
    """The wish contradicts what is stored: a code twice, a survey that is closed."""


class Busy(SurveyappError):
    """The database takes no writes at the moment, and enough others wait for it already."""


class NotReady(Conflict):
    """What was asked for is being worked on; the text says what to wait for."""


class Invalid(SurveyappError):
    """Input that cannot be taken; ``field`` names the culprit where there is one."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        self.field = field
        super().__init__(message)
