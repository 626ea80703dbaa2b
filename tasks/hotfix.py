"""5: what is special about a hotfix."""

from policy.hotfix import judge_bug_check, judge_urgency
from policy.judgement import Judgement, attested
from policy.release import HotfixRequest
from tasks.item import item
from tasks.run import Run


@item("5.2.1")
def urgency_assessed(run: Run) -> Judgement:
    """Users are affected, a hole is exploited or data is at stake; what can wait goes the standard way."""
    request = _request(run)
    return judge_urgency(request.urgency, request.explanation)


@item("5.2.5")
def bug_fixed(run: Run) -> Judgement:
    """The bug's own check answers as the request says it does when the bug is gone."""
    request = _request(run)
    if not request.check_path:
        return attested("the request names no check; the bug is tried by hand", by=request.requested_by)
    answer = run.company.application.read_path(request.check_path)
    return judge_bug_check(answer, path=request.check_path, expects=request.check_expects)


def _request(run: Run) -> HotfixRequest:
    request = run.release.request
    if not isinstance(request, HotfixRequest):
        raise TypeError(f"release {run.release.key} is no hotfix")
    return request
