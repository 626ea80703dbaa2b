"""Is a server healthy, and does it run the version it should: one answer, judged (1.4.1, 3.1.1)."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from policy.judgement import Judgement, failed, passed, unknown, worst_of

NOBODY_LISTENS = 0
_SHOWN_HEX = 12


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    """What a server answered when it was asked for its health, as it came; status 0 if nothing listens there."""

    server: str
    status_code: int
    body: str


@dataclass(frozen=True, slots=True)
class Health:
    """What a health answer says; None where it does not say it."""

    status: str | None
    database: object
    version: str | None

    @property
    def database_connected(self) -> bool:
        """Both shapes of the checklist are right: `"connected"` and `{"connected": true}`."""
        if isinstance(self.database, dict):
            return self.database.get("connected") is True
        return self.database == "connected"


def read_report(body: str) -> dict[str, object] | None:
    """Read a JSON object; None when the body is anything else, also one that says the same thing twice."""
    try:
        report = json.loads(body, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        return None
    return report if isinstance(report, dict) else None


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    report = dict(pairs)
    if len(report) < len(pairs):
        raise ValueError("a name stands there twice")
    return report


def read_health(answer: HealthAnswer) -> Health | None:
    """Read a health answer; None when it is not a health report."""
    report = read_report(answer.body)
    if report is None:
        return None
    status, version = report.get("status"), report.get("version")
    return Health(
        status=status if isinstance(status, str) else None,
        database=report.get("database"),
        version=version if isinstance(version, str) and version else None,
    )


def is_version(served: str, expected: str) -> bool:
    """Whether two commits are the same, one of them perhaps abbreviated to seven or more digits."""
    one, other = served.strip().lower(), expected.strip().lower()
    if one == other:
        return one != ""
    shorter, longer = sorted((one, other), key=len)
    return re.fullmatch(r"[0-9a-f]{7,}", shorter) is not None and longer.startswith(shorter)


def judge_health(answer: HealthAnswer, *, version: str | None = None) -> Judgement:
    """Pass when the server is `healthy`, its database connected and, if given, `version` served."""
    health = read_health(answer)
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        said = f", status {health.status!r}" if health is not None and health.status else ""
        return failed(f"{answer.server} is not healthy: HTTP {answer.status_code}{said}; expected 200")
    if answer.status_code == NOBODY_LISTENS:
        return failed(f"{answer.server} does not serve: {answer.body or 'nothing listens'}")
    if answer.status_code != HTTPStatus.OK:
        return unknown(f"{answer.server} answered HTTP {answer.status_code}, which is no health report; expected 200")
    if health is None or health.status is None:
        return unknown(f"{answer.server} answered 200 with something that is no health report")
    if health.status != "healthy":
        return failed(f"{answer.server} is not healthy: status {health.status!r}; expected 'healthy'")
    if not health.database_connected:
        found = "says nothing of its database" if health.database is None else f"database is {health.database!r}"
        return failed(f"{answer.server} is not healthy: {found}; expected 'connected'")
    return _judge_version(answer.server, health.version, version)


def _judge_version(server: str, served: str | None, expected: str | None) -> Judgement:
    if expected is None:
        return passed(f"{server} is healthy, database connected" + (f", serves {_short(served)}" if served else ""))
    if served is None:
        return unknown(f"{server} is healthy but does not say its version (expected {_short(expected)})")
    if not is_version(served, expected):
        return failed(f"{server} is healthy but still serves {_short(served)} (expected {_short(expected)})")
    return passed(f"{server} is healthy, database connected, serves {_short(served)}")


def _short(version: str) -> str:
    return version[:_SHOWN_HEX]


def judge_every_server(answers: Sequence[HealthAnswer], *, servers: Collection[str], version: str | None) -> Judgement:
    """Pass when each of the named servers, and no other, is healthy and serves the version."""
    answered = {answer.server for answer in answers}
    judgements = [judge_health(answer, version=version) for answer in answers]
    judgements += [unknown(f"{server} gave no health answer") for server in sorted(set(servers) - answered)]
    judgements += [
        unknown(f"{server} answered but is none of our servers") for server in sorted(answered - set(servers))
    ]
    worst = worst_of(judgements)
    if not worst.verdict.lets_pass:
        wrong = [judgement for judgement in judgements if not judgement.verdict.lets_pass]
        return Judgement(worst.verdict, "; ".join(judgement.sentence for judgement in wrong))
    one = len(answered) == 1
    who = f"{min(answered)} is" if one else f"all {len(answered)} servers ({', '.join(sorted(answered))}) are"
    serving = "" if version is None else f" and {'serves' if one else 'serve'} {_short(version)}"
    return passed(f"{who} healthy{serving}")


def judge_staging_tree(served: str, served_tree: str | None, *, commit: str, tree: str | None) -> Judgement:
    """Pass when staging serves the very files of the commit; a merge has another hash."""
    if is_version(served, commit):
        return passed(f"staging serves {_short(commit)}")
    if not served_tree or not tree:
        missing = served if not served_tree else commit
        return unknown(f"staging serves {_short(served)}; the files of {_short(missing)} are not known")
    if served_tree != tree:
        return failed(f"staging serves {_short(served)}, whose files are not those of {_short(commit)}")
    return passed(f"staging serves {_short(served)}, which has the very files of {_short(commit)}")
