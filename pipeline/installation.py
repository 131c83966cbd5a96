"""Everything that one running Gwylio is made of, handed to every step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from classifiers.panel import Panel
from collectors import registry
from collectors.base import Access, Collector
from moderation.policy import Policy
from moderation.service_areas import Areas
from settings import Keys, Settings
from store import credentials
from store.accounts import AccountRow
from store.database import Store


@dataclass(frozen=True, slots=True)
class Installation:
    """Opened by opening.py.  `collector` answers with an account's collector, for this thread and this moment."""

    settings: Settings
    keys: Keys
    store: Store
    policy: Policy
    areas: Areas
    open_panel: Callable[[], Panel]
    collector: Callable[[AccountRow, datetime], Collector]


class Collectors:
    """The collectors of an installation, one for each account and thread, opened anew with each new token.

    A collector is used by one thread at a time.  Two threads on one line would take each other's
    answers, and a reply that was published could pass for one that was not.
    """

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._settings, self._keys = settings, keys
        self._of_this_thread = threading.local()

    def __call__(self, account: AccountRow, now: datetime) -> Collector:
        """The account's collector.

        Raises:
            GwylioError: no token, one that does not open or is of the wrong kind, or a platform without a collector.
        """
        opened: dict[str, tuple[datetime | None, Collector]] = self._of_this_thread.__dict__.setdefault("opened", {})
        since, collector = opened.get(account.slug, (None, None))
        if collector is None or since != account.credential_since:
            collector = registry.open_collector(account.platform, self._access(account))
            opened[account.slug] = account.credential_since, collector
        return collector

    def _access(self, account: AccountRow) -> Access:
        return Access(
            account=account.slug,
            native_id=account.native_id,
            credential=credentials.reveal(account, key=self._keys.credentials),
            base_url=self._settings.platform_urls.get(account.platform.value),
            home=account.home,
        )
