"""What the web application is made of: the installation, the clock, and the limit on signing in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pipeline
from moderation.calendar import Calendar
from moderation.deadlines import london_date
from moderation.saved_replies import SavedReplies
from moderation.word_bank import WordBank
from pipeline import Installation
from pipeline.provider import Provider
from store.database import Store
from vocabulary import Clock
from web.live import Live, Pace
from web.security import CallLimit, ForgeryLimit, SignInLimit

HOLIDAYS_STAND = timedelta(minutes=1)
PATIENCE_S = 0.9
"""How long a platform is kept waiting for the database; what is written after that is still written."""


@dataclass(slots=True)
class Web:
    """Handed to every route.  `now` is the one clock of the pages."""

    here: Installation
    now: Callable[[], datetime]
    saved_replies: SavedReplies
    word_bank: WordBank
    removal_letters: SavedReplies
    limit: SignInLimit = field(default_factory=SignInLimit)
    forgeries: ForgeryLimit = field(default_factory=ForgeryLimit)
    calls: CallLimit = field(default_factory=CallLimit)
    patience_s: float = PATIENCE_S
    pace: Pace = field(default_factory=Pace)
    demo_password: str = ""
    """Of everybody in a demo world, whose pages say that it is one; no setting of an installation sets it."""
    live: Live = field(init=False)
    provider: Provider | None = field(init=False)
    """By whom colleagues sign in beside our own passwords."""
    _calendars: tuple[datetime, Mapping[Clock, Calendar]] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.live = Live(self.here.store, self.now, self.pace)
        entra = self.here.settings.sign_in.entra
        self.provider = Provider(entra) if entra else None

    @property
    def store(self) -> Store:
        return self.here.store

    def today(self) -> date:
        """The day it is in Cardiff."""
        return london_date(self.now())

    def count_anew(self) -> None:
        """Forget the calendars: a day off was added or struck."""
        self._calendars = None

    def calendars(self) -> Mapping[Clock, Calendar]:
        """The calendars of the holidays that stand, read again every minute."""
        now = self.now()
        if self._calendars is None or not timedelta(0) <= now - self._calendars[0] <= HOLIDAYS_STAND:
            with self.store.read() as session:
                self._calendars = now, pipeline.working_days(session, self.here.policy)
        return self._calendars[1]
