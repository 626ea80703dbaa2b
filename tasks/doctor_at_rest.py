"""What `doctor` tries of production as a whole: whether a release is open, and whether the servers are one version."""

from collections.abc import Iterator
from functools import cache

from blocks.company import Company
from blocks.errors import BlockError
from blocks.hold import Holds
from blocks.load_balancer import BalancedServer
from blocks.record import read_end
from policy.at_rest import AtWork, End, Holder, judge_hold, judge_newest, judge_one_version, judge_rotation
from policy.diagnosis import Finding, judge_balanced, not_tried
from policy.judgement import Judgement, passed
from policy.plans import ServerState
from tasks.attempt import attempt, attempt_advised
from tasks.systems import BALANCER
from tasks.world import read_servers

_MEND_STORE = "mend the folder, or the bucket and its keys: docs/settings.md, [store]"
_BALANCERS = {
    "haproxy": "read HAProxy's answer by hand on the balancer's host, as the user of the settings",
    "commands": "give `state` of `[balancer.commands]` by hand on the balancer's host, as the user of the settings",
}


def try_store(company: Company) -> Iterator[Finding]:
    """The store answers, nobody who is dead holds the environment, and no release was left to people."""
    part = "store"
    seen: list[Holder | None] = []

    def answers() -> Judgement:
        seen.append(read_holder(company))
        return passed("answers")

    store = attempt(part, "records and holds", answers, _MEND_STORE)
    yield store
    if not seen:
        yield from (not_tried(part, other, see=store) for other in ("hold", "newest release"))
        return
    (holder,), newest = seen, "newest release"

    @cache
    def end() -> End:
        return read_end(company.store, holder.release) if holder else None

    def is_held() -> tuple[Judgement, str]:
        stale, zone = company.limits.heartbeat_stale, company.rules.time_zone
        servers = _read_production(company) if holder is not None and holder.dead else ()
        return judge_hold(holder, end(), servers, limit=stale, zone=zone)

    def was_ended() -> tuple[Judgement, str]:
        return judge_newest(holder, end(), zone=company.rules.time_zone)

    hold = attempt_advised(part, "hold", is_held, _MEND_STORE)
    yield hold
    yield attempt_advised(part, newest, was_ended, _MEND_STORE) if hold.is_well else not_tried(part, newest, see=hold)


def try_versions(company: Company) -> Iterator[Finding]:
    """Every server of production is on one version, unless a living release is between them."""

    def are_one() -> tuple[Judgement, str]:
        # Whoever holds the environment is read first: a release that has ended since left one version.
        at_work = who_is_at_work(company)
        return judge_one_version(_read_production(company), at_work)

    yield attempt_advised("servers", "one version", are_one, "see the rows of the servers")


def try_balancer(company: Company) -> Iterator[Finding]:
    """The balancer's host lets us in, its backend holds the servers, and each of them gets requests."""
    balancer, part, rotation = BALANCER.of(company), "balancer", "in rotation"
    if balancer is None:
        return
    expected = {server.balancer_name: server.name for server in company.fleet.servers}
    at_work = who_is_at_work(company)
    seen: list[BalancedServer] = []

    def knows() -> tuple[Judgement, str]:
        seen.extend(balancer.read_servers())
        judgement = judge_balanced(list(expected), [server.name for server in seen])
        return judgement, "name the servers there as in the settings: each one's `balancer_name`"

    def gets_requests() -> tuple[Judgement, str]:
        known = [server for server in seen if server.name in expected]
        out = [server for server in known if not server.in_rotation]
        said = {expected[one.name]: f"{one.admin_state}, {'up' if one.up else 'down'}" for one in out}
        back = "; ".join(balancer.hand_ready_command(server.name) for server in out)
        return judge_rotation(said, at_work, servers=len(known), back=back)

    reached = attempt_advised(part, "SSH and servers", knows, _BALANCERS[company.rules.balancer])
    yield reached
    usual = "see whether each server is up"
    yield attempt_advised(part, rotation, gets_requests, usual) if seen else not_tried(part, rotation, see=reached)
    yield attempt(
        part,
        "fence",
        lambda: passed(f"its number is {balancer.read_fence()}"),
        "let the user own the folder `balancer.directory` there",
    )


def _read_production(company: Company) -> tuple[ServerState, ...]:
    return read_servers(company, [server.name for server in company.fleet.servers])


def who_is_at_work(company: Company) -> AtWork:
    """Return who holds the environment, or why the store does not say."""
    try:
        return AtWork(read_holder(company))
    except BlockError as error:
        return AtWork(not_known=str(error))


def read_holder(company: Company) -> Holder | None:
    """Return the newest hold on the environment, or None if nobody ever held it."""
    hold = Holds(company.store, company.rules.environment).newest()
    if hold is None:
        return None
    return Holder(
        number=hold.number,
        by=hold.by,
        what=hold.what,
        release=hold.release,
        sentence=hold.sentence,
        released=hold.released,
        dead=hold.is_dead(company.limits.heartbeat_stale),
        given_up=hold.abandoned or "",
        last_beat=hold.last_sign,
        silent_for=hold.silent_for,
    )
