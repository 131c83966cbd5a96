"""Private conversations as the Graph API shows them, on Messenger and on Instagram.

A conversation is known by the person it is with; whatever is said with them, the Page's own words
included, stands in one.  A person who has not written for a day can be sent nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from simulator.exchange import Answer, Ask, Written
from simulator.graph import (
    GraphRefusal,
    Routes,
    chosen,
    listed,
    newest_first,
    not_there,
    page,
    plus,
    said,
    said_object,
    wanted,
    wrong,
)
from simulator.world import Account, Message, World

WINDOW = timedelta(days=1)
HOST = "https://graph.facebook.com"


@dataclass(frozen=True, slots=True)
class Inbox:
    """`talk` and `message` are how the ids of the two begin; `latest` is how many messages can be read, 0 for all."""

    world: World
    network: str
    talk: str
    message: str
    longest: int
    latest: int = 0

    @property
    def routes(self) -> Routes:
        return (
            ("GET", r"/(\w+)/conversations", self._conversations),
            ("GET", rf"/({self.talk}\d+)/messages", self._messages),
            ("GET", rf"/({self.message}\d+)", self._one),
            ("POST", r"/(\w+)/messages", self._send),
        )

    # --- reading

    def _conversations(self, us: Account, ask: Ask, owner: str) -> Answer:
        self._only_self(us, owner)
        if ask.query.get("platform", "messenger") != self.network:
            raise wrong("Param platform must be one of {MESSENGER, INSTAGRAM}")
        person = ask.query.get("user_id")
        latest: dict[str, Message] = {}
        for message in sorted(self._all(us), key=lambda message: message.at):
            if person in (None, self._person(message)):
                latest[self._person(message)] = message
        talks = sorted(latest.items(), key=lambda each: (each[1].at, each[0]), reverse=True)
        fields = wanted(ask.query.get("fields", "id,updated_time"))

        def shape(place: int) -> dict[str, Any]:
            with_whom, last = talks[place]
            return chosen({"id": f"{self.talk}{with_whom}", "updated_time": plus(last.at), "can_reply": True}, fields)

        return page(ask, HOST, [with_whom for with_whom, _ in talks], shape)

    def _messages(self, us: Account, ask: Ask, talk: str) -> Answer:
        person, now = talk.removeprefix(self.talk), self.world.now
        found = newest_first([m for m in self._all(us) if self._person(m) == person and m.listed(now)])
        if not found:
            raise not_there(talk)
        return listed(ask, HOST, found[: self.latest or None], lambda message: self._shape(us, message), "id")

    def _one(self, us: Account, ask: Ask, native_id: str) -> Answer:
        message = self._there(us, native_id)
        return Answer(200, chosen(self._shape(us, message), wanted(ask.query.get("fields", "id,created_time"))))

    # --- acting

    def _send(self, us: Account, ask: Ask, owner: str) -> Answer:
        self._only_self(us, owner)
        person, text = str(said_object(ask, "recipient").get("id", "")), said_object(ask, "message").get("text")
        if said(ask, "messaging_type") != "RESPONSE":
            raise wrong("Param messaging_type must be RESPONSE here")
        if not isinstance(text, str) or not 1 <= len(text) <= self.longest:
            raise wrong(f"Length of param message[text] must be less than or equal to {self.longest}")
        theirs = [m for m in self._all(us) if self._person(m) == person and m.author.native_id == person]
        if not theirs:
            raise GraphRefusal(400, 100, "(#100) No matching user found", subcode=2018001)
        latest = max(theirs, key=lambda message: message.at)
        if latest.at < self.world.now - WINDOW:
            raise GraphRefusal(400, 10, "(#10) This message is sent outside of allowed window.", subcode=2018278)
        message = self.world.write(us.slug, text, above=latest)
        written = Written(us.slug, message.native_id, latest.native_id, text)
        return Answer(200, {"recipient_id": person, "message_id": message.native_id}, written=written)

    # --- shapes

    def _all(self, us: Account) -> list[Message]:
        return [m for m in self.world.messages(us.slug) if m.private and m.exists(self.world.now)]

    def _person(self, message: Message) -> str:
        """Whom the conversation is with: whoever began it."""
        root = self.world.message(message.root)
        return root.author.native_id if root else ""

    def _there(self, us: Account, native_id: str) -> Message:
        message = self.world.message(native_id)
        if message is None or message not in self._all(us):
            raise not_there(native_id)
        return message

    def _shape(self, us: Account, message: Message) -> dict[str, Any]:
        by_us = message.author.native_id == us.native_id
        other = self._person(message)
        return {
            "id": message.native_id,
            "created_time": plus(message.at),
            "from": {**self._named(message.author.name, message.author.username), "id": message.author.native_id},
            "to": {"data": [{"id": other if by_us else us.native_id}]},
            "message": message.current(self.world.now).text,
        }

    def _named(self, name: str, username: str) -> dict[str, str]:
        return {"username": username} if self.network == "instagram" else {"name": name}

    def _only_self(self, us: Account, owner: str) -> None:
        if owner not in (us.native_id, "me"):
            raise not_there(owner)
