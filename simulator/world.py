"""The truth behind the pretend platforms: who wrote what, when, and what became of it.

The whole story can be loaded at once.  What lies after `World.now` has not happened yet: nobody
sees it, and moving the clock plays it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

from vocabulary import Platform

X_EPOCH_MS = 1_288_834_974_657
"""The millisecond from which X counts; the upper 42 bits of an X id are milliseconds since then."""


@dataclass(frozen=True, slots=True)
class Account:
    """One of our own accounts, and the token that opens it."""

    platform: Platform
    slug: str
    native_id: str
    name: str
    username: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever wrote a message, as the platform knows them."""

    native_id: str
    name: str
    username: str


@dataclass(frozen=True, slots=True)
class Version:
    """The words as they stood from `at` on.  On X each version has its own id."""

    native_id: str
    text: str
    at: datetime


@dataclass(slots=True)
class Message:
    """One post, comment or mention with everything that will ever happen to it.

    `native_id` is that of its first version.  `root` is the message its conversation began with.
    `listed_at` is when lists and searches begin to show it; asked for by id it is there at once.
    `gone` are the times for which it could not be read: from, and until (None: for good).  `private` is
    a direct message; `aside` is about us and neither to us nor under anything of ours; `elsewhere` names us
    on a page that is not ours.  `quotes` is the message that it passes on with words of its own; `spam` is
    what the platform took it for.
    """

    account: str
    native_id: str
    author: Person
    at: datetime
    versions: list[Version]
    root: str
    parent: str = ""
    listed_at: datetime | None = None
    gone: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    hidden: bool = False
    mentions_us: bool = False
    private: bool = False
    aside: bool = False
    elsewhere: bool = False
    quotes: str = ""
    spam: bool = False
    through_api: bool = False

    def exists(self, now: datetime) -> bool:
        """Whether it can be read by its id at this moment."""
        away = any(start <= now and (end is None or now < end) for start, end in self.gone)
        return self.at <= now and not away

    def listed(self, now: datetime) -> bool:
        """Whether lists and searches show it at this moment."""
        return self.exists(now) and (self.listed_at is None or self.listed_at <= now)

    def history(self, now: datetime) -> list[Version]:
        """The versions so far, oldest first."""
        return [version for version in self.versions if version.at <= now]

    def current(self, now: datetime) -> Version:
        return self.history(now)[-1]

    def edited(self, now: datetime) -> bool:
        return len(self.history(now)) > 1

    @property
    def text(self) -> str:
        """The words of the last version there will ever be."""
        return self.versions[-1].text


