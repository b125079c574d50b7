"""The form of a new password, typed twice; that of an account asks for the current one too."""

from __future__ import annotations

from wtforms import PasswordField
from wtforms.validators import InputRequired

from surveyapp.auth import passwords
from surveyapp.web.forms import StaffForm


class NewPasswordForm(StaffForm):
    password = PasswordField(
        "New password",
        [InputRequired("Enter a new password.")],
        description=passwords.ADVICE,
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        "Repeat new password",
        [InputRequired("Enter the new password twice.")],
        render_kw={"autocomplete": "new-password"},
    )
