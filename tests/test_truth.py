"""Whatever happens on a platform and to us, the store ends up with the platform's truth: for every platform.

A random history of posts, late-listed comments, edits, deletions, returns, dead tokens, faults and
crashes is played through the real collector, client and pipeline.  Afterwards no comment is missing,
none is there twice, its words are the newest, every wording that a whole round could see is kept,
and deleted means deleted: an error was never taken for one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

import pipeline
from simulator.faults import Fault, Kind
from simulator.world import Message
from store import audit
from store.comments import CommentRow, OwnReplyRow, RevisionRow
from store.database import Session, Store
from tests.collectors.contracts import CONTRACTS, Contract
from tests.town import NINE
from tests.village import settle_in
from vocabulary import Platform, Presence

EXAMPLES = int(os.environ.get("TRUTH_EXAMPLES", "3"))
STEPS = 40
OUTAGES = 4
"""Days in one history on which a platform is down."""
EDITS_ARE_SEEN = timedelta(days=7)
"""Where a platform does not tell of edits, comments are read again for a fortnight; the outages are taken off."""
KEY = "k" * 40
HELD = (Presence.PRESENT, Presence.EDITED, Presence.HIDDEN_BY_US)
SLOW = frozenset({Kind.SLOW, Kind.DRIP})


class Died(BaseException):
    """The process ended here."""


@dataclass(slots=True)
class Mortal:
    """A store whose process ends at a write, before it is committed or just after."""

    store: Store
    writes: int
    committed: bool

    def write(self, act: Callable[[Session], Any]) -> Any:
        self.writes -= 1
        if self.writes == 0 and not self.committed:
            raise Died
        answer = self.store.write(act)
        if self.writes == 0:
            raise Died
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class Truth(RuleBasedStateMachine):
    """What happens to one platform and to us; `contract` is given by a subclass for each."""

    contract: ClassVar[Contract]

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.scene = settle_in(self.contract.platform, Path(self.folder.name))
        self.simulator = self.scene.simulator
        self.tokens, self.outages = 1, 0
        self.scene.posts.append(self.simulator.world.post("dyffryn", "Gwasanaethau", NINE - timedelta(hours=1)))
        for number in range(5):
            self._write({"post": self.scene.posts[number % 2]}, 20 * (number == 4), number)

    # --- what happens there

    @rule()
    def we_post(self) -> None:
        self.scene.wait(minutes=1)
        self.scene.posts.append(self.simulator.world.post("dyffryn", "Newyddion", self.scene.now))

    @rule(place=st.integers(0, 9), late=st.sampled_from([0, 0, 0, 20]), many=st.integers(1, 4))
    def somebody_writes(self, place: int, late: int, many: int) -> None:
        for author in range(many):
            self._write({"post": self.scene.posts[place % len(self.scene.posts)]}, late, author)

    @precondition(lambda self: self.scene.comments)
    @rule(place=st.integers(0, 9), author=st.integers(1, 3))
    def somebody_answers_them(self, place: int, author: int) -> None:
        above = self.simulator.world.message(self.scene.comments[place % len(self.scene.comments)])
        if above is not None and above.exists(self.scene.now):
            self._write({"parent": above.native_id}, 0, author)

    def _write(self, where: dict[str, Any], late: int, author: int) -> None:
        scene = self.scene
        scene.wait(seconds=7)
        scene.serial += 1
        scene.comments.append(
            self.simulator.world.comment(
                "dyffryn",
                f"Sylw {scene.serial}",
                f"700{author}",
                f"Enw {author}",
                scene.now,
                listed_at=scene.now + timedelta(minutes=late) if late else None,
                **where,
            )
        )

    @precondition(lambda self: self.scene.comments and self.contract.sees_edits)
    @rule(place=st.integers(0, 9))
    def somebody_edits(self, place: int) -> None:
        message = self._some(place)
        if message is not None and len(message.versions) < 5 and self._is_young(message):
            self.scene.wait(seconds=7)
            self.scene.serial += 1
            self.simulator.world.edit(message.native_id, f"Golygwyd {self.scene.serial}", self.scene.now)

    @precondition(lambda self: self.scene.comments)
    @rule(place=st.integers(0, 9))
    def somebody_deletes(self, place: int) -> None:
        message = self._some(place)
        if message is not None and not self._answered(message):
            self.simulator.world.delete(message.native_id, self.scene.now)

    @precondition(lambda self: self.scene.comments)
    @rule(place=st.integers(0, 9))
    def it_comes_back(self, place: int) -> None:
        message = self.simulator.world.message(self.scene.comments[place % len(self.scene.comments)])
        if message is not None and not message.exists(self.scene.now):
            self.scene.wait(minutes=1)
            self.simulator.world.restore(message.native_id, self.scene.now)

    @precondition(lambda self: self.scene.comments)
    @rule(place=st.integers(0, 9))
    def we_answer_there_by_hand(self, place: int) -> None:
        message = self._some(place)
        if message is not None:
            self.scene.wait(seconds=7)
            us = self.scene.account.native_id
            self.simulator.world.comment("dyffryn", "Diolch", us, "", self.scene.now, parent=message.native_id)

    @rule()
    def the_token_dies(self) -> None:
        self.tokens += 1
        self.simulator.world.renew_token("dyffryn", self.contract.token.format(self.tokens))

    @rule()
    def we_connect_again(self) -> None:
        self.scene.connect()

    @rule(which=st.integers(0, 40), nth=st.integers(1, 4))
    def something_goes_wrong(self, which: int, nth: int) -> None:
        kinds = self._kinds()
        kind = kinds[which % len(kinds)]
        self.simulator.faults.add(Fault(kind, nth=nth, seconds=60))

    def _kinds(self) -> list[Kind]:
        return sorted({kind for kind, _ in self.contract.ends} - SLOW | set(self.contract.harmless))

    @precondition(lambda self: self.outages < OUTAGES)
    @rule(which=st.integers(0, 40))
    def it_is_down_for_a_day(self, which: int) -> None:
        """Every request fails in one way, and whoever is looked for again must not be taken for deleted."""
        self.outages += 1
        kinds, scene = self._kinds(), self.scene
        kind = kinds[which % len(kinds)]
        if kind is Kind.GONE:
            return  # then the platform says of everything that it is deleted, and is to be believed
        faults = self.simulator.faults
        armed = list(faults.rows)
        faults.clear()
        faults.add(Fault(kind, times=100_000, seconds=60))
        before = {native_id for native_id, row in self.scene.held().items() if row.presence not in HELD}
        for _ in range(3):
            scene.wait(hours=7)
            scene.collect()
            pipeline.recheck(scene.here, "dyffryn", now=scene.now)
        gone = {native_id for native_id, row in self.scene.held().items() if row.presence not in HELD} - before
        standing = {native_id for native_id, message in scene.truth().items() if message.exists(scene.now)}
        assert not gone & standing, f"{kind} was taken for a deletion"
        faults.clear()
        for fault in armed:
            faults.add(fault)

    # --- what we do

    @rule(minutes=st.sampled_from([1, 10, 10, 30, 90]))
    def we_collect(self, minutes: int) -> None:
        self.scene.wait(minutes=minutes)
        self.scene.collect()

    @rule()
    def we_look_again(self) -> None:
        self.scene.wait(hours=7)
        pipeline.recheck(self.scene.here, "dyffryn", now=self.scene.now)

    @rule(writes=st.integers(1, 6), committed=st.booleans())
    def the_process_ends_while_collecting(self, writes: int, committed: bool) -> None:
        scene = self.scene
        scene.wait(minutes=10)
        mortal: Any = Mortal(scene.here.store, writes, committed)
        try:
            scene.collect(replace(scene.here, store=mortal))
        except Died:
            note("died")
        scene.close()
        scene.open()

    # --- and what we end up with

    def _some(self, place: int) -> Message | None:
        message = self.simulator.world.message(self.scene.comments[place % len(self.scene.comments)])
        return message if message is not None and message.exists(self.scene.now) else None

    def _is_young(self, message: Message) -> bool:
        return self.scene.now - message.at < EDITS_ARE_SEEN

    def _answered(self, message: Message) -> bool:
        """Platforms differ in what becomes of the answers under a comment that is deleted."""
        return any(each.parent == message.native_id for each in self.simulator.world.messages("dyffryn"))

    def teardown(self) -> None:
        if not hasattr(self, "scene"):
            return
        try:
            self._once_more()
            self._settle()
            self._compare()
        finally:
            self.scene.close()
            self.simulator.stop()
            self.folder.cleanup()

    def _once_more(self) -> None:
        """Whatever the history was, each of these happens at least once, and in this order."""
        scene, kinds = self.scene, self._kinds()
        self.simulator.faults.clear()
        scene.connect()
        scene.wait(minutes=30)
        scene.collect()
        self._write({"post": scene.posts[-1]}, 20, 1)
        self._write({"post": scene.posts[0]}, 0, 2)
        scene.wait(minutes=10)
        scene.collect()
        standing = [message for message in scene.truth().values() if message.exists(scene.now)]
        if self.contract.sees_edits:
            scene.wait(minutes=1)
            young = next(filter(self._is_young, standing))
            self.simulator.world.edit(young.native_id, "Golygwyd eto", scene.now)
        unanswered = [message for message in standing[1:] if not self._answered(message)]
        if unanswered:
            self.simulator.world.delete(unanswered[0].native_id, scene.now)
        self.it_is_down_for_a_day(scene.serial % len(kinds))

    def _settle(self) -> None:
        scene = self.scene
        self.simulator.faults.clear()
        scene.connect()
        for _ in range(3):
            scene.wait(hours=1)
            for _ in range(4):
                scene.collect()
        for _ in range(3):
            scene.wait(hours=7)
            scene.collect()
            pipeline.recheck(scene.here, "dyffryn", now=scene.now)
        scene.wait(minutes=10)
        told = scene.collect()
        assert [(each.troubles, each.incomplete) for each in told] == [([], False)]

    def _compare(self) -> None:
        scene, now = self.scene, self.scene.now
        with scene.here.store.read() as session:
            rows = {row.native_id: row for row in session.scalars(select(CommentRow))}
            wordings: dict[int, list[str]] = {}
            for revision in session.scalars(select(RevisionRow).order_by(RevisionRow.comment_id, RevisionRow.number)):
                wordings.setdefault(revision.comment_id, []).append(revision.text)
            ours = session.scalars(select(OwnReplyRow.native_id)).all()
            head = audit.read_head(scene.here.settings.audit_head_file)
            assert audit.verify(session, scene.here.keys.audit, head) is None
        truth = scene.truth()
        standing = {native_id for native_id, message in truth.items() if message.exists(now)}
        assert standing <= set(rows) <= set(truth), "missing, or never written"
        for native_id, row in rows.items():
            message = truth[native_id]
            said = wordings[row.id]
            known = [version.text for version in message.versions]
            assert [text for text in known if text in said] == said, "wordings out of order, or invented"
            if native_id in standing:
                assert said[-1] == message.current(now).text, "not the newest words"
                assert row.presence in HELD, "taken for deleted"
            else:
                assert row.presence is Presence.DELETED_BY_AUTHOR, "its deletion was not noticed"
                assert row.noticed_gone is not None
                assert row.first_seen <= row.last_seen < row.noticed_gone
        written = {m.native_id for m in self.simulator.world.replies_by_us("dyffryn")}
        assert written <= set(ours)
        assert len(ours) == len(set(ours))


@pytest.mark.slow
@pytest.mark.parametrize("platform", CONTRACTS, ids=lambda platform: platform.value)
def test_the_store_ends_up_with_the_platforms_truth(platform: Platform) -> None:
    run_state_machine_as_test(
        type(f"Truth_{platform.value}", (Truth,), {"contract": CONTRACTS[platform]}),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
