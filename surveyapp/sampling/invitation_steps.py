"""How far an invitation has come, as conditions on its row."""

from __future__ import annotations

from sqlalchemy import and_, literal, or_

from surveyapp.store.models import Invitation

# A message of ours that still waits or failed; who had none could not answer. A link is passed on.
# Its words stand in the statement, not as parameters: so both databases see that an index holds these.
TO_BE_SENT = and_(
    Invitation.token_seed.is_not(None),
    Invitation.channel != literal("link", literal_execute=True),
    Invitation.state == literal("created", literal_execute=True),
    Invitation.sent_at.is_(None),
)
STARTED = or_(Invitation.started_at.is_not(None), Invitation.state == "completed")
OPENED = or_(Invitation.opened_at.is_not(None), Invitation.state == "opened", STARTED)
