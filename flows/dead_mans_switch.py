"""The dead man's switch: while servers differ, Slack itself holds a message that this process keeps pushing forward.

When the process and its machine die, nobody pushes any more and Slack says who is where and what to type by hand.
Whoever looks after the release then answers it in the same channel, and says there how it ended.
It only informs: whatever goes wrong with it is a warning, never the end of a release.
"""

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from prefect.logging import get_run_logger

from blocks.errors import BlockError, Refused
from blocks.hold import Holds
from blocks.slack import Message, Scheduled
from flows.world import read_world
from policy.dead_man import count_steps, ended, in_hand, last_words, mark, push_is_due, servers_differ
from policy.plans import World
from policy.record import Event, Row, last
from policy.way_home import touched_servers
from tasks.messages import message_key
from tasks.run import Run, utc_now

JOIN_SECONDS, LOOK_SECONDS = 5, 1
# A message that Slack can no longer be kept from posting is answered by others that come after it.
SOON, LATER = timedelta(seconds=2), timedelta(seconds=4)


class DeadMansSwitch:
    """A thread that keeps one scheduled message ahead of its time, and none once the fleet is one version again."""

    def __init__(self, run: Run, holds: Holds) -> None:
        self._run = run
        self._holds = holds
        self._log = get_run_logger()
        # A process that died may have left a message of this release, or Slack may have posted it.
        self._may_wait = True
        self._took_over = bool(touched_servers(run.record.seen))
        self._perhaps_posted = self._took_over
        self._waits: Scheduled | None = None
        self._late: tuple[Scheduled, ...] = ()
        self._posted: Message | None = None
        self._pushing = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep_pushing, name=f"dead-man-{run.number}", daemon=True)

    def start(self) -> None:
        """Begin to look whether servers differ."""
        self._thread.start()

    def stop(self) -> None:
        """Stop pushing; a release that ended calls its message off, one that did not leaves it to speak up."""
        self._stopped.set()
        self.end()
        self._thread.join(timeout=JOIN_SECONDS)

    def end(self) -> None:
        """A release that ended has no message that waits, and one that was posted reads how it ended."""
        sealed = last(self._run.record.seen, Event.SEALED)
        if sealed is None or not touched_servers(self._run.record.seen):
            return
        with self._pushing, self._only_warning():
            self._call_off()
            self._answer(ended(self._run.release, sealed, zone=self._zone), name="ended", after=LATER)

    def push(self) -> None:
        """While the hold is ours: the message is due later and says how it is now, or is called off."""
        newest = self._holds.newest()
        if newest is None or newest.number != self._run.number:
            return
        world, rows = read_world(self._run), self._run.record.seen
        if servers_differ(rows, world):
            self._push(world, rows)
        else:
            self._call_off()
        text = in_hand(self._run.release, taken_over=self._took_over, at=utc_now(), zone=self._zone)
        self._answer(text, name="in hand", after=SOON)

    @property
    def _zone(self) -> str:
        return self._run.company.rules.time_zone

    def _push(self, world: World, rows: Sequence[Row]) -> None:
        company, release, now = self._run.company, self._run.release, utc_now()
        commands = company.fleet.hand_commands(release.kept_under)
        text = last_words(release, world, commands, rows, seen_at=now, zone=self._zone)
        self._may_wait = True
        before = self._waits
        self._waits = company.slack.schedule_message(company.slack.alerts, text, now + self._run.limits.dead_man)
        self._delete_all_but(self._waits, before=before)

    def _keep_pushing(self) -> None:
        pushed, steps, dead_man = -math.inf, 0, self._run.limits.dead_man
        while True:
            rows = self._run.record.seen
            recorded, now = count_steps(rows), time.monotonic()
            since = timedelta(seconds=min(now - pushed, dead_man.total_seconds()))
            if touched_servers(rows) and push_is_due(since, news=recorded > steps, dead_man=dead_man):
                with self._pushing, self._only_warning():
                    if not self._stopped.is_set():
                        pushed, steps = now, recorded
                        self.push()
            if self._stopped.wait(LOOK_SECONDS):
                self._leave_to_others()
                return

    def _leave_to_others(self) -> None:
        """A release that did not end, as one that was cancelled, is recovery's: it has all the time to go on."""
        rows = self._run.record.seen
        if touched_servers(rows) and last(rows, Event.SEALED) is None:
            with self._pushing, self._only_warning():
                self.push()

    def _call_off(self) -> None:
        if self._may_wait:
            before, self._waits = self._waits, None
            self._delete_all_but(None, before=before)
            self._may_wait = bool(self._late)

    def _delete_all_but(self, kept: Scheduled | None, *, before: Scheduled | None) -> None:
        """Delete by looking: a schedule whose answer was lost, and what a dead process left, go too.

        Then it is known what was posted meanwhile, and what will be, for Slack deletes nothing in its last minute.
        """
        slack, ours = self._run.company.slack, mark(self._run.release)
        waiting = [one for one in slack.list_scheduled_messages(slack.alerts) if ours in one.text]
        late = []
        for message in waiting:
            if kept is None or message.number != kept.number:
                try:
                    slack.delete_scheduled_message(message)
                except Refused as error:
                    self._log.warning("The dead man's switch of %s: %s", self._run.release.what, error)
                    late.append(message)
        self._late = tuple(late)
        if before is not None and before.number not in {one.number for one in waiting}:
            self._perhaps_posted = True
        if self._perhaps_posted and not late:
            self._posted, self._perhaps_posted = slack.find_said(slack.alerts, ours), False

    def _answer(self, text: str, *, name: str, after: timedelta) -> None:
        """Below the last words it is said, once, that they are out of date; nothing where they were never said."""
        slack = self._run.company.slack
        if self._late:
            self._perhaps_posted = True
            moment = max(utc_now(), *(one.at for one in self._late)) + after
            first = text.partition("\n")[0]
            if not any(first in one.text for one in slack.list_scheduled_messages(slack.alerts)):
                slack.schedule_message(slack.alerts, text, moment)
        elif self._posted is not None:
            slack.post(slack.alerts, text, message_key(self._run, f"last words {name} {self._posted.stamp}"))

    @contextmanager
    def _only_warning(self) -> Iterator[None]:
        try:
            yield
        except BlockError as error:
            self._perhaps_posted = True
            self._log.warning("The dead man's switch of %s: %s", self._run.release.what, error)


@contextmanager
def dead_mans_switch(run: Run, holds: Holds) -> Iterator[None]:
    """Meanwhile nobody needs this process to be told that servers differ."""
    switch = DeadMansSwitch(run, holds)
    switch.start()
    try:
        yield
    finally:
        switch.stop()
