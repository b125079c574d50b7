"""What the columns are called that known programs write beside answers.

Each program is known by some of its headings. Of its other columns only what an import has a use for is
taken: who answered, from where and on which device is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

EXTERNAL_ID = "external_id"
SUBMITTED_AT = "submitted_at"
STARTED_AT = "started_at"
CUSTOMER_REF = "customer_ref"
LANGUAGE = "language"
FINISHED = "finished"  # tells previews and tests from answers
ABOUT = (EXTERNAL_ID, SUBMITTED_AT, STARTED_AT, CUSTOMER_REF, LANGUAGE)


@dataclass(frozen=True)
class KnownExport:
    """``needs`` are headings that all of its files have, in small letters, as all headings here.

    ``about`` says which column is what, ``parts`` which others belong to a row's id, ``left_out``
    which are of no use; ``before`` what stands before a question's code or words in a heading.
    ``asks`` says that headings are questions in words: a column that is no item is left out then.
    ``no_date`` is what stands for a finished response without a date, ``not_answers`` are values of
    the column FINISHED, ``utc`` says that times without a zone are in UTC.
    """

    program: str
    needs: frozenset[str]
    about: Mapping[str, str]
    left_out: frozenset[str] = frozenset()
    left_out_like: str = ""
    parts: tuple[str, ...] = ()
    before: str = ""
    asks: bool = False
    no_date: str = ""
    not_answers: frozenset[str] = field(default_factory=frozenset)
    utc: bool = False

    def split(self, heading: str) -> tuple[str, str]:
        """What this program writes before a question, such as its code, and the question."""
        found = re.match(self.before, heading) if self.before else None
        end = found.end() if found else 0
        return heading[:end].rstrip(". /"), heading[end:]

    def leaves_out(self, heading: str) -> bool:
        """Whether a column, by its heading in small letters, is of no use to an import."""
        like = self.left_out_like
        return heading in self.left_out or bool(like and re.fullmatch(like, heading))


_TIMESTAMPS = (
    *("timestamp", "zeitstempel", "horodateur", "marca temporal", "aikaleima", "tidstämpel"),
    "طابع زمني",
)
_FORMS_TIMES = (
    ("start time", "completion time"),
    ("startzeit", "fertigstellungszeit"),
    ("heure de début", "heure de fin"),
    ("hora de inicio", "hora de finalización"),
)

KNOWN: tuple[KnownExport, ...] = (
    KnownExport(
        "Qualtrics",
        frozenset({"responseid", "recordeddate"}),
        {
            "responseid": EXTERNAL_ID,
            "recordeddate": SUBMITTED_AT,
            "startdate": STARTED_AT,
            "userlanguage": LANGUAGE,
            "status": FINISHED,
        },
        left_out=frozenset(
            {
                *("enddate", "ipaddress", "progress", "duration (in seconds)", "finished"),
                *("recipientlastname", "recipientfirstname", "recipientemail"),
                *("externalreference", "locationlatitude", "locationlongitude"),
                "distributionchannel",
            }
        ),
        left_out_like=r".*_nps_group",
        asks=True,
        not_answers=frozenset({"survey preview", "survey test", "spam", "1", "2", "8", "9"}),
    ),
    *(
        KnownExport(
            "LimeSurvey",
            frozenset({submitted, language}),
            {
                identity: EXTERNAL_ID,
                submitted: SUBMITTED_AT,
                started: STARTED_AT,
                language: LANGUAGE,
            },
            left_out=frozenset(
                {
                    *("lastpage", "seed", "datestamp", "ipaddr", "refurl", "token"),
                    *("last page", "date last action", "ip address", "referrer url", "access code"),
                }
            ),
            before=r"[A-Za-z][\w\[\]]*\. ",
            no_date="1980-01-01 00:00:00",
        )
        for identity, submitted, started, language in (
            ("id", "submitdate", "startdate", "startlanguage"),
            ("response id", "date submitted", "date started", "start language"),
        )
    ),
    KnownExport(
        "SurveyMonkey",
        frozenset({"respondent id", "collector id"}),
        {"respondent id": EXTERNAL_ID, "end date": SUBMITTED_AT, "start date": STARTED_AT},
        left_out=frozenset(
            {"collector id", "ip address", "email address", "first name", "last name"}
        ),
        asks=True,
    ),
    KnownExport(
        "Formbricks",
        frozenset({"response id", "survey id", "timestamp"}),
        {"response id": EXTERNAL_ID, "timestamp": SUBMITTED_AT},
        left_out=frozenset(
            {
                *("no.", "finished", "survey id", "formbricks id (internal)", "user id", "notes"),
                *("tags", "url", "source", "browser", "os", "device", "action", "person id"),
            }
        ),
        before=r"\d+\. ",
        asks=True,
    ),
    *(
        KnownExport(
            "Microsoft Forms",
            frozenset({"id", started, finished}),
            {"id": EXTERNAL_ID, finished: SUBMITTED_AT, started: STARTED_AT},
            left_out=frozenset(
                {
                    *("email", "name", "last modified time", "total points", "quiz feedback"),
                    *("e-mail", "uhrzeit der letzten änderung", "adresse de messagerie", "nom"),
                    *("heure de la dernière modification", "correo electrónico", "nombre"),
                    "hora de la última modificación",
                }
            ),
            asks=True,
        )
        for started, finished in _FORMS_TIMES
    ),
    KnownExport(
        "KoboToolbox",
        frozenset({"_uuid", "_submission_time"}),
        {"_uuid": EXTERNAL_ID, "_submission_time": SUBMITTED_AT, "start": STARTED_AT},
        left_out=frozenset(
            {
                *("end", "_id", "_validation_status", "_notes", "_status", "_submitted_by"),
                *("__version__", "_tags", "_index", "deviceid", "username", "phonenumber"),
                *("meta/instanceid", "formhub/uuid", "_xform_id_string", "_geolocation"),
            }
        ),
        before=r"(?:[^/]+/)+",
        utc=True,
    ),
    KnownExport(
        "REDCap",
        frozenset({"record_id"}),
        {"record_id": EXTERNAL_ID},
        left_out=frozenset({"redcap_survey_identifier"}),
        left_out_like=r".*_complete",
        parts=("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"),
        no_date="[not completed]",
    ),
    *(
        KnownExport(
            "Google Forms",
            frozenset({timestamp}),
            {timestamp: SUBMITTED_AT},
            left_out=frozenset({"email address", "username", "score", "e-mail-adresse"}),
            asks=True,
        )
        for timestamp in _TIMESTAMPS
    ),
)


def known_export(headings: Sequence[str]) -> KnownExport | None:
    """The program that wrote a table with these headings, as far as it is known by them."""
    lowered = [heading.casefold() for heading in headings]
    found = next((each for each in KNOWN if each.needs <= set(lowered)), None)
    if found is None:
        return None
    if found.program == "REDCap":
        return _redcap(found, lowered)
    if found.program == "Google Forms" and lowered[0] not in found.needs:
        return None  # any file may have a column of that name; theirs is the first
    return found


def _redcap(found: KnownExport, lowered: Sequence[str]) -> KnownExport | None:
    """REDCap names the time of a form after the form, and says of each whether it is complete."""
    if not any(heading.endswith("_complete") for heading in lowered):
        return None
    times = [heading for heading in lowered if heading.endswith("_timestamp")]
    about = {**found.about, **({times[0]: SUBMITTED_AT} if len(times) == 1 else {})}
    return KnownExport(
        found.program,
        found.needs,
        about,
        found.left_out,
        found.left_out_like,
        tuple(part for part in found.parts if part in lowered),
        no_date=found.no_date,
    )