class World:
    """Every account and message, behind one lock; the simulator's thread and the test's share it."""

    def __init__(self, *, now: datetime | None = None, self_serve: bool = False) -> None:
        """`now` None is the real clock.  `self_serve`: X refuses replies to those who did not mention us."""
        self.lock = RLock()
        self.self_serve = self_serve
        self.lag = timedelta(0)
        """How long what is written through an API stays out of the lists."""
        self.x_vocabulary: str = "tweets"
        """`posts` makes X answer with the names of its newer specification."""
        self.blockers: set[str] = set()
        """Who has blocked us, by id: of them a platform shows us nothing, and does not say that they are gone."""
        self.suspended: set[str] = set()
        """Whose accounts a platform has shut, by id, for good or for a while."""
        self.also_opens: Callable[[Platform, str], Account | None] = lambda platform, token: None
        """What opens an account beside its own token: what simulator/consent.py has granted, while it lives."""
        self._now = now
        self._accounts: dict[str, Account] = {}
        self._messages: dict[str, Message] = {}
        self._versions: dict[str, str] = {}
        self._serial = itertools.count(1)

    @property
    def now(self) -> datetime:
        return self._now or datetime.now(UTC)

    @now.setter
    def now(self, moment: datetime | None) -> None:
        self._now = None if moment is None else _aware(moment)

    # --- telling the story

    def add_account(
        self, platform: Platform, slug: str, native_id: str, name: str, token: str, *, username: str = ""
    ) -> Account:
        """An account of ours.  `username` is its X handle, made from the slug unless given."""
        handle = username or "".join(letter for letter in slug if letter.isalnum())[:15]
        account = Account(platform, slug, native_id, name, handle, token)
        with self.lock:
            self._accounts[slug] = account
        return account

    def post(self, account: str, text: str, at: datetime) -> str:
        """What we publish: a new conversation of our own."""
        return self._add(account, text, self._us(account), at).native_id

    def comment(
        self,
        account: str,
        text: str,
        author_id: str,
        author_name: str,
        at: datetime,
        *,
        post: str = "",
        parent: str = "",
        mentions_us: bool | None = None,
        listed_at: datetime | None = None,
    ) -> str:
        """A comment under `post`, or a reply to `parent`; written by us when `author_id` is the account's own.

        On X whatever stands in our conversation mentions us, unless `mentions_us` says otherwise:
        X puts the handles of those above before a reply, and people may take them away.
        """
        with self.lock:
            above = self._messages[self._versions[parent or post]]
            ours = self._accounts[account].native_id
            in_ours = ours in (above.author.native_id, self._messages[above.root].author.native_id)
            return self._add(
                account,
                text,
                self._person(account, author_id, author_name),
                at,
                above=above,
                mentions_us=in_ours if mentions_us is None else mentions_us,
                listed_at=listed_at,
                private=above.private,
            ).native_id

    def mention(
        self,
        account: str,
        text: str,
        author_id: str,
        author_name: str,
        at: datetime,
        *,
        listed_at: datetime | None = None,
        elsewhere: bool = False,
    ) -> str:
        """Somebody writes to us outside our conversations: an X mention, or a visitor's post on a Page.

        `elsewhere`: on a page of their own, where it names us.
        """
        person = self._person(account, author_id, author_name)
        return self._add(
            account, text, person, at, mentions_us=True, listed_at=listed_at, elsewhere=elsewhere
        ).native_id

    def overheard(self, account: str, text: str, author_id: str, author_name: str, at: datetime) -> str:
        """Somebody writes about us, not to us; only a search that `account` may make finds it."""
        return self._add(account, text, self._person(account, author_id, author_name), at, aside=True).native_id

    def quote(self, account: str, text: str, author_id: str, author_name: str, at: datetime, *, of: str) -> str:
        """Somebody passes on what we wrote, with words of their own, in a conversation of their own."""
        person = self._person(account, author_id, author_name)
        return self._add(account, text, person, at, quotes=self._versions[of]).native_id

    def direct_message(
        self, account: str, text: str, author_id: str, author_name: str, at: datetime, *, parent: str = ""
    ) -> str:
        """Somebody writes to us in private; with `parent`, in the conversation that began with it."""
        with self.lock:
            above = self._messages[self._versions[parent]] if parent else None
            person = self._person(account, author_id, author_name)
            return self._add(account, text, person, at, above=above, private=True).native_id

    def edit(self, native_id: str, text: str, at: datetime) -> str:
        """New words from `at` on.  Answers with the new version's id, which anywhere but on X is the old one."""
        with self.lock:
            message = self._messages[self._versions[native_id]]
            on_x = self._accounts[message.account].platform is Platform.X
            version = grown(at, next(self._serial)) if on_x else message.native_id
            message.versions.append(Version(version, text, _aware(at)))
            message.versions.sort(key=lambda version: version.at)
            self._versions[version] = message.native_id
            return version

    def delete(self, native_id: str, at: datetime) -> None:
        with self.lock:
            self._messages[self._versions[native_id]].gone.append((_aware(at), None))

    def restore(self, native_id: str, at: datetime) -> None:
        """What was gone can be read again from `at` on: its author was suspended, and is not any more."""
        with self.lock:
            message = self._messages[self._versions[native_id]]
            message.gone = [(start, _aware(at) if end is None else end) for start, end in message.gone]

    def renew_token(self, slug: str, token: str) -> None:
        """The account opens with this token from now on, and with the one before no more."""
        with self.lock:
            self._accounts[slug] = replace(self._accounts[slug], token=token)

    # --- what the platforms do when asked

    def write(self, account: str, text: str, *, above: Message | None = None) -> Message:
        """Published by us through an API, at this moment; in private where what it answers is."""
        now = self.now
        return self._add(
            account,
            text,
            self._us(account),
            now,
            above=above,
            listed_at=now + self.lag,
            private=above is not None and above.private,
            through_api=True,
        )

    def erase(self, message: Message) -> None:
        with self.lock:
            message.gone.append((self.now, None))

    def set_hidden(self, message: Message, *, hidden: bool) -> None:
        with self.lock:
            message.hidden = hidden

    # --- asking for the truth

    def account(self, slug: str) -> Account:
        return self._accounts[slug]

    def accounts(self) -> list[Account]:
        return list(self._accounts.values())

    def holder_of(self, platform: Platform, token: str) -> Account | None:
        """The account this token opens."""
        own = next((a for a in self.accounts() if a.platform is platform and a.token == token), None)
        return own or self.also_opens(platform, token)

    def message(self, native_id: str) -> Message | None:
        """By the id of any of its versions, whether or not it can be seen now."""
        with self.lock:
            first = self._versions.get(native_id)
            return self._messages[first] if first else None

    def messages(self, account: str | None = None, *, platform: Platform | None = None) -> list[Message]:
        """Everything, past and to come, in the order it was told."""
        with self.lock:
            return [
                message
                for message in self._messages.values()
                if (account is None or message.account == account)
                and (platform is None or self._accounts[message.account].platform is platform)
            ]

    def replies_by_us(self, account: str) -> list[Message]:
        """Our replies that stand on the platform now, oldest first; `parent` is what each answers."""
        ours, now = self._accounts[account].native_id, self.now
        found = [
            message
            for message in self.messages(account)
            if message.parent and message.author.native_id == ours and message.exists(now)
        ]
        return sorted(found, key=lambda message: message.at)

    def as_json(self) -> dict[str, Any]:
        """The state at this moment, without tokens."""
        now = self.now
        return {
            "now": now.isoformat(),
            "accounts": [
                {"platform": a.platform.value, "slug": a.slug, "native_id": a.native_id, "name": a.name}
                for a in self.accounts()
            ],
            "messages": [message_as_json(message, now) for message in self.messages() if message.at <= now],
        }

    # --- inside

    def _us(self, account: str) -> Person:
        ours = self._accounts[account]
        return Person(ours.native_id, ours.name, ours.username)

    def _person(self, account: str, native_id: str, name: str) -> Person:
        ours = self._us(account)
        if native_id == ours.native_id:
            return ours
        return Person(person_id(self._accounts[account].platform, native_id), name, f"user_{native_id}"[:15])

    def _add(
        self,
        account: str,
        text: str,
        author: Person,
        at: datetime,
        *,
        above: Message | None = None,
        mentions_us: bool = False,
        listed_at: datetime | None = None,
        private: bool = False,
        aside: bool = False,
        elsewhere: bool = False,
        quotes: str = "",
        through_api: bool = False,
    ) -> Message:
        at = _aware(at)
        with self.lock:
            ours = self._accounts[account]
            serial = next(self._serial)
            made = New(
                ours.native_id, author.native_id, above, grown(at, serial), serial, private=private, elsewhere=elsewhere
            )
            native_id = NATIVE_ID[ours.platform](made) if ours.platform in NATIVE_ID else made.number
            message = Message(
                account=account,
                native_id=native_id,
                author=author,
                at=at,
                versions=[Version(native_id, text, at)],
                root=above.root if above else native_id,
                parent=above.native_id if above else "",
                listed_at=listed_at and _aware(listed_at),
                mentions_us=mentions_us,
                private=private,
                aside=aside,
                elsewhere=elsewhere,
                quotes=quotes,
                through_api=through_api,
            )
            self._messages[native_id] = message
            self._versions[native_id] = native_id
            return message


