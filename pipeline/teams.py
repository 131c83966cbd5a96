"""Messages to a Microsoft Teams channel: an Adaptive Card posted to the channel's webhook.

Several people read a channel, so a card says everything in both languages.  The address of a webhook
is the right to post there: it stands in no log and no error.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from moderation.notices import Line, Said
from pipeline.channels import Letter, NoAnswer, NotTaken, OutOfReach

TIMEOUT_S = 20.0
LARGEST = 24_000
"""In bytes; a webhook takes 28 KB."""
LATER = frozenset({429, 503})
"""Not taken, and worth trying again."""


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The channels of an installation; `addresses` are those of their webhooks, for `knock`."""

    addresses: Collection[str] = ()
    timeout: float = TIMEOUT_S

    def send(self, letter: Letter) -> None:
        import requests

        try:
            answer = requests.post(
                letter.to,
                data=json.dumps(card(letter.said), ensure_ascii=False).encode(),
                headers={"content-type": "application/json; charset=utf-8"},
                timeout=self.timeout,
                allow_redirects=False,
            )
        except requests.exceptions.ConnectTimeout:
            raise OutOfReach("ConnectTimeout") from None
        except requests.ConnectionError as error:
            what = type(error).__name__
            raise (OutOfReach if _never_connected(error) else NoAnswer)(what) from None
        except requests.RequestException as error:
            raise NoAnswer(type(error).__name__) from None
        if 200 <= answer.status_code < 300:
            return
        if answer.status_code >= 500 and answer.status_code not in LATER:
            raise NoAnswer(f"HTTP {answer.status_code}")
        raise NotTaken(f"HTTP {answer.status_code}", for_good=answer.status_code not in LATER)

    def knock(self) -> None:
        """Ask each server for its front door, whose address is no secret; whatever it says, it is there."""
        import requests

        for place in sorted({_place_of(address) for address in self.addresses}):
            try:
                requests.head(place, timeout=self.timeout, allow_redirects=False)
            except requests.RequestException as error:
                raise OutOfReach(type(error).__name__) from None


def card(said: Collection[Said]) -> dict[str, Any]:
    """What a webhook takes: one Adaptive Card with every language in it, and no more than Teams carries."""
    most = max((len(group.lines) for each in said for group in each.groups), default=0)
    while True:
        made = _card(said, most)
        if most == 0 or len(json.dumps(made, ensure_ascii=False).encode()) <= LARGEST:
            return made
        most //= 2


def _card(said: Collection[Said], most: int) -> dict[str, Any]:
    body = [block for number, each in enumerate(said) for block in _blocks(each, most, apart=number > 0)]
    links = [line for each in said for line in each.closing if line.link]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": line.text, "url": line.link} for line in links],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}


def _blocks(said: Said, most: int, *, apart: bool) -> Iterator[dict[str, Any]]:
    yield {
        "type": "TextBlock", "text": said.subject, "weight": "Bolder", "size": "Medium", "wrap": True,
        "separator": apart,
    }  # fmt: skip
    for group in said.groups:
        yield {"type": "TextBlock", "text": group.heading, "weight": "Bolder", "wrap": True}
        for line in group.lines[:most]:
            yield {"type": "TextBlock", "text": _linked(line), "wrap": True, "spacing": "Small"}


def _linked(line: Line) -> str:
    """In the Markdown of cards; what could be taken for it in the text is taken for text."""
    text = "".join(f"\\{sign}" if sign in "[]*_`\\" else sign for sign in line.text)
    return f"[{text}]({line.link})" if line.link else text


def _never_connected(error: Exception) -> bool:
    """Whether not even a connection that we trust came about, so that nothing can have arrived."""
    from requests.exceptions import ProxyError
    from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    refused = isinstance(reason, ConnectTimeoutError | NameResolutionError | NewConnectionError)
    distrusted = any(isinstance(each, ssl.SSLCertVerificationError) for each in getattr(reason, "args", ()))
    return refused or distrusted or isinstance(error, ProxyError)


def _place_of(address: str) -> str:
    there = urlsplit(address)
    return f"{there.scheme}://{there.netloc.rpartition('@')[2]}/"
