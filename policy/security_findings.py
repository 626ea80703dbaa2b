"""Is anything high or critical open, and did every scanner look at the very commit (1.1.4)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date

from policy.combined import combine
from policy.dated_exceptions import DatedException, find_exception
from policy.judgement import Judgement, failed, not_configured, passed, unknown
from policy.security_scans import Finding, Scan
from policy.wording import counted, listed, short


def judge_security(
    scans: Sequence[Scan],
    *,
    commit: str,
    same_tree: Collection[str],
    expected: Collection[str],
    exceptions: Sequence[DatedException],
    today: date,
) -> Judgement:
    """Pass when every expected scanner looked at the commit and nothing high or critical is open.

    A finding with an exception whose day has not passed is accepted, and named.
    """
    if not expected:
        return not_configured("security")
    reported = {scan.scanner.casefold() for scan in scans}
    parts = [
        unknown(f"there is no report of {name} for {short(commit)}")
        for name in expected
        if name.casefold() not in reported
    ]
    for scan in scans:
        parts += _judge_scan(scan, commit=commit, same_tree=same_tree, exceptions=exceptions, today=today)
    return combine(parts)


def _judge_scan(
    scan: Scan, *, commit: str, same_tree: Collection[str], exceptions: Sequence[DatedException], today: date
) -> Iterator[Judgement]:
    if scan.commit is None or (scan.commit != commit and scan.commit not in same_tree):
        where = short(scan.commit) if scan.commit else "a commit that it does not name"
        yield unknown(f"{scan.scanner} looked at {where}, not at {short(commit)}", link=scan.url)
        return
    if scan.problem is not None:
        yield unknown(f"{scan.scanner}: {scan.problem}", link=scan.url)
    accepted: list[str] = []
    stopping = 0
    for finding in (one for one in scan.findings if one.severity.stops):
        exception = find_exception(exceptions, finding.names)
        if exception is not None and today <= exception.until:
            accepted.append(str(exception))
        else:
            stopping += 1
            yield _judge_finding(scan, finding, exception)
    if scan.problem is None and not stopping:
        yield _judge_clean(scan, accepted)


def _judge_finding(scan: Scan, finding: Finding, exception: DatedException | None) -> Judgement:
    ended = f"; its exception of {exception.owner} ended on {exception.until}" if exception else ""
    sentence = f"{scan.scanner}: {finding.severity} {finding.name}, {finding.what}{ended}"
    return failed(sentence, link=finding.url or scan.url)


def _judge_clean(scan: Scan, accepted: Sequence[str]) -> Judgement:
    lesser = len(scan.findings) - len(accepted)
    also = f", {counted(lesser, 'lesser finding')}" if lesser else ""
    excepted = f", accepted: {listed(accepted, most=len(accepted))}" if accepted else ""
    looked = f"{scan.looked_at} looked at" if scan.looked_at else "looked"
    clean = passed(f"{scan.scanner}: {looked}, nothing high or critical open{also}{excepted}", link=scan.url)
    return replace(clean, excepted=tuple(accepted))
