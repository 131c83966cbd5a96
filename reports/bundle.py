"""The evidence of one case as a bundle to hand over: a PDF to read, the originals, and the hash of each.

The PDF is for people and shows what its font can show; a sign that it cannot is named in its place.
The originals beside it are what the platform gave us, byte for byte.
"""

from __future__ import annotations

import hashlib
import io
import json
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from moderation.policy import Policy
from moderation.record import Actor, write_down
from store import comments, desk, evidence, incidents
from store.cases import CaseRow
from store.database import Session
from store.desk import CaseFile
from vocabulary import GwylioError, Note
from words import Screen, Words

TEMPLATE = Path(__file__).with_name("bundle.typ")
SUMS = "SHA256SUMS"


class NothingToBundle(GwylioError):
    """There is no such case."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A zip file, and its hash as the trail keeps it."""

    name: str
    sha256: str
    content: bytes = field(repr=False)


def make(
    session: Session,
    case_id: int,
    *,
    language: Screen,
    body: str,
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> Bundle:
    """The bundle of a case; that it was made, by whom and with which hash, is an event and a row in the trail.

    Raises:
        NothingToBundle: there is no such case.
        evidence.EvidenceChanged: a file is no longer the one that was kept.
    """
    file = desk.case_file(session, case_id)
    if file is None:
        raise NothingToBundle(f"there is no case {case_id}")
    originals = dict(_originals(session, file))
    told = _told(session, file, Words(language), body=body, policy=policy, actor=actor, now=now)
    parts = {"bundle.pdf": pdf(told), **originals}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(parts.items()))
    content = _zipped({**parts, SUMS: sums.encode()}, now)
    digest = hashlib.sha256(content).hexdigest()
    case = session.get_one(CaseRow, case_id)
    write_down(session, case, Note.BUNDLED, actor=actor, now=now, detail={"sha256": digest, "files": len(parts)})
    return Bundle(f"{file.case.reference}.zip", digest, content)


def pdf(told: Mapping[str, Any]) -> bytes:
    """A PDF/UA file of what is told."""
    import typst

    made = typst.compile(
        TEMPLATE.read_bytes(), sys_inputs={"told": json.dumps(told, ensure_ascii=False)}, pdf_standards="ua-1"
    )
    return bytes(made)


def shown(text: str) -> str:
    """`text` with every sign that the font does not have named instead: `⟨SLIGHTLY SMILING FACE⟩`."""
    return "".join(sign if _in_font(sign) else f"⟨{unicodedata.name(sign, f'U+{ord(sign):04X}')}⟩" for sign in text)


def _in_font(sign: str) -> bool:
    """Latin, Greek and Cyrillic letters and their marks, and everyday punctuation."""
    return sign in "\n\t ⟨⟩€£…–—‘’“”•→" or (sign.isprintable() and ord(sign) < 0x0300) or 0x0370 <= ord(sign) < 0x0500


def _originals(session: Session, file: CaseFile) -> Iterator[tuple[str, bytes]]:
    ids = [said.comment.id for said in file.said]
    for row in comments.wordings(session, ids):
        name = f"comments/{row.comment_id}-{row.number}"
        yield f"{name}.txt", row.text.encode("utf-8", "surrogatepass")
        if row.raw:
            yield f"{name}.platform", row.raw
    for comment_id, kept in evidence.of_comments(session, ids).items():
        for each in kept:
            yield f"evidence/{comment_id}-{each.id}-{each.name}", evidence.copy_of(session, each.id).content


def _told(
    session: Session,
    file: CaseFile,
    words: Words,
    *,
    body: str,
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> dict[str, Any]:
    happened = incidents.of_case(session, file.case.id)
    kept = evidence.of_comments(session, [each.comment.id for each in file.said])
    return {
        "language": words.language,
        "reference": file.case.reference,
        "body": body,
        "title": words.gettext("Evidence of case {reference}", reference=file.case.reference),
        "facts": [
            [words.gettext("Body"), body],
            [words.gettext("Made"), f"{words.moment(now)} ({now.isoformat()})"],
            [words.gettext("By"), shown(actor.name)],
            [words.gettext("Policy"), file.case.policy_version],
        ],
        "comments": [_comment(file, each, kept.get(each.comment.id, ()), words) for each in file.said],
        "files": words.gettext("Files kept as evidence"),
        "incidents_title": words.gettext("Incidents"),
        "incidents": [_incident(each, policy, words) for each in happened],
        "about_title": words.gettext("About this bundle"),
        "about": words.gettext(
            "Beside this file lie the originals: the words of every wording as text, and what the platform gave us, "
            "byte for byte. The file SHA256SUMS has the hash of each. A sign that the font of this file lacks is "
            "named in angle brackets."
        ),
    }


def _comment(file: CaseFile, said: desk.Said, kept: Sequence[evidence.Kept], words: Words) -> dict[str, Any]:
    comment, author = said.comment, file.author
    facts = [
        [
            words.gettext("Author"),
            shown(file.author.name) if file.author and file.author.name else words.gettext("Author not known"),
        ],
        [words.gettext("Author's id there"), shown(author.native_id) if author else "–"],
        [words.gettext("Platform"), f"{words.name(file.account.platform)}, {shown(file.account.display_name)}"],
        [words.gettext("Id there"), shown(comment.native_id)],
        [words.gettext("Posted"), f"{words.moment(comment.posted_at)} ({comment.posted_at.isoformat()})"],
        [words.gettext("Now"), words.name(comment.presence)],
    ]
    if comment.url:
        facts.append([words.gettext("Address"), shown(comment.url)])
    return {
        "title": words.gettext("Comment {number}", number=comment.id),
        "language": "cy" if comment.language == "cy" else "en",
        "facts": facts,
        "revisions": [
            {
                "title": words.gettext("Seen {moment}", moment=words.moment(revision.seen_at)),
                "text": shown(revision.text) or "–",
                "facts": [["SHA-256", revision.sha256]],
            }
            for revision in reversed(said.revisions)
        ],
        "files": [f"{shown(each.name)} ({each.size}): SHA-256 {each.sha256}" for each in kept],
    }


def _incident(incident: incidents.IncidentRow, policy: Policy, words: Words) -> str:
    kind = policy.incident(incident.kind)
    name = kind.say(words.language) if kind else incident.kind
    options = {each.slug: each.say(words.language) for each in kind.options} if kind else {}
    parts = [name, options.get(incident.option, ""), words.moment(incident.opened_at), shown(incident.reference)]
    return " · ".join(part for part in parts if part)


def _zipped(parts: Mapping[str, bytes], now: datetime) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as held:
        for name, content in sorted(parts.items()):
            held.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
