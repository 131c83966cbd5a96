"""An invitation sent at once, as its link is kept nowhere and nobody could send it later."""

from __future__ import annotations

from datetime import datetime

from moderation.notices import Said
from pipeline.channels import ChannelError, Letter
from pipeline.notifying import MAIL, channels
from settings import Settings


def mailed(settings: Settings, to: str, said: Said, *, now: datetime) -> bool:
    """Whether the mail server took it; where nobody knows it was not, as a link shown twice does no harm."""
    way = channels(settings).get(MAIL) if settings.send_notices else None
    if way is None:
        return False
    try:
        way.send(Letter(to, [said], f"invitation:{to}:{now.isoformat()}", now))
    except ChannelError:
        return False
    return True
