"""What a policy pack says of an opinion of the panel: what is flagged, how serious it is, which reply is owed."""

from __future__ import annotations

from classifiers.summary import Rules
from moderation import routing
from moderation.policy import Policy
from vocabulary import Label


def rules_of(policy: Policy) -> Rules:
    """The pack, as `gwylio classify` and the API ask it."""
    return Rules(
        threshold=policy.threshold,
        severities={label: policy.severity[label] for label in Label},
        reply_in=lambda language, unsure: routing.reply_in(language, unsure=unsure, policy=policy),
    )
