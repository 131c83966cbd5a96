"""Private conversations with us, on Messenger and on Instagram: the same edges, under a Page's token.

Conversations come newest first by their last message, so that one which stands still ends the looking;
within one, messages come newest first too, and are read back to where the last run was.  A message
does not say to whom one answers, only who sent it: a reply goes to its sender, and Meta delivers
none more than a day after the person last wrote.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from collectors.base import (
    Budget,
    Cursor,
    Gone,
    Malformed,
    Page,
    Receipt,
    Refused,
    Standing,
    Transient,
    Usage,
)
from collectors.graph import Graph, Listing, Meaning, again_from, is_time, send_through, time_or_none
from collectors.items import Sifted, moment, perhaps, said, sift, within
from collectors.paging import NOTHING_SPENT, Leaf, Run, Trail, pages
from vocabulary import Author, Comment, Origin, OwnReply

MESSAGE_FIELDS: Final = "id,created_time,from,to,message"
OVERLAP: Final = timedelta(hours=1)
FIRST_READING: Final = 500  # conversations that the very first run goes back
MOST_AT_ONCE: Final = 5_000  # conversations that any other run reads; more have never written since the last
READ_BACK_PAGES: Final = 20

NOT_DELIVERED: Final = "{platform} will not deliver this message; answer on {platform} itself and record it here"
LATE: Final = (
    Refused,
    "{platform} delivers no message a day after somebody last wrote; answer on {platform} itself and record it here",
)
NOBODY: Final = (Refused, "{platform} cannot reach this person any more; record here what was done instead")
MEANING: Final[Meaning] = {
    (10, 2018278): LATE,
    (10, 2534022): LATE,
    (100, 2018001): NOBODY,
    (200, 1545041): NOBODY,
    551: NOBODY,
}


@dataclass(frozen=True, slots=True)
class Inbox:
    """The conversations of one account.  `place` is the Page, or `me`, which is the Page that the token is for.

    `ours` are the ids under which we write.  `reachable` is how many of a conversation's latest messages
    can be read at all, 0 for every one.  `url` is where a person reads them.
    """

    graph: Graph
    client: Any = field(repr=False)
    place: str
    network: str
    ours: frozenset[str]
    longest: int
    page_size: int
    reachable: int = 0
    url: str = ""

    # --- reading

    def pages(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """What was written since the last run, conversation by conversation.

        The first run goes back five hundred conversations.
        """
        again, run, spent = (
            again_from(cursor.watermark, OVERLAP),
            Run.unpacked(cursor.page_token, is_time),
            NOTHING_SPENT,
        )
        if run is None or not run.mark:
            run, spent = self._stirred(again)

        def leaf(conversation: str, after: str) -> Leaf:
            listing, sifted = self._messages(conversation, after)
            enough = bool(self.reachable) or (again is not None and _oldest(listing.items, again) < again)
            return Leaf(sifted, "" if enough else listing.next, usage=listing.usage)

        yield from pages(self.graph.account, cursor, run, budget, leaf, spent=spent)

    def _stirred(self, again: datetime | None) -> tuple[Run, Usage]:
        """The conversations in which something was written since then."""
        most = FIRST_READING if again is None else MOST_AT_ONCE
        began, after, found, usage = "", "", list[str](), NOTHING_SPENT
        trail = Trail(self.graph.account, "the platform")
        while True:
            listing = self._conversations(after, fields="id,updated_time", limit=self.page_size)
            began = began or listing.at.isoformat()
            usage = replace(listing.usage, requests=usage.requests + 1, items=usage.items + listing.usage.items)
            talks = [each for each in listing.items if isinstance(each, dict) and isinstance(each.get("id"), str)]
            fresh = [each["id"] for each in talks if again is None or (_stirred_at(each) or again) >= again]
            found += fresh
            if len(fresh) < len(talks) or not listing.next or len(found) >= most:
                return Run(began, tuple(dict.fromkeys(found))), usage
            after = trail.on(listing.next, len(listing.items))

    def _conversations(self, after: str, **args: Any) -> Listing:
        if after:
            args["after"] = after
        return self.graph.listing(
            lambda: self.client.get_connections(self.place, "conversations", platform=self.network, **args)
        )

    def _messages(self, conversation: str, after: str, **args: Any) -> tuple[Listing, Sifted]:
        """One page of a conversation.  What we said answers the message before it, where the page has it."""
        if after:
            args["after"] = after
        listing = self.graph.listing(
            lambda: self.client.get_connections(
                conversation, "messages", fields=MESSAGE_FIELDS, limit=self.reachable or self.page_size, **args
            )
        )
        sifted = sift(listing.items, partial(self._message, conversation))
        theirs = sorted(sifted.comments, key=lambda comment: comment.posted_at)
        sifted.ours = [replace(ours, in_reply_to=_before(ours, theirs)) for ours in sifted.ours]
        return listing, sifted

    def _message(self, conversation: str, item: Mapping[str, Any], raw: bytes) -> Comment | OwnReply:
        native_id, posted_at, text = said(item, "id"), moment(item, "created_time"), perhaps(item, "message")
        sender = within(item, "from")
        if self._is_ours(sender, within(item, "to")):
            return OwnReply(
                account=self.graph.account,
                native_id=native_id,
                in_reply_to="",
                text=text,
                posted_at=posted_at,
                thread=conversation,
                raw=raw,
            )
        known = perhaps(sender, "id")
        return Comment(
            account=self.graph.account,
            native_id=native_id,
            text=text,
            posted_at=posted_at,
            author=Author(known, perhaps(sender, "name") or perhaps(sender, "username")) if known else None,
            thread=conversation,
            url=self.url,
            origin=Origin.PRIVATE,
            raw=raw,
        )

    def _is_ours(self, sender: Mapping[str, Any], recipients: Mapping[str, Any]) -> bool:
        """Where it does not say who wrote: what is not addressed to us was written by us."""
        if sender.get("id"):
            return sender["id"] in self.ours
        listed = recipients.get("data")
        to = [each.get("id") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        return bool(to) and not self.ours.intersection(map(str, to))

    def standing(self, native_id: str) -> Standing:
        """A message that cannot be read may be too old for that, or unsent: nobody can tell, so GONE is never said."""
        seen = self.graph.standing(native_id, lambda: self.client.get_object(native_id, fields="id"))
        return Standing.UNKNOWN if seen is Standing.GONE else seen

    # --- acting

    def reply(self, native_id: str, text: str) -> Receipt:
        """Answer whoever wrote this message, in the same conversation."""
        if self.length_of(text) > self.longest:
            raise Refused(
                self.graph.account, f"the message is longer than {self.graph.platform} allows; it was not sent"
            )
        sender = self._sender(native_id)
        answer = self.graph.write(
            send_through(
                self.client,
                f"{self.place}/messages",
                recipient=json.dumps({"id": sender}),
                messaging_type="RESPONSE",
                message=json.dumps({"text": text}),
            ),
            refusal=NOT_DELIVERED,
        )
        published = self.graph.published(answer, "message_id")
        at = self.graph.time_of(lambda: self.client.get_object(published, fields="id,created_time"), "created_time")
        return Receipt(published, at)

    def length_of(self, text: str) -> int:
        """In bytes, which errs towards long: Instagram counts so, Messenger in characters."""
        return len(text.encode("utf-8", "surrogatepass"))

    def own_replies(self, native_id: str, earliest: datetime) -> Sequence[OwnReply]:
        """What we said in this message's conversation since then: nobody knows which message answers which."""
        sender = self._sender(native_id)
        listing = self._conversations("", user_id=sender, fields="id")
        talks = [each["id"] for each in listing.items if isinstance(each, dict) and isinstance(each.get("id"), str)]
        if not talks:
            raise Gone(self.graph.account, "the conversation is not there any more")
        return [replace(ours, in_reply_to=native_id) for ours in self._said(talks[0], earliest)]

    def _said(self, conversation: str, earliest: datetime) -> Iterator[OwnReply]:
        after = ""
        for _ in range(READ_BACK_PAGES):
            listing, sifted = self._messages(conversation, after)
            if sifted.troubles:
                raise Malformed(self.graph.account, "one of the messages cannot be read")
            yield from (ours for ours in sifted.ours if ours.posted_at >= earliest)
            more = len(listing.items) >= self.reachable if self.reachable else bool(listing.next)
            if not more or _oldest(listing.items, earliest) < earliest:
                return
            if self.reachable:
                raise Transient(self.graph.account, "so much was said since that the rest cannot be read any more")
            if listing.next == after:
                raise Malformed(self.graph.account, "a page of messages leads back to itself")
            after = listing.next
        raise Transient(self.graph.account, f"there are more than {READ_BACK_PAGES} pages of messages")

    def _sender(self, native_id: str) -> str:
        body = self.graph.node(lambda: self.client.get_object(native_id, fields="id,from"))
        sender = body.get("from")
        known = sender.get("id") if isinstance(sender, dict) else None
        if not isinstance(known, str) or not known or known in self.ours:
            raise Refused(self.graph.account, NOT_DELIVERED.format(platform=self.graph.platform))
        return known


def _before(ours: OwnReply, theirs: Sequence[Comment]) -> str:
    earlier = [each.native_id for each in theirs if each.posted_at <= ours.posted_at]
    return earlier[-1] if earlier else ""


def _stirred_at(conversation: Mapping[str, Any]) -> datetime | None:
    return time_or_none(conversation.get("updated_time"))


def _oldest(items: Sequence[Any], otherwise: datetime) -> datetime:
    times = [time_or_none(each.get("created_time")) for each in items if isinstance(each, dict)]
    return min((at for at in times if at is not None), default=otherwise)
