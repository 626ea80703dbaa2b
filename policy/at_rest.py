"""Is an environment at rest: nobody's work left open, one version on every server, and each of them in rotation?

A release whose heart beats explains what differs; one that died, or that was left to people, does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy.clock import clock, exact_clock
from policy.judgement import Judgement, failed, not_applicable, passed, spoken, spoken_so_far, unknown
from policy.metrics import Ending
from policy.plans import ServerState
from policy.record import Event, Row, Unreadable
from policy.wording import as_clause, short, short_digest

_RUNBOOK = 'docs/runbook.md, "… needs hands"'
_BY_ITSELF = "recovery takes it over by itself while a worker runs (Prefect, worker): start one if none does"
# What the last row of a record is: the row, why it cannot be read, or nothing where none was written.
End = Row | Unreadable | None


@dataclass(frozen=True, slots=True)
class Holder:
    """The newest hold on an environment: whose it is, and what says whether its process lives.

    `given_up` is what the process said when it went away; empty where it said nothing.
    """

    number: int
    by: str
    what: str
    release: str
    sentence: str
    released: bool
    dead: bool
    given_up: str
    last_beat: datetime
    silent_for: timedelta

    @property
    def lives(self) -> bool:
        """Whether somebody is at it now."""
        return not self.released and not self.dead


@dataclass(frozen=True, slots=True)
class AtWork:
    """Whether a release is at the servers now; `not_known` says why the store does not tell."""

    holder: Holder | None = None
    not_known: str = ""

    def explain(self, wrong: str, *, by_hand: str) -> tuple[Judgement, str]:
        """Pass what a living release explains; `by_hand` is what to do where nobody is at it any more."""
        if self.not_known:
            return unknown(f"{wrong}; whether a release is between them is not known: {self.not_known}"), by_hand
        if self.holder is None or self.holder.released:
            return failed(f"{wrong}; no release is at it"), by_hand
        if self.holder.dead:
            by = f"the release that was at it has fallen silent (hold {self.holder.number})"
            return failed(f"{wrong}; {by}"), "see store, hold: recovery brings the servers together"
        return passed(f"a release is between the servers: {self.holder.sentence}; {wrong}"), ""


def judge_hold(
    holder: Holder | None, end: End, servers: Sequence[ServerState], *, limit: timedelta, zone: str
) -> tuple[Judgement, str]:
    """Pass while nobody holds the environment, or whoever does lives; with it goes what ends a dead hold.

    `servers` are looked at for a dead one alone: where they are one version, a roll-back would undo an earlier release.
    """
    if holder is None:
        return passed("nobody has held the environment yet"), ""
    if holder.released:
        return passed(f"nobody holds the environment; the newest was hold {holder.number}"), ""
    if holder.lives:
        heard = f"its heart beat {spoken_so_far(holder.silent_for)} ago; the limit is {spoken(limit)}"
        return passed(f"{holder.sentence}; {heard}"), ""
    since = exact_clock(holder.last_beat, zone)
    silent = f"silent since {since} ({spoken_so_far(holder.silent_for)}, the limit is {spoken(limit)})"
    gone = f"given up: {as_clause(holder.given_up)}" if holder.given_up else silent
    said = f"hold {holder.number} of {holder.by} for {holder.what} is {gone}, and {_say_end(end)}"
    if isinstance(end, Unreadable):
        return failed(said), f"bring the servers together by hand, then `Break hold/break-hold`: {_RUNBOOK}"
    if one := _say_one_version(servers):
        ends = f"{_BY_ITSELF}. Roll nothing back: that may undo an earlier release"
        return failed(f"{said}; every server of production already serves {one}"), ends
    named = f"`release` {holder.release}: without it the newest release that a server serves by then is undone"
    return failed(said), f"{_BY_ITSELF}; to go back at once start `Rollback/rollback` with {named}"


def _say_end(end: End) -> str:
    if isinstance(end, Unreadable):
        return f"its record cannot be read: {end}"
    if end is None:
        return "its record holds nothing"
    return "its record is sealed" if end.event is Event.SEALED else "its record is open"


def judge_newest(holder: Holder | None, end: End, *, zone: str) -> tuple[Judgement, str]:
    """Pass unless the newest release was left to people, or has a record that nobody ends any more."""
    if holder is None:
        return not_applicable("there was none yet"), ""
    if not holder.released:
        return passed(f"{holder.what} is under way"), ""
    if end is None:
        return passed(f"{holder.what} ended before it wrote anything"), ""
    read = f"read what it says: python -m deployments.verify_record {holder.release}"
    if isinstance(end, Unreadable):
        return failed(f"the record of {holder.what} cannot be read: {end}"), f"{read}; {_RUNBOOK}"
    if end.event is not Event.SEALED:
        return failed(f"the record of {holder.what} is open, and nobody holds the environment"), f"{read}; {_RUNBOOK}"
    outcome = str(end.facts.get("outcome", ""))
    if outcome == Ending.STUCK:
        return (
            failed(f"{holder.what} was left to people on {clock(end.at, zone)}: {end.facts.get('sentence', '')}"),
            f"do what its page in the alerts channel says ({_RUNBOOK}); the next release or roll-back that ends well"
            " ends this row",
        )
    return passed(f"{holder.what}: {outcome}"), ""


def judge_one_version(servers: Sequence[ServerState], at_work: AtWork) -> tuple[Judgement, str]:
    """Pass if every server is known to serve one and the same version, or a living release is between them."""
    silent = [server.name for server in servers if server.digest is None]
    serving: dict[str, list[ServerState]] = {}
    for server in servers:
        if server.digest is not None:
            serving.setdefault(_version(server), []).append(server)
    said = "; ".join(_say_where(group) for group in serving.values())
    if len(serving) > 1:
        together = "`Rollback/rollback` puts every server on the version before the newest release that one serves"
        return at_work.explain(f"the servers differ: {said}", by_hand=f"{together}; or by hand: {_RUNBOOK}")
    if silent:
        also = f"; {said}" if said else ""
        return unknown(f"not known of {', '.join(silent)}{also}"), f"see the rows of {', '.join(silent)}"
    return passed(said), ""


def _version(server: ServerState) -> str:
    """What is built on a server has a digest of its own there: only its commit says whether others serve the same."""
    return server.version if server.built_there and server.version else str(server.digest)


def _say_where(group: Sequence[ServerState]) -> str:
    names = ", ".join(server.name for server in group)
    return f"{names} {'is' if len(group) == 1 else 'are'} on {_say_version(group)}"


def _say_version(group: Sequence[ServerState]) -> str:
    digest = short_digest(group[0].digest)
    commit = next((server.version for server in group if server.version), None)
    return f"{short(commit)} ({digest})" if commit else digest


def _say_one_version(servers: Sequence[ServerState]) -> str:
    """Name the version that every server is known to serve; empty where they differ, or one is not known."""
    known = {_version(server) for server in servers if server.digest is not None}
    return _say_version(servers) if len(known) == 1 and all(server.digest for server in servers) else ""


def judge_rotation(out: Mapping[str, str], at_work: AtWork, *, servers: int, back: str) -> tuple[Judgement, str]:
    """Pass if no server is out of rotation, or a living release has it out.

    `out` says of each that is out how the balancer has it, `back` what a person types to give it requests again.
    """
    if not out:
        return passed("the server is in rotation" if servers == 1 else f"all {servers} are in rotation"), ""
    said = ", ".join(f"{name} ({state})" for name, state in out.items())
    many = f"{said} {'are' if len(out) > 1 else 'is'} out of rotation"
    return at_work.explain(many, by_hand=f"see the rows of {', '.join(out)}; once well, back into rotation: {back}")
