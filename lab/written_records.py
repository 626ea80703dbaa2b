"""Made-up releases as the records and measurements that a worker would have left in the store: bytes under keys.

The form is that of the records, written down here a second time: one row a file, each with its own digest and the hash
of the row before it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from lab.two_years import MEASURED_FROM, OPEN, ROLLED_BACK, SIGNED_OFF, STAYED, STOPPED, STUCK, MadeUp

SERVERS = ("web-server-1", "web-server-2")
_EVERY = 15
_REQUESTS = 600
_OLD, _NEW = "sha256:" + "a1" * 32, "sha256:" + "b2" * 32


def write_records(releases: Iterable[MadeUp]) -> dict[str, bytes]:
    """Return what the store holds of these releases."""
    stored: dict[str, bytes] = {}
    for one in releases:
        stored |= _record(one.key, _rows(one, stored))
        if one.undone_after is not None and one.bad_at is not None:
            stored |= _record(undo_key(one), _undo(one))
    return stored


def undo_key(one: MadeUp) -> str:
    """Return the key of the record that rolled this release back after its end."""
    return f"{one.bad_at:%Y%m%d-%H%M%S}-{one.number + 0xF0000000:08x}"


Made = tuple[datetime, str, str, str, str, Mapping[str, Any]]


def _rows(one: MadeUp, stored: dict[str, bytes]) -> Iterator[Made]:
    """Yield what the worker wrote: time, event, item, subject, step, facts."""
    at = one.began
    yield at, "opened", "", "", "", {"release": _release(one)}
    at += timedelta(seconds=one.waits["1.4.1"])
    yield from _judged(one, at)
    if one.ends == STOPPED:
        yield at, "going home", "4.1.1", "", "", {"cause": "checks failed", "sentence": "checks failed"}
        yield at, "sealed", "", "", "", _seal(STOPPED)
        return
    at += timedelta(seconds=one.waits["2.1.1"])
    merged = None if one.merged_before is None else one.began - timedelta(seconds=one.merged_before)
    build = {"commit": _commit(one), "image": "registry.holilabs.xyz/holi-web", "digest": _NEW, "run_url": None}
    yield at, "built", "2.1.1", "", "", {**build, "merged_at": merged.isoformat() if merged else None}
    at += timedelta(seconds=one.waits["1.4.5"])
    yield at, "way back recorded", "1.4.5", "", "", {"digests": dict.fromkeys(SERVERS, _OLD)}
    yield at, "intended", "2.1.2", SERVERS[0], "drained", {"sentence": "in rotation"}
    if one.ends in (ROLLED_BACK, STUCK):
        yield from _went_back(one, stored)
        return
    at += timedelta(seconds=one.waits["2.1.2"])
    yield at, "confirmed", "2.1.2", SERVERS[0], "in rotation", {"sentence": "in rotation"}
    at += timedelta(seconds=one.waits["2.1.3"])
    yield at, "judged", "2.1.3", "", "", {"verdict": "passed", "sentence": "no red flag", "link": None}
    yield at, "asked", "2.1.4", "", "", {"approvers": ["Tomas Lima"]}
    if one.ends == OPEN:
        return
    at += timedelta(seconds=one.waits["2.1.4"])
    approval = {"name": "Tomas Lima", "own": one.own, "sentence": "Tomas Lima requested it and approves it himself"}
    yield at, "approved", "2.1.4", "", "", approval
    yield at, "intended", "2.1.5", SERVERS[1], "drained", {"sentence": "in rotation"}
    at += timedelta(seconds=one.waits["2.1.5"])
    yield at, "confirmed", "2.1.5", SERVERS[1], "in rotation", {"sentence": "in rotation"}
    yield at, "live on every server", "", "", "", {"version": _commit(one), "digest": _NEW}
    if one.ends == STAYED and one.bad_at is not None:
        yield at, "going home", "4.1.1", "", "", {"cause": "people stay", "sentence": "people stay"}
        yield at, "sealed", "", "", "", _seal(STAYED)
        return
    at += timedelta(hours=1)
    yield at, "judged", "3.2.1", "", "", {"verdict": "passed", "sentence": "as usual", "link": None}
    yield at, "sealed", "", "", "", _seal(SIGNED_OFF, _measure(one, at, stored))


def _judged(one: MadeUp, at: datetime) -> Iterator[Made]:
    for item in one.not_passed:
        found = {"verdict": "unknown" if item == "1.3.8" else "failed", "sentence": f"{item} did not hold"}
        yield at, "judged", item, "", "", {**found, "link": None}
        if item in one.waived:
            waiver = {"name": "Omar Reyes", "reason": "mended tomorrow", "typed_by": "", "own": False}
            yield at, "waived", item, "", "", {**found, **waiver}
    well = {"verdict": "passed", "sentence": "all is well", "link": None}
    if one.excepted:
        yield at, "judged", "1.1.4", "", "", {**well, "excepted": [one.excepted]}
    yield at, "judged", "1.4.1", "", "", well


def _went_back(one: MadeUp, stored: dict[str, bytes]) -> Iterator[Made]:
    bad = one.bad_at or one.ready
    if one.found_after is None:
        cause, sentence, sent_home = "red flag", "8 % errors", bad
        yield bad, "red flag", "2.1.3", "", "", {"sentence": sentence, "rule": "2.1: error rate"}
    else:
        cause, sentence, sent_home = "the process died", "silent", bad + timedelta(seconds=one.found_after)
        silence = {"silent_since": bad.isoformat(), "ended": cause}
        yield sent_home, "took over", "", "", "", {"release": _release(one), "sentence": sentence, **silence}
    yield sent_home, "going home", "4.1.1", "", "", {"cause": cause, "sentence": sentence}
    at = one.recovered_at or bad + timedelta(minutes=20)
    yield at, "sealed", "", "", "", _seal(one.ends, _measure(one, bad, stored))


def _undo(one: MadeUp) -> Iterator[Made]:
    at = one.bad_at or one.began
    release = {**_release(one), "key": undo_key(one), "undoes": one.key, "way": "rollback, recovery"}
    yield at, "opened", "", "", "", {"release": {**release, "opened_at": at.isoformat()}}
    yield at, "intended", "4.2.2", SERVERS[0], "put back", {"sentence": "serves the new version"}
    yield one.recovered_at or at, "sealed", "", "", "", _seal(ROLLED_BACK)


def _seal(outcome: str, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"outcome": outcome, "sentence": f"it ended {outcome}", **(more or {})}


def _measure(one: MadeUp, until: datetime, stored: dict[str, bytes]) -> dict[str, Any]:
    """Keep what the watch saw up to then; workers of before did not."""
    if one.began < MEASURED_FROM:
        return {}
    new = one.ready + timedelta(seconds=one.waits["2.1.2"])
    looks = range(0, int((until - one.ready).total_seconds()) + 1, _EVERY)
    samples = [
        [(one.ready + timedelta(seconds=after)).isoformat(), server, _REQUESTS, errors, 0.15, 60.0]
        for after in looks
        for server in SERVERS
        for errors in [_errors(one, after) if server == SERVERS[0] else 1]
    ]
    checks = [[row[0], row[1], 200, '{"status": "healthy", "database": "connected"}'] for row in samples]
    content = {
        "baseline": [0.14, 0.001],
        "new_since": {SERVERS[0]: new.isoformat()},
        "samples": samples,
        "checks": checks,
    }
    body = json.dumps(content).encode()
    key = f"snapshots/{one.key}/watch-000001.json"
    stored[key] = body
    return {"watched": {"key": key, "sha256": hashlib.sha256(body).hexdigest()}}


def _errors(one: MadeUp, after: int) -> int:
    seen_after = None if one.errors or one.found_after is not None else one.bad_after
    bad = 48 if seen_after is not None and after >= seen_after - 2 * _EVERY else 1
    return next((errors for begin, end, errors in one.errors if begin <= after < end), bad)


def _release(one: MadeUp) -> dict[str, Any]:
    authored = None if one.first_commit_before is None else one.began - timedelta(seconds=one.first_commit_before)
    commit = {
        "sha": _commit(one),
        "subject": f"Change {one.number}",
        "author_name": "Dev Anand",
        "author_login": "danand",
        "author_email": "dev@holilabs.xyz",
        "pull_request": one.number,
        "authored_at": authored.isoformat() if authored else None,
    }
    request = {
        "commit": _commit(one),
        "summary": f"Change number {one.number}",
        "requested_by": "Ana Souza",
        "way_back_understood": True,
        "environment": one.environment,
    }
    return {
        "key": one.key,
        "environment": one.environment,
        "way": "standard",
        "request": request,
        "commit": _commit(one),
        "previous_commit": "a1" * 20,
        "commits": [commit],
        "files": ["apps/api/src/patients.ts"],
        "complete": True,
        "migrations": [],
        "risk": one.risk,
        "reasons": ["made up"],
        "servers": list(SERVERS),
        "limits": {},
        "opened_at": one.began.isoformat(),
    }


def _commit(one: MadeUp) -> str:
    return hashlib.sha1(str(one.number).encode(), usedforsecurity=False).hexdigest()


def _record(key: str, rows: Iterable[Made]) -> dict[str, bytes]:
    stored: dict[str, bytes] = {}
    previous = ""
    for number, (at, event, item, subject, step, facts) in enumerate(rows, start=1):
        content = {"number": number, "at": at.isoformat(), "holder": 1, "event": event, "item": item}
        content |= {"subject": subject, "step": step, "facts": facts, "previous": previous}
        body = _canonical({**content, "digest": hashlib.sha256(_canonical(content)).hexdigest()})
        stored[f"records/{key}/{number:06}.json"] = body
        previous = hashlib.sha256(body).hexdigest()
    return stored


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