@dataclass(frozen=True, slots=True)
class New:
    """What a platform makes an id of.  `number` grows with time; `serial` counts from 1."""

    ours: str
    author: str
    above: Message | None
    number: str
    serial: int
    private: bool = False
    elsewhere: bool = False

    @property
    def root(self) -> str:
        return self.above.root if self.above else ""


def _x_id(new: New) -> str:
    """A number; a private message is known by its conversation too, which is that of two people."""
    if not new.private:
        return new.number
    pair = "-".join(sorted((new.ours, new.author), key=lambda number: (len(number), number)))
    return f"{new.above.native_id.split('/')[0] if new.above else pair}/{new.number}"


def _facebook_id(new: New) -> str:
    """A post carries the id of the page it stands on, a comment its post's; a private message has one of its own."""
    if new.private:
        return f"m_{new.number}"
    page = new.author if new.elsewhere else new.ours
    return f"{new.root.split('_')[-1] or page}_{new.number}"


def _instagram_id(new: New) -> str:
    """Digits, whatever it is; but a private message has a long word, of which all begin alike."""
    return f"aWdf{new.number}" if new.private else new.number


def _youtube_id(new: New) -> str:
    """Eleven characters for a video, a long word for a thread, and a thread's replies carry its id."""
    if new.above is None:
        return f"v{new.serial:010d}"
    thread = new.above.native_id.split(".")[0]
    return f"{thread}.{new.number}" if new.above.parent else f"Ug{new.number}AaABAg"


