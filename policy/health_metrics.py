"""Are all the figures normal that a server gives of itself (3.4.1)."""

from http import HTTPStatus

from policy.health import HealthAnswer, is_version, read_report
from policy.judgement import Judgement, failed, passed, unknown, worst_of
from policy.limits import Limits
from policy.measurement import in_ms, measured, ratio
from policy.wording import counted


def judge_health_metrics(answer: HealthAnswer, *, version: str | None, limits: Limits) -> Judgement:
    """Pass when the server is healthy and errors, latency, machine and connections are within the limits."""
    report = read_report(answer.body)
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return failed(f"{answer.server} is not healthy: HTTP {answer.status_code}; expected 200")
    if answer.status_code != HTTPStatus.OK or report is None:
        return unknown(f"{answer.server} answered HTTP {answer.status_code} with something that is no report")
    judgements = [
        _judge_identity(report, version),
        _judge_requests(report, limits),
        _judge_latency(report, limits),
        _judge_share("cpu", measured(report.get("cpu_ratio")), limits.cpu),
        _judge_share("memory", ratio(report.get("memory_bytes"), report.get("memory_limit_bytes")), limits.memory),
        _judge_share("disk", measured(report.get("disk_ratio")), limits.disk),
        _judge_share("connections", ratio(report.get("connections"), report.get("pool")), limits.connections),
    ]
    worst = worst_of(judgements)
    shown = judgements if worst.verdict.lets_pass else [j for j in judgements if not j.verdict.lets_pass]
    return Judgement(worst.verdict, f"{answer.server}: " + ", ".join(judgement.sentence for judgement in shown))


def _judge_identity(report: dict[str, object], version: str | None) -> Judgement:
    status, served = report.get("status"), report.get("version")
    if not isinstance(status, str):
        return unknown("says no status")
    if status != "healthy":
        return failed(f"status {status!r} (expected 'healthy')")
    if version is None:
        return passed("healthy")
    if not isinstance(served, str):
        return unknown(f"healthy but says no version (expected {version})")
    if not is_version(served, version):
        return failed(f"healthy but still serves {served} (expected {version})")
    return passed(f"healthy, serves {served}")


def _judge_requests(report: dict[str, object], limits: Limits) -> Judgement:
    requests, rate = measured(report.get("requests")), measured(report.get("error_rate"))
    if requests is None or rate is None:
        return unknown("gives no error rate")
    if requests < limits.least_requests:
        return unknown(f"not enough requests for an error rate: {requests:,.0f} of {limits.least_requests:,}")
    sentence = f"errors {rate:.2%} of {counted(round(requests), 'request')} (limit {limits.error_rate:.0%})"
    return passed(sentence) if rate < limits.error_rate else failed(sentence)


def _judge_latency(report: dict[str, object], limits: Limits) -> Judgement:
    latency = measured(report.get("p95_ms"))
    if latency is None:
        return unknown("gives no p95")
    limit = in_ms(limits.p95)
    sentence = f"p95 {latency:.0f} ms (limit {limit:.0f} ms)"
    return passed(sentence) if latency < limit else failed(sentence)


def _judge_share(what: str, share: float | None, limit: float) -> Judgement:
    if share is None:
        return unknown(f"gives no value for {what}")
    sentence = f"{what} {share:.0%} (limit {limit:.0%})"
    return passed(sentence) if share < limit else failed(sentence)
