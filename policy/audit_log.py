"""Does the audit log keep writing (3.2.3)."""

from datetime import timedelta

from policy.judgement import Judgement, failed, passed, spoken, unknown
from policy.measurement import measured
from policy.wording import counted


def judge_audit_log(
    rows: int | None,
    own: int,
    audited_requests: float | None,
    *,
    primary: bool,
    window: timedelta,
    share: float,
) -> Judgement:
    """Pass when rows were written, at least `share` of the requests that must leave one.

    `own` of the rows were left by our smoke tests, which alone show nothing. Without requests an empty log says
    nothing either: that is an answer of its own.
    """
    if not primary:
        return unknown("the database that answers is no primary; its audit log may be old")
    written, requests = measured(rows), measured(audited_requests)
    span = f"in the last {spoken(window)}"
    if written is None:
        return unknown(f"how many audit rows were written {span} is not known")
    told = counted(round(written), "audit row")
    if requests is not None and requests > 0:
        told += f" for {counted(round(requests), 'audited request')}"
        if not written:
            return failed(f"the audit log does not write: {told} {span} (limit {share:.0%})")
        if written < share * requests:
            return failed(f"the audit log misses requests: {told} {span} (limit {share:.0%})")
    if written and written <= own:
        return unknown(f"no traffic: {told} {span}, all of them by our own smoke tests")
    if requests is None:
        sentence = f"{told} {span}; how many requests should have left one is not known"
        return passed(sentence) if written else unknown(sentence)
    if not requests:
        sentence = f"no traffic: no request that leaves an audit row came {span}"
        return passed(f"{sentence}, yet {counted(round(written), 'row')} came") if written else unknown(sentence)
    return passed(f"{told} {span} (limit {share:.0%})")
