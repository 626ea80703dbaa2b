"""When a commit reached main, from which its lead time is measured (9.1)."""

from datetime import datetime

from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.errors import BlockError
from policy.wording import short


def when_merged(company: Company, commit: str, *, pull_request: int | None) -> datetime | None:
    """Return when the pull request that brought the commit was merged into main; None where nobody can say.

    A figure of the quarterly report holds up no release.
    """
    github, main = company.github, company.rules.main_branch
    try:
        numbers = [pull_request] if pull_request else github.list_pulls_of([commit])[commit]
        pulls = [github.read_pull_request(number) for number in numbers]
    except BlockError as error:
        get_run_logger().warning("When %s was merged is not known: %s", short(commit), error)
        return None
    return min((pull.merged_at for pull in pulls if pull.merged_at and pull.base == main), default=None)