def _linkedin_id(new: New) -> str:
    return f"urn:li:comment:({new.root},{new.number})" if new.above else f"urn:li:activity:{new.number}"


def _tiktok_id(new: New) -> str:
    """A comment's own id says nothing of its video, which every request about it must name.

    What names us stands under somebody else's video, which was there a moment before.
    """
    if new.above is None:
        return new.number if new.author == new.ours else f"{int(new.number) - 1}/{new.number}"
    return f"{new.root.partition('/')[0]}/{new.number}"


def _bluesky_id(new: New) -> str:
    """The address of a record in its author's repository, under a key that sorts by time."""
    number, key = int(new.number), ""
    for _ in range(13):
        number, digit = divmod(number, 32)
        key = "234567abcdefghijklmnopqrstuvwxyz"[digit] + key
    return f"at://{new.author}/app.bsky.feed.post/{key}"


def _mastodon_id(new: New) -> str:
    """Digits that grow with time: milliseconds above, sixteen bits below."""
    return str((int(new.number) >> 22) + X_EPOCH_MS << 16 | new.serial & 0xFFFF)


def _flickr_id(new: New) -> str:
    return f"{new.ours.split('@')[0]}-{new.root}-{new.number}" if new.above else f"5{new.serial:010d}"


def _wordpress_id(new: New) -> str:
    """Posts and comments are numbered apart; a post goes by the letter of its short link."""
    return str(new.serial) if new.above else f"p{new.serial}"


def _vimeo_id(new: New) -> str:
    return f"{new.root}/comments/{new.serial}" if new.above else f"/videos/{76_000_000 + new.serial}"


NATIVE_ID: Mapping[Platform, Callable[[New], str]] = {
    Platform.FACEBOOK: _facebook_id,
    Platform.INSTAGRAM: _instagram_id,
    Platform.YOUTUBE: _youtube_id,
    Platform.LINKEDIN: _linkedin_id,
    Platform.TIKTOK: _tiktok_id,
    Platform.BLUESKY: _bluesky_id,
    Platform.MASTODON: _mastodon_id,
    Platform.WORDPRESS: _wordpress_id,
    Platform.FLICKR: _flickr_id,
    Platform.VIMEO: _vimeo_id,
    Platform.X: _x_id,
}
"""How a platform names what is written there; where there is nothing to say, by digits that grow with time."""


def person_id(platform: Platform, number: str) -> str:
    """Who somebody is, as the platform has it; a story may say just a number."""
    known = {
        Platform.BLUESKY: f"did:plc:{number}",
        Platform.LINKEDIN: f"urn:li:person:{number}",
        Platform.YOUTUBE: f"UC{number}",
        Platform.FLICKR: f"{number}@N00",
        Platform.VIMEO: f"/users/{number}",
    }
    return known.get(platform, number) if number.isalnum() else number


def grown(at: datetime, serial: int) -> str:
    """Digits that grow with time: milliseconds above, a serial below."""
    return str((milliseconds(at) - X_EPOCH_MS << 22) | (serial & 0x3FFFFF))


def message_as_json(message: Message, now: datetime) -> dict[str, Any]:
    """One message as the control pages show it."""
    current = message.current(now)
    return {
        "account": message.account,
        "native_id": message.native_id,
        "author_id": message.author.native_id,
        "text": current.text,
        "at": message.at.isoformat(),
        "root": message.root,
        "in_reply_to": message.parent,
        "hidden": message.hidden,
        "deleted": not message.exists(now),
        "edited": message.edited(now),
        "through_api": message.through_api,
    }


def milliseconds(at: datetime) -> int:
    """Whole milliseconds since 1970, without a float on the way."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; the story is told in UTC")
    return at.astimezone(UTC)
