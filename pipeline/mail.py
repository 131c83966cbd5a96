"""Messages to colleagues by e-mail: plain text, over a connection that nobody reads along.

The conversation with the server is held step by step, because it matters where it broke: before
the message was handed over nothing can have arrived, after it nobody knows.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as BY_SMTP
from email.utils import format_datetime, formataddr

from moderation.notices import Line, Said
from pipeline.channels import Letter, NoAnswer, NotTaken, OutOfReach
from settings import MAILBOX, Mail

TIMEOUT_S = 20.0
NAME = "Gwylio"
GO_ON = 354
REFUSED_FOR_GOOD = 500
"""Replies from here up are final (RFC 5321, section 4.2.1)."""


@dataclass(frozen=True, slots=True)
class Post:
    """The mail server of an installation."""

    mail: Mail
    timeout: float = TIMEOUT_S

    def send(self, letter: Letter) -> None:
        if not MAILBOX.fullmatch(letter.to):
            raise NotTaken("address", for_good=True)
        with self._line() as server:
            try:
                _expect(server.mail(self.mail.sender), "sender")
                _expect(server.rcpt(letter.to), "recipient", its_own=True)
                _expect(server.docmd("DATA"), "data", wanted=GO_ON, its_own=True)
            except (OSError, smtplib.SMTPException) as error:
                raise OutOfReach(type(error).__name__) from None
            try:
                server.send(_in_lines(message(letter, self.mail.sender)))
                answer = server.getreply()
            except (OSError, smtplib.SMTPException) as error:
                raise NoAnswer(type(error).__name__) from None
            _expect(answer, "message", its_own=True)

    def knock(self) -> None:
        with self._line() as server:
            try:
                _expect(server.noop(), "noop")
            except (OSError, smtplib.SMTPException) as error:
                raise OutOfReach(type(error).__name__) from None

    @contextmanager
    def _line(self) -> Iterator[smtplib.SMTP]:
        """A connection over which we are signed in.

        Raises:
            OutOfReach: there is none.
        """
        try:
            server = self._opened()
        except smtplib.SMTPResponseException as error:
            raise OutOfReach(f"{type(error).__name__} {error.smtp_code}") from None
        except (OSError, ValueError, smtplib.SMTPException) as error:
            raise OutOfReach(type(error).__name__) from None
        try:
            yield server
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            server.close()

    def _opened(self) -> smtplib.SMTP:
        trusted = ssl.create_default_context(cafile=str(self.mail.ca_file) if self.mail.ca_file else None)
        if self.mail.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.mail.host, self.mail.port, timeout=self.timeout, context=trusted
            )
        else:
            server = smtplib.SMTP(self.mail.host, self.mail.port, timeout=self.timeout)
        try:
            server.ehlo()
            if self.mail.security == "starttls":
                server.starttls(context=trusted)
                server.ehlo()
            if self.mail.user:
                server.login(self.mail.user, self.mail.password)
        except BaseException:
            server.close()
            raise
        return server


def message(letter: Letter, sender: str) -> EmailMessage:
    """The message as it leaves; the same key makes the same Message-ID, by which a mailbox knows a copy."""
    built = EmailMessage(policy=BY_SMTP)
    built["From"] = formataddr((NAME, sender))
    built["To"] = letter.to
    built["Subject"] = " / ".join(each.subject for each in letter.said)
    built["Date"] = format_datetime(letter.at)
    built["Message-ID"] = f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}@{sender.partition('@')[2]}>"
    built["Auto-Submitted"] = "auto-generated"
    built["Content-Language"] = ", ".join(each.language for each in letter.said)
    built.set_content("\n\n----\n\n".join(plain(each) for each in letter.said) + "\n", cte="quoted-printable")
    return built


def plain(said: Said) -> str:
    """A message in one language, as plain text."""
    groups = ["\n".join([group.heading, *(_bulleted(line) for line in group.lines)]) for group in said.groups]
    closing = "\n".join(f"{line.text}: {line.link}" if line.link else line.text for line in said.closing)
    return "\n\n".join([*groups, closing])


def _bulleted(line: Line) -> str:
    return f"- {line.text}\n  {line.link}" if line.link else f"- {line.text}"


def _in_lines(built: EmailMessage) -> bytes:
    """With dots doubled at the beginning of a line, and the line that ends it all (RFC 5321, section 4.5.2)."""
    lines = built.as_bytes().split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines).rstrip(b"\r\n") + b"\r\n.\r\n"


def _expect(answer: tuple[int, bytes], step: str, *, wanted: int = 0, its_own: bool = False) -> None:
    """Nothing, where the server said yes; `its_own` where a no concerns this message and not the way.

    Raises:
        NotTaken, OutOfReach: it said no; its words are left out.
    """
    code = answer[0]
    if code == wanted or (not wanted and 200 <= code < 300):
        return
    if its_own:
        raise NotTaken(f"{step} {code}", for_good=code >= REFUSED_FOR_GOOD)
    raise OutOfReach(f"{step} {code}")
