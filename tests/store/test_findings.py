"""A person's word on a comment outlives every reading of it."""

from __future__ import annotations

from store import comments, findings
from store.database import Session, Store
from tests.factories import MONDAY, a_comment, a_user, with_account
from vocabulary import Finding, Label, Language, Question, Reason


def seen(about: Label | Question, score: float, says: str = "") -> Finding:
    return Finding(about=about, score=score, why=(Reason("a reason"),), classifier="test/1", says=says)


def test_a_correction_stands_when_the_comment_is_read_again(store: Store) -> None:
    account = with_account(store)
    [comment_id] = store.write(lambda session: comments.keep(session, account, [a_comment()], now=MONDAY)).new

    def correct(session: Session) -> None:
        mair = a_user(session)
        for about, says in ((Label.ABUSE, "no"), (Question.LANGUAGE, "cy")):
            findings.correct(session, comment_id, about, says, user_id=mair.id, reason="Cellwair", now=MONDAY)

    def read(session: Session) -> None:
        read_as = [seen(Label.ABUSE, 0.9), seen(Label.NEGATIVE, 0.8), seen(Question.LANGUAGE, 0.9, "en")]
        findings.replace(session, comment_id, 1, read_as, now=MONDAY)

    store.write(read)
    store.write(correct)
    store.write(read)

    with store.read() as session:
        found = {each.about: each for each in findings.of_comments(session, [comment_id])[comment_id]}
    assert found[Label.ABUSE].score == 0.0
    assert found[Label.NEGATIVE].score == 0.8
    assert found[Question.LANGUAGE].says == Language.CY
