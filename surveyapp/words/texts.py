"""Every phrase that customers read beside the questions, in English; catalogues translate it.

To add a phrase, add a field: its default is the English text and at the same time the message id of
the catalogues. A phrase with a count is a ``Plural`` pair. Until a catalogue has the phrase it is
said in English. Braces are filled by ``str.format`` with our own values, never with a template.
"""

from __future__ import annotations

from dataclasses import dataclass

from instruments.answers import Fault
from surveyapp.words.plurals import Plural

_SECONDS_A_QUESTION = 8  # what people need for a rating


@dataclass(frozen=True)
class Texts:
    """The phrases in one language; ``Texts()`` is English."""

    language_tag: str = "en"
    right_to_left: bool = False

    # The survey page.
    title: str = "Survey"
    length: str = "{questions}, {minutes}"
    questions: Plural = Plural("{count} question", "{count} questions")
    minutes: Plural = Plural("about a minute", "about {count} minutes")
    part: str = "Part {number} of {count}"
    optional: str = "optional"
    agree: str = "By sending you agree to this."
    agree_box: str = "I agree to this."
    send: str = "Send my answers"
    next: str = "Next"
    back: str = "Back"
    language: str = "Language"
    not_applicable: str = "Does not apply to me"
    only_if: str = "Leave this out if it does not apply to you."
    attention: str = "For this line, please choose {value}."
    answered: str = "{done} of {count} answered"
    saved_server: str = (
        "Saved as you go. You can go on later, also on another device, with the same link."
    )
    saved_here: str = "Saved as you go, in this browser only."
    resumed: str = "Welcome back. The answers that you gave before are filled in."
    start_again: str = "Start again"
    confirm: str = "Please confirm"
    chosen: str = "You chose {value}. Please confirm by sending."
    chosen_text: str = "Nothing has been sent yet, and you can still change your answer."

    # A form that was not taken.
    problem_title: str = "Not sent yet"
    problem: Plural = Plural(
        "One question still needs you. Everything else is kept.",
        "{count} questions still need you. Everything else is kept.",
    )
    problem_mark: str = "Error"
    required: str = "Please choose an answer."
    agree_needed: str = "Please tick the box if you agree; without it we may not take your answers."
    not_a_choice: str = "Please choose one of the answers shown."
    not_a_number: str = "Please choose a whole number from {minimum} to {maximum}."
    too_long: Plural = Plural(
        "Please shorten your text to {maximum} character; it has {length}.",
        "Please shorten your text to {maximum} characters; it has {length}.",
        counted="maximum",
    )
    unreadable: str = "This answer could not be read. Please give it again."
    send_again: str = (
        "This page was made by an earlier edition of the survey. Please send it once more."
    )
    unknown_field: str = "Something was sent that this form does not ask: {name}."

    # Pages of a title and a sentence.
    thanks_title: str = "Thank you"
    thanks_text: str = "We have your answers. You can close this page."
    neutral_title: str = "This link cannot be used"
    neutral_text: str = (
        "It may have been used already, have expired or be incomplete. If it came in a message,"
        " open it from there once more."
    )
    closed_title: str = "This survey is closed"
    closed_text: str = "It no longer takes answers. Thank you for wanting to help."
    full_title: str = "We have all the answers we need"
    full_text: str = (
        "So many people have answered that this survey is full. Thank you for wanting to help."
    )
    failed_title: str = "That did not work"
    failed_text: str = (
        "Nothing was stored. Please go back and send your answers once more in a moment."
    )
    too_large_text: str = (
        "What was sent is larger than this survey takes. Please go back and shorten your texts."
    )

    # What is stored, for the holder of a personal link.
    thanks_mine: str = "With the same link you can see, change or erase your answers later."
    mine_title: str = "Your answers"
    mine_text: str = (
        "You have answered this survey. This is what is stored; you can change it, download it or"
        " erase it."
    )
    mine_answered: str = "Answered"
    mine_changed: str = "Changed"
    mine_language: str = "Language"
    mine_consent: str = "What you agreed to"
    mine_attributes: str = "Known beside your answers"
    mine_no_answer: str = "No answer"
    mine_change: str = "Change my answers"
    mine_download: str = "Download them as a file"
    mine_erase: str = "Erase my answers"
    mine_back: str = "Back without changing anything"
    mine_save: str = "Save my changes"
    mine_saved: str = "Your changes are saved."
    erase_title: str = "Erase your answers?"
    erase_text: str = (
        "They are deleted for good, and everything that was counted from them. This cannot be"
        " undone."
    )
    erase_send: str = "Erase them for good"
    erased_title: str = "Your answers are erased"
    erased_text: str = "Nothing of them is stored any more. You can close this page."
    nothing_title: str = "Your answers cannot be found"
    nothing_text: str = (
        "This survey is anonymous: answers are stored without anything that leads to you or to your"
        " link, so that nobody can look them up, change or erase them."
    )

    # A kiosk, which many people use one after the other.
    kiosk_thanks: str = "We have your answers. This page is ready for the next person in a moment."
    kiosk_again: str = "Begin anew"
    kiosk_still_title: str = "Are you still there?"
    kiosk_still: str = "Otherwise this page begins anew and what you have answered is cleared."
    kiosk_go_on: str = "Go on answering"
    kiosk_waiting: str = "Answers that wait to be sent: {count}"
    kiosk_refused: str = "Answers that could not be stored: {count}. Please tell the staff."
    kiosk_staff: str = "For staff"
    kiosk_full_screen: str = "Full screen"

    # A draw among those who have answered.
    draw_title: str = "Take part in the draw"
    draw_text: str = (
        "Your address is kept apart from your answers: nothing joins the two, and it is used for the"
        " draw alone."
    )
    draw_address: str = "E-mail address"
    draw_send: str = "Take part"
    draw_wrong: str = "Please enter an e-mail address such as name@example.org."
    drawn_title: str = "You take part"
    drawn_text: str = "If you win, you get a message. You can close this page."
    go_on: str = "Go on to {host}"

    # A poster with a code to be photographed.
    poster_title: str = "How was it?"
    poster_text: str = "Point your phone's camera at the code and tell us."
    poster_type: str = "Or open this address:"

    # How far answers are anonymous, near the button that sends them.
    anonymous_line: str = "Anonymous: nothing that is stored leads from your answers to you."
    pseudonymous_line: str = (
        "Your answers are stored without your name; those given with a personal link are stored under"
        " a code, and you can see, change or erase them later."
    )

    # Messages that ask, and that remind. {provider} is who asks.
    mail_subject: str = "How did we do? {provider} would like to know"
    mail_text: str = (
        "You were in touch with {provider} recently. Would you tell us how it went? Your answers show"
        " us what to do better."
    )
    mail_reminder_subject: str = "A reminder: {subject}"
    mail_reminder_text: str = (
        "We wrote to you a few days ago and would still like to hear from you. If you have answered"
        " in the meantime, thank you, and please forgive this message."
    )
    mail_button: str = "Give my answers"
    mail_click: str = "Tap an answer to begin. You can change it before you send."
    mail_own_link: str = "The link is yours alone; please do not pass it on."
    mail_address: str = "If nothing opens, go to this address:"
    mail_why: str = "You get this message because you are a customer of {provider}."
    mail_unsubscribe: str = "Ask me no more"
    mail_test: str = "This is a test. Its links lead to no survey."

    # The page behind the link that ends messages.
    unsubscribe_title: str = "Shall we ask you no more?"
    unsubscribe_text: str = "{provider} will then send you no more surveys."
    unsubscribe_send: str = "Ask me no more"
    unsubscribed_title: str = "We will ask you no more"
    unsubscribed_text: str = "{provider} will send you no more surveys. You can close this page."
    test_title: str = "This was a test message"
    test_text: str = "In the messages that customers get, this link works. Here it does nothing."

    def estimate(self, count: int) -> str:
        """How many questions there are and how long they take."""
        minutes = max(1, -(-count * _SECONDS_A_QUESTION // 60))
        return self.length.format(
            questions=self.questions.format(count=count),
            minutes=self.minutes.format(count=minutes),
        )

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
