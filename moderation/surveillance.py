"""What may be searched for: the body and its work, never one person.

Looking again and again for what one person says may be directed surveillance, which needs an
authorisation that no search of ours can give (Regulation of Investigatory Powers Act 2000, section
26; the Code of Practice of 2018, paragraphs 3.10 to 3.17).  So a search names the body or a topic
in every alternative, and follows nobody.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date, timedelta

from vocabulary import Reason

LONGEST_QUERY = 400
LONGEST_REVIEW = timedelta(days=183)
"""A search is looked at again within six months."""

# Operators of X, Bluesky and Mastodon that bring what one account says, does, or is told.
FOLLOWING = re.compile(
    r"(?<![\w-])(from|to|in_reply_to_tweet_id|in_reply_to_status_id|retweets_of|retweets_of_user_id|quotes_of_tweet_id"
    r"|conversation_id|list|bio|bio_name|author|mentions|did|domain|url|context|place_country|point_radius"
    r"|bounding_box|geocode|near):",
    re.IGNORECASE,
)
HANDLE = re.compile(r"(?<![\w/])@([\w.-]+)")
TOPIC = re.compile(r"(?<!\w)#\w{2,}")
WORD = re.compile(r"\w+")
ALTERNATIVES = re.compile(r"\bOR\b")

# Words of a body's name that are everybody's.
EVERYBODYS = frozenset(
    "a ac am and borough cyngor council county cymru dinas for ein eich of office our sir swyddfa the tref unitary "
    "wales y yng yn yr".split()
)

TOO_LONG = Reason("the search is empty, or longer than {most} characters", {"most": LONGEST_QUERY})
FOLLOWS = Reason(
    "the search follows an account ({word}); looking at one person again and again may be directed surveillance"
)
NAMES = Reason(
    "every alternative must name the body or a #topic, and {part} does neither; a search about one person is refused"
)


def names_of(texts: Iterable[str]) -> frozenset[str]:
    """The words by which a body is known, from its name in both languages and those of its accounts."""
    words = (word.casefold() for text in texts for word in WORD.findall(text))
    return frozenset(word for word in words if len(word) > 2 and word not in EVERYBODYS)


def refusal(query: str, names: Collection[str], handles: Collection[str] = ()) -> Reason | None:
    """Why a search is refused; None where it may be made.

    `names` are the words of `names_of`, `handles` those of our own accounts without their @.
    """
    if not query.strip() or len(query) > LONGEST_QUERY:
        return TOO_LONG
    if found := FOLLOWING.search(query):
        return Reason(FOLLOWS.text, {"word": found[0]})
    ours = {handle.casefold() for handle in handles}
    if stranger := next((each for each in HANDLE.findall(query) if each.casefold() not in ours), None):
        return Reason(FOLLOWS.text, {"word": f"@{stranger}"})
    for part in ALTERNATIVES.split(query):
        wanted = re.sub(r'(?<!\S)-(?:"[^"]*"|\S+)', " ", part)
        words = {word.casefold() for word in WORD.findall(wanted)}
        if words.isdisjoint(names) and not TOPIC.search(wanted) and words.isdisjoint(ours):
            return Reason(NAMES.text, {"part": part.strip() or query.strip()})
    return None


def review_refusal(review_on: date, today: date) -> Reason | None:
    """Why a day of review is refused: it must come, and within six months."""
    if today < review_on <= today + LONGEST_REVIEW:
        return None
    last = today + LONGEST_REVIEW
    return Reason("the day on which it is looked at again must lie ahead, and not after {last}", {"last": str(last)})
