"""The dead man's switch: while servers differ, Slack itself holds a message that this process keeps pushing forward.

When the process and its machine die, nobody pushes any more and Slack says who is where and what to type by hand.
It only informs: whatever goes wrong with it is a warning, never the end of a release.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.logging import get_run_logger

from blocks.errors import BlockError, Refused
from blocks.hold import Holds
from flows.world import read_world
from policy.dead_man import PUSHES, last_words, mark, servers_differ
from policy.record import Event, last
from policy.way_home import touched_servers
from tasks.run import Run, utc_now

JOIN_SECONDS = 5


class DeadMansSwitch:
    """A thread that keeps one scheduled message ahead of its time, and none once the fleet is one version again."""

    def __init__(self, run: Run, holds: Holds) -> None:
        self._run = run
        self._holds = holds
        self._log = get_run_logger()
        # A process that died may have left a message of this release.
        self._may_wait = True
        self._pushing = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep_pushing, name=f"dead-man-{run.number}", daemon=True)

    def start(self) -> None:
        """Begin to look whether servers differ."""
        self._thread.start()

    def stop(self) -> None:
        """Stop pushing; a release that ended calls its message off, one that did not leaves it to speak up."""
        self._stopped.set()
        if last(self._run.record.seen, Event.SEALED) and touched_servers(self._run.record.seen):
            with self._pushing, self._only_warning():
                self._call_off()
        self._thread.join(timeout=JOIN_SECONDS)

    def push(self) -> None:
        """While the hold is ours: the message is due later and says how it is now, or is called off."""
        newest = self._holds.newest()
        if newest is None or newest.number != self._run.number:
            return
        world = read_world(self._run)
        if not servers_differ(self._run.record.seen, world):
            self._call_off()
            return
        company, release, now = self._run.company, self._run.release, utc_now()
        commands = company.fleet.hand_commands(release.kept_under)
        text = last_words(release, world, commands, seen_at=now, zone=company.rules.time_zone)
        self._may_wait = True
        next_one = company.slack.schedule_message(company.slack.alerts, text, now + self._run.limits.dead_man)
        self._delete_all_but(next_one.number)

    def _keep_pushing(self) -> None:
        pause = self._run.limits.dead_man.total_seconds() / PUSHES
        pushed = -pause
        while not self._stopped.wait(self._run.limits.heartbeat.total_seconds()):
            due = time.monotonic() - pushed >= pause
            if not due or not touched_servers(self._run.record.seen):
                continue
            with self._pushing, self._only_warning():
                if not self._stopped.is_set():
                    pushed = time.monotonic()
                    self.push()

    def _call_off(self) -> None:
        if self._may_wait:
            self._delete_all_but(None)
            self._may_wait = False

    def _delete_all_but(self, kept: str | None) -> None:
        """Delete by looking: a schedule whose answer was lost, and what a dead process left, go too."""
        slack = self._run.company.slack
        ours = mark(self._run.release)
        too_late: Refused | None = None
        for message in slack.list_scheduled_messages(slack.alerts):
            if ours in message.text and message.number != kept:
                try:
                    slack.delete_scheduled_message(message)
                except Refused as error:
                    too_late = error
        if too_late is not None:
            raise too_late

    @contextmanager
    def _only_warning(self) -> Iterator[None]:
        try:
            yield
        except BlockError as error:
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
