"""Everything that one running Gwylio is made of, handed to every step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from classifiers.panel import Panel
from collectors import registry
from collectors.base import Access, Collector, Meter, Unmetered
from moderation.budgets import Budgets
from moderation.deadlines import london_date
from moderation.policy import Policy
from moderation.service_areas import Areas
from pipeline.spending import Purse
from settings import Keys, Settings
from store import credentials, searches
from store.accounts import AccountRow
from store.database import Store


@dataclass(frozen=True, slots=True)
class Installation:
    """Opened by opening.py.  `collector` answers with an account's collector, for this thread and this moment.

    `clock` is for what must know how late it has become since the `now` that it was given; None: not at all.
    """

    settings: Settings
    keys: Keys
    store: Store
    policy: Policy
    areas: Areas
    budgets: Budgets
    open_panel: Callable[[], Panel]
    collector: Callable[[AccountRow, datetime], Collector]
    reading: threading.Lock = field(default_factory=threading.Lock)
    """Held by whoever shows the panel what waits: it is one queue, and nobody has to read what another reads."""
    clock: Callable[[], datetime] | None = None


class Collectors:
    """The collectors of an installation, one for each account and thread, opened anew with each new token or search.

    A collector is used by one thread at a time.  Two threads on one line would take each other's
    answers, and a reply that was published could pass for one that was not.
    """

    def __init__(self, settings: Settings, keys: Keys, store: Store, budgets: Budgets) -> None:
        self._settings, self._keys, self._store, self._budgets = settings, keys, store, budgets
        self._of_this_thread = threading.local()

    def __call__(self, account: AccountRow, now: datetime) -> Collector:
        """The account's collector.

        Raises:
            GwylioError: no token, one that does not open or is of the wrong kind, or a platform without a collector.
        """
        opened: dict[str, _Opened] = self._of_this_thread.__dict__.setdefault("opened", {})
        with self._store.read() as session:
            wanted = searches.standing(session, account.id, on=london_date(now))
        key = account.credential_since, account.credential, wanted
        known = opened.get(account.slug)
        if known is None or known.key != key:
            purse = self._purse(account, now)
            access = self._access(account, dict(wanted), purse or Unmetered())
            known = _Opened(key, registry.open_collector(account.platform, access), purse)
            opened[account.slug] = known
        if known.purse is not None:
            known.purse.begin(now)
        return known.collector

    def _purse(self, account: AccountRow, now: datetime) -> Purse | None:
        budget = self._budgets.of(account.platform)
        return Purse(self._store, account, budget, now) if budget else None

    def _access(self, account: AccountRow, wanted: dict[str, str], meter: Meter) -> Access:
        return Access(
            account=account.slug,
            native_id=account.native_id,
            credential=credentials.reveal(account, key=self._keys.credentials),
            base_url=self._settings.platform_urls.get(account.platform.value),
            home=account.home,
            searches=wanted,
            meter=meter,
        )


@dataclass(frozen=True, slots=True)
class _Opened:
    key: tuple[datetime | None, bytes | None, searches.Standing] = field(repr=False)
    collector: Collector
    purse: Purse | None
