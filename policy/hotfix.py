"""Is it an emergency, and is the bug gone (5.2.1, 5.2.5)."""

from http import HTTPStatus

from policy.health import HealthAnswer
from policy.judgement import Judgement, failed, passed
from policy.release import Urgency


def judge_urgency(urgency: Urgency, explanation: str) -> Judgement:
    """Pass unless it can wait."""
    if urgency is Urgency.CAN_WAIT:
        return failed("it can wait until business hours, so it is no emergency: use the deployment `production`")
    return passed(f"{urgency}: {explanation}")


def judge_bug_check(answer: HealthAnswer, *, path: str, expects: str) -> Judgement:
    """Pass when the path answers 200 and holds the expected text; the answer itself is not shown."""
    if answer.status_code != HTTPStatus.OK:
        return failed(f"{path} answered HTTP {answer.status_code}, expected 200")
    if expects not in answer.body:
        return failed(f"{path} answered 200 without the expected text {expects!r}")
    return passed(f"{path} answered 200" + (f" with {expects!r}" if expects else ""))
