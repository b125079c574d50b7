"""What the page itself says, by language; the questions bring their own words."""

from __future__ import annotations

from dataclasses import dataclass

from instruments.answers import Fault


@dataclass(frozen=True)
class Texts:
    """The page's own words in one language. Braces are filled by ``str.format`` with our own values."""

    language_tag: str
    right_to_left: bool
    title: str
    length: str
    length_one: str
    part: str
    optional: str
    agree: str
    send: str
    problem_title: str
    problem_one: str
    problem_many: str
    problem_mark: str
    required: str
    not_a_choice: str
    not_a_number: str
    too_long: str
    unreadable: str
    send_again: str
    unknown_field: str
    thanks_title: str
    thanks_text: str
    neutral_title: str
    neutral_text: str
    closed_title: str
    closed_text: str
    failed_title: str
    failed_text: str
    too_large_text: str
    language: str

    def estimate(self, count: int) -> str:
        """How long it takes; eight seconds a question is what people need for a rating."""
        minutes = -(-count * 8 // 60)
        return (self.length if minutes > 1 else self.length_one).format(
            count=count, minutes=minutes
        )

    def fault(self, fault: Fault) -> str:
        """A fault in the reader's language, by its stable code."""
        sentences = {
            "required": self.required,
            "not_a_choice": self.not_a_choice,
            "not_yes_or_no": self.not_a_choice,
            "out_of_range": self.not_a_number,
            "not_a_number": self.not_a_number,
            "too_many": self.not_a_choice,
            "too_long": self.too_long,
        }
        return sentences.get(fault.code, self.unreadable).format(**fault.details)


ENGLISH = Texts(
    language_tag="en",
    right_to_left=False,
    title="Survey",
    length="{count} questions, about {minutes} minutes",
    length_one="{count} questions, about a minute",
    part="Part {number} of {count}",
    optional="optional",
    agree="By sending you agree to this.",
    send="Send my answers",
    problem_title="Not sent yet",
    problem_one="One question still needs you. Everything else is kept.",
    problem_many="{count} questions still need you. Everything else is kept.",
    problem_mark="Error",
    required="Please choose an answer.",
    not_a_choice="Please choose one of the answers shown.",
    not_a_number="Please choose a whole number from {minimum} to {maximum}.",
    too_long="Please shorten your text to {maximum} characters; it has {length}.",
    unreadable="This answer could not be read. Please give it again.",
    send_again="This page was made by an earlier edition of the survey. Please send it once more.",
    unknown_field="Something was sent that this form does not ask: {name}.",
    thanks_title="Thank you",
    thanks_text="We have your answers. You can close this page.",
    neutral_title="This link cannot be used",
    neutral_text="It may have been used already, have expired or be incomplete. If it came in a message,"
    " open it from there once more.",
    closed_title="This survey is closed",
    closed_text="It no longer takes answers. Thank you for wanting to help.",
    failed_title="That did not work",
    failed_text="Nothing was stored. Please go back and send your answers once more in a moment.",
    too_large_text="What was sent is larger than this survey takes. Please go back and shorten your"
    " texts.",
    language="Language",
)
