"""A finding that somebody answers for until a day."""

from datetime import date

import pytest
from pydantic import ValidationError

from policy.dated_exceptions import DatedException, find_exception


def exception(finding: str, until: date) -> DatedException:
    return DatedException(finding=finding, owner="Ana Souza", until=until, reason="no patch yet")


SOON = exception("GHSA-aaaa-bbbb-cccc", date(2026, 12, 1))
LATER = exception(" ghsa-AAAA-bbbb-cccc ", date(2026, 12, 31))


def test_an_exception_is_found_by_any_name_of_the_finding_in_any_case() -> None:
    assert find_exception([SOON], ["CVE-2026-1", "ghsa-aaaa-bbbb-cccc"]) is SOON
    assert find_exception([SOON], ["GHSA-aaaa-bbbb"]) is None
    assert find_exception([], ["GHSA-aaaa-bbbb-cccc"]) is None


def test_of_two_exceptions_the_longer_counts() -> None:
    assert find_exception([LATER, SOON], ["GHSA-aaaa-bbbb-cccc"]) is LATER


def test_an_exception_says_who_answers_until_when_and_why() -> None:
    assert str(SOON) == "GHSA-aaaa-bbbb-cccc until 2026-12-01 (Ana Souza: no patch yet)"


@pytest.mark.parametrize("missing", ["finding", "owner", "until", "reason"])
def test_an_exception_without_finding_owner_day_or_reason_is_refused(missing: str) -> None:
    whole = SOON.model_dump()
    del whole[missing]

    with pytest.raises(ValidationError, match=missing):
        DatedException.model_validate(whole)
