"""Who tells what happens in the lab as it happens: in a demonstration, and in a rehearsal."""

import time
from collections.abc import Callable

from lab.client import Lab, Shipped
from lab.control_plane import ControlPlane
from lab.release_request import DEPLOYMENT, ask_for

# The end of each record; whoever reads along has no use for it.
SEALED = ":lock:"


class Teller:
    """The lab, Prefect, and the person who tells what happens."""

    def __init__(self, lab: Lab, control: ControlPlane) -> None:
        self.lab = lab
        self.control = control
        self.began = time.monotonic()

    def say(self, text: str) -> None:
        """Print one line with the time since the start."""
        print(f"[{time.monotonic() - self.began:6.1f} s] {text}", flush=True)

    def release(self, shipped: Shipped, summary: str) -> str:
        """Start a production deployment as the UI's form does."""
        run = self.control.run_deployment(DEPLOYMENT, ask_for(shipped, summary))
        self.say(f"Ana Souza starts the deployment of {shipped.commit[:7]}: {summary}")
        self.say(f"  its page: {self.control.page_of(run)}")
        return run

    def serves(self, commit: str) -> bool:
        """True if every server serves this commit and is in rotation."""
        return set(self.lab.versions_serving().values()) == {commit} and all(self.lab.in_rotation().values())

    def wait_until(self, true: Callable[[], bool], seconds: float) -> None:
        """Return when the condition holds or the time is over; the story's expectations say which."""
        deadline = time.monotonic() + seconds
        while not true() and time.monotonic() < deadline:
            time.sleep(0.3)

    def last_word(self, phrase: str, *, after: str = "") -> str:
        """Return the newest Slack message with this phrase, as one line."""
        messages = [str(message["text"]) for message in self.lab.slack_messages("C0DEPLOYMENTS")]
        if after:
            start = [number for number, text in enumerate(messages) if after[:7] in text]
            messages = messages[start[0] :] if start else []
        return next((" / ".join(text.splitlines()[:3]) for text in reversed(messages) if phrase in text), "nothing")

    def newest_word(self) -> str:
        """Return the newest Slack message to everybody, as one line."""
        messages = [str(message["text"]) for message in self.lab.slack_messages("C0DEPLOYMENTS")]
        spoken = [text for text in messages if not text.startswith(SEALED)]
        return " / ".join(spoken[-1].splitlines()[:3]) if spoken else "nothing"

    def tell_world(self, *, counts_said: bool) -> None:
        """Say what every server serves, and what became of the requests."""
        rotation = self.lab.in_rotation()
        for server, version in self.lab.versions_serving().items():
            where = "in rotation" if rotation.get(server) else "out of rotation"
            self.say(f"  {server}: {str(version)[:7]}, {where}")
        if counts_said:
            counts = self.lab.traffic()
            self.say(
                f"  requests: {counts.sent} sent, {counts.failed} failed by the application,"
                f" {counts.lost} lost, slowest {counts.slowest:.2f} s"
            )
