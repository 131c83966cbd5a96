"""Asking a platform: what silence means when reading and when writing, and until when to wait.

For the platforms without a client library of their own, `open_line` makes a bare session with the
token in its header; those with one mount their `Line` on the library's session.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from collectors.base import Access, Malformed, Transient, Unconfirmed
from collectors.transport import Answer, BadCredential, Line, Unanswered

LONGEST_WAIT: Final = timedelta(days=1)
"""Whatever a header says; asking once a day does no harm."""
SECONDS: Final = re.compile(r"[0-9]{1,9}")
EPOCH: Final = re.compile(r"[0-9]{9,11}")


def read(line: Line, account: str, send: Callable[[], object]) -> Answer:
    """The answer to a question.

    Raises:
        Transient: no whole answer came.
    """
    try:
        return line.ask(send)
    except Unanswered as silence:
        raise Transient(account, silence.reason) from None


def write(line: Line, account: str, send: Callable[[], object]) -> Answer:
    """The answer to something that changes the platform.

    Raises:
        Unconfirmed: it was sent, and no whole answer came.
        Transient: it cannot have reached the platform.
    """
    try:
        return line.ask(send)
    except Unanswered as silence:
        raise (Unconfirmed if silence.sent else Transient)(account, silence.reason) from None


def object_in(answer: Answer, account: str, platform: str) -> Mapping[str, Any]:
    """The JSON object that came.

    Raises:
        Malformed: something else came.
    """
    body = answer.json()
    if not isinstance(body, dict):
        raise Malformed(account, f"{platform} answered with something that is not a JSON object")
    return body


def time_in(answer: Answer, account: str, platform: str) -> datetime:
    """The platform's own clock when it answered (UTC).

    Raises:
        Malformed: it did not say.
    """
    if answer.at is None:
        raise Malformed(account, f"{platform} answered without its own time")
    return answer.at


def retry_at(answer: Answer, *headers: str) -> datetime | None:
    """The moment at which the platform lets us come back (UTC); None where it does not say.

    `Retry-After` is in seconds or a date; each of `headers` holds an epoch in seconds or an ISO time.
    Never more than a day away, and never before the platform's own now.
    """
    if answer.at is None:
        return None
    named = _after(answer.headers.get("retry-after", ""), answer.at)
    for header in headers:
        named = named or _moment(answer.headers.get(header, ""))
    return max(answer.at, min(named, answer.at + LONGEST_WAIT)) if named else None


def _after(value: str, at: datetime) -> datetime | None:
    if SECONDS.fullmatch(value):
        return at + timedelta(seconds=int(value))
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except (ValueError, TypeError):
        return None


def _moment(value: str) -> datetime | None:
    try:
        if EPOCH.fullmatch(value):
            return datetime.fromtimestamp(int(value), UTC)
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def fraction_left(answer: Answer, limit: str, left: str) -> float | None:
    """What is left of the platform's window, 0 to 1, from the two headers that say so."""
    most, now = answer.headers.get(limit, ""), answer.headers.get(left, "")
    counted = SECONDS.fullmatch(most) and SECONDS.fullmatch(now) and int(most)
    return min(1.0, int(now) / int(most)) if counted else None


def keys_in(access: Access, *names: str) -> Mapping[str, str]:
    """What the credential holds: a bare token is `access_token`; of an object, `names` must be there and be text.

    Raises:
        BadCredential: it is empty, damaged, or of another kind.
    """
    text = access.credential.strip()
    keys: Any = {"access_token": text}
    if text.startswith("{"):
        try:
            keys = json.loads(text)
        except ValueError:
            keys = {}
    held = {name: value for name, value in keys.items() if isinstance(value, str)} if isinstance(keys, dict) else {}
    if not all(_fit_for_a_header(held.get(name, "")) for name in names or ("access_token",)):
        wanted = f"; it must be a JSON object with {', '.join(names)}" if names else ""
        raise BadCredential(f"{access.account}: the credential is empty or damaged{wanted}; connect the account again")
    return held


def home_in(access: Access) -> str | None:
    """The address of the account's own server, which may be kept without its scheme; None where none is."""
    home = access.home.strip().rstrip("/")
    if not home:
        return None
    return home if "://" in home else f"https://{home}"


def _fit_for_a_header(value: str) -> bool:
    return bool(value) and value.isascii() and value.isprintable()


def open_line(access: Access, host: str, headers: Mapping[str, str]) -> Line:
    """A session of ours with one platform, for those without a client library."""
    import requests

    session = requests.Session()
    session.headers.update(headers)
    return Line(session, host, base_url=access.base_url, timeout=access.timeout)
