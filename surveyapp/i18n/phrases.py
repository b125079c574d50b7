"""Every phrase that customers read beside the questions, in English; catalogues translate it.

To add a phrase, add a field: its default is the English text and at the same time the message id of
the catalogues, the field's name its context. A phrase with a count is a ``Plural`` pair. Until a
catalogue has the phrase it is said in English. Numbers are filled in by ``str.format``, names and
other texts by ``Phrases.filled``; colons and commas are part of a phrase, for languages write them
differently.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from instruments.answers import Fault
from surveyapp.i18n.isolates import isolated
from surveyapp.i18n.plurals import Plural

_SECONDS_A_QUESTION = 8  # what people need for a rating


@dataclass(frozen=True)
class Phrases:
    """The phrases in one language; ``Phrases()`` is English."""

    language_tag: str = "en"
    right_to_left: bool = False

    # The survey page.
    title: str = "Survey"
    length: str = "{questions}, {minutes}"
    questions: Plural = Plural("{count} question", "{count} questions")
    minutes: Plural = Plural("about a minute", "about {count} minutes")
    question_here: str = "Question {number} of {count}"
    questions_here: str = "Questions {first}–{last} of {count}"
    optional: str = "optional"
    agree: str = "By sending your answers you consent to this."
    agree_box: str = "I consent to this."
    quote_box: str = "You may quote my comments without my name."
    send: str = "Send my answers"
    next: str = "Next"
    back: str = "Back"
    language: str = "Language"
    not_applicable: str = "Does not apply to me"
    only_if: str = "Skip this if it does not apply to you."
    attention: str = "For this line, please choose {value}."
    answered: str = "{done} of {count} answered"
    saved_server: str = (
        "Your answers are saved as you go. You can continue later with the same link, also on another"
        " device."
    )
    saved_here: str = "Your answers are saved as you go, in this browser only."
    offline: str = (
        "You are offline. Your answers stay on this page, which continues by itself when you are online"
        " again."
    )
    resumed: str = "Welcome back. Your earlier answers are filled in."
    start_again: str = "Start over"
    confirm: str = "Please confirm:"
    chosen: str = "You chose {value}. Please confirm by sending your answer."
    chosen_text: str = "Nothing has been sent yet, and you can still change your answer."

    # A form that was not taken.
    problem_title: str = "Not sent yet"
    problem: Plural = Plural(
        "One question still needs an answer. Your other answers are kept.",
        "{count} questions still need an answer. Your other answers are kept.",
    )
    problem_mark: str = "Error:"
    required: str = "Please choose an answer."
    agree_needed: str = (
        "Please tick the box if you consent; without your consent we are not allowed to take your"
        " answers."
    )
    not_a_choice: str = "Please choose one of the answers shown."
    not_a_number: str = "Please choose a whole number from {minimum} to {maximum}."
    too_long: Plural = Plural(
        "Please shorten your text to {maximum} character; it has {length}.",
        "Please shorten your text to {maximum} characters; it has {length}.",
        counted="maximum",
    )
    unreadable: str = "This answer could not be read. Please enter it again."
    send_again: str = (
        "The survey has changed since you opened it. Please send your answers once more."
    )
    busy_text: str = (
        "Your answers could not be saved just now. They are still here: please send them again in a"
        " moment."
    )
    unknown_field: str = "Something was sent that this form does not ask for: {name}."

    # Pages of a title and a sentence.
    thanks_title: str = "Thank you"
    thanks_text: str = "We have your answers. You can close this page."
    neutral_title: str = "This link cannot be used"
    neutral_text: str = (
        "It may have been used already, have expired or be incomplete. If it came in a message, open"
        " it from there again."
    )
    closed_title: str = "This survey is closed"
    closed_text: str = "It no longer takes answers. Thank you for wanting to help."
    closed_kept: str = "What you wrote, so that you can copy it:"
    full_title: str = "We have all the answers we need"
    full_text: str = (
        "So many people have answered that we need no more answers. Thank you for wanting to help."
    )
    failed_title: str = "That did not work"
    failed_text: str = "Nothing was stored. Please go back and send your answers again in a moment."
    too_large_text: str = (
        "What was sent is larger than this survey accepts. Please go back and shorten your texts."
    )

    # What is stored, for the holder of a personal link.
    thanks_mine: str = "With the same link you can see, change or erase your answers later."
    thanks_back: str = "Something to correct? Go back, change your answers and send them again."
    thanks_stands: str = (
        "You had answered before, and your first answers stand. This survey is anonymous, so answers"
        " cannot be changed afterwards."
    )
    mine_title: str = "Your answers"
    mine_text: str = "You have answered this survey. This is what is stored; you can change, download or erase it."
    mine_answered: str = "Answered on"
    mine_changed: str = "Changed on"
    mine_language: str = "Language"
    mine_consent: str = "What you consented to"
    mine_attributes: str = "Other information stored with your answers"
    mine_named: str = "{name}: {value}"
    mine_point: str = "{value} ({first}–{last})"
    mine_labelled_point: str = "{value} ({first}–{last}): {label}"
    mine_no_answer: str = "No answer"
    mine_change: str = "Change my answers"
    mine_download: str = "Download my answers as a file"
    mine_erase: str = "Erase my answers"
    mine_back: str = "Back without changing anything"
    mine_save: str = "Save my changes"
    mine_saved: str = "Your changes are saved."
    mine_stands: str = (
        "You had answered before, and your first answers stand: what you have just sent was not"
        " stored. You can change your answers here."
    )
    erase_title: str = "Erase your answers?"
    erase_text: str = (
        "They are erased permanently, together with everything calculated from them. This cannot be"
        " undone."
    )
    erase_send: str = "Erase them permanently"
    erased_title: str = "Your answers are erased"
    erased_text: str = "None of them is stored any longer. You can close this page."
    nothing_title: str = "Your answers cannot be looked up"
    nothing_text: str = (
        "This survey is anonymous: answers are stored without anything that could connect them to you"
        " or to your link. That is why nobody can look them up, change them or erase them."
    )

    # A kiosk, which many people use one after the other.
    kiosk_thanks: str = "We have your answers. In a moment this page is ready for the next person."
    kiosk_again: str = "Start over"
    kiosk_still_title: str = "Are you still there?"
    kiosk_still: str = "If not, this page starts over and your answers are cleared."
    kiosk_go_on: str = "Continue the survey"
    kiosk_waiting: str = "Answers waiting to be sent: {count}"
    kiosk_refused: str = "Answers that could not be stored: {count}. Please tell the staff."
    kiosk_staff: str = "For staff"
    kiosk_full_screen: str = "Full screen"

    # A prize draw among those who have answered.
    draw_title: str = "Enter the prize draw"
    draw_text: str = (
        "Your address is kept apart from your answers: nothing links the two, and the address is used"
        " for the prize draw only."
    )
    draw_address: str = "Email address"
    draw_send: str = "Enter the prize draw"
    draw_wrong: str = "Please enter an email address such as name@example.org."
    drawn_title: str = "You are in the prize draw"
    drawn_text: str = "If you win, we will send you a message. You can close this page."
    go_on: str = "Continue to {host}"

    # A poster with a code to be photographed.
    poster_title: str = "How was it?"
    poster_text: str = "Scan the code with your phone's camera and tell us what you think."
    poster_type: str = "Or open this address:"

    # How far answers are anonymous, near the button that sends them. {count} is a number such as 5.
    anonymous_line: str = (
        "Anonymous: your answers are stored without your name, your link and the time. They become"
        " visible only together with those of others, {count} or more at once."
    )
    pseudonymous_line: str = (
        "Your answers are stored without your name. Answers given with a personal link are stored"
        " under a code, and you can see, change or erase them later."
    )

    # Messages that ask, and that remind. {provider} is who asks.
    mail_subject: str = "How did we do? {provider} would like to know"
    mail_text: str = (
        "You were in touch with {provider} recently. Would you tell us how it went? Your answers show"
        " us what we can do better."
    )
    mail_reminder_subject: str = "A reminder: {subject}"
    mail_reminder_text: str = (
        "We wrote to you a few days ago and would still like to hear from you. If you have answered"
        " in the meantime, thank you: you can ignore this message."
    )
    mail_button: str = "Answer the survey"
    mail_open: str = "To answer the survey, open this address:"
    mail_click: str = "Tap an answer to begin. You can change it before you send."
    mail_own_link: str = "The link is for you only; please do not pass it on."
    mail_address: str = "If nothing opens, go to this address:"
    mail_why: str = "You get this message because you are a customer of {provider}."
    mail_unsubscribe: str = "Unsubscribe"
    mail_leave: str = "To unsubscribe, open this address:"
    mail_test: str = "This is a test. Its links do not lead to a survey."
    mail_test_subject: str = "TEST: {subject}"

    # The page behind the link that ends messages.
    unsubscribe_title: str = "Stop getting surveys?"
    unsubscribe_text: str = "{provider} will then send you no more surveys."
    unsubscribe_send: str = "Stop sending me surveys"
    unsubscribed_title: str = "You will get no more surveys"
    unsubscribed_text: str = "{provider} will send you no more surveys. You can close this page."
    test_title: str = "This was a test message"
    test_text: str = "In the messages that customers get, this link works. Here it does nothing."

    # Several answers to one question, joined two by two; a day and a time of it.
    listed: str = "{before}, {next}"
    moment: str = "{date} at {time}"

    def estimate(self, count: int) -> str:
        """How many questions there are and how long they take."""
        minutes = max(1, -(-count * _SECONDS_A_QUESTION // 60))
        return self.length.format(
            questions=self.questions.format(count=count),
            minutes=self.minutes.format(count=minutes),
        )

    def place(self, first: int, last: int, count: int) -> str:
        """Which of the questions are shown, by the numbers that they carry."""
        if first == last:
            return self.question_here.format(number=first, count=count)
        return self.questions_here.format(first=first, last=last, count=count)

    def fault(self, fault: Fault) -> str:
        """A fault in the reader's language, by its stable code."""
        sentences: dict[str, str | Plural] = {
            "required": self.required,
            "not_a_choice": self.not_a_choice,
            "not_yes_or_no": self.not_a_choice,
            "out_of_range": self.not_a_number,
            "not_a_number": self.not_a_number,
            "too_many": self.not_a_choice,
            "too_long": self.too_long,
        }
        sentence = sentences.get(fault.code, self.unreadable)
        return sentence.format(**fault.details)

    def filled(self, phrase: str, **values: str) -> str:
        """The phrase with these texts in their places, none of which turns the sentence's order."""
        return phrase.format(**{name: self.isolated(value) for name, value in values.items()})

    def isolated(self, value: str) -> str:
        """A text of unknown script, such as a name, to stand among this language's words."""
        return isolated(value, right_to_left=self.right_to_left)

    def listing(self, values: Iterable[str]) -> str:
        """The values in a row, with the comma of the language.

        >>> Phrases().listing(["Staff", "Price", "Place"])
        'Staff, Price, Place'
        """
        shown = [self.isolated(value) for value in values]
        if not shown:
            return ""
        return reduce(lambda before, each: self.listed.format(before=before, next=each), shown)
