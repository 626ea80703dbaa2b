"""A waiver covers what was found while it is no worse: the same subjects, and no number that grew by much."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policy.judgement import Verdict, failed
from policy.limits import Limits
from policy.red_flags import Sample
from policy.samples import judge_numbers
from policy.waivers import Waiver
from policy.worsening import MAY_GROW, is_no_worse

METRICS = "web-server-1: 1.2% errors (12 of 1,000 requests), p95 640 ms (limits 1%, 500 ms) in 5 min"
OWN = "production: errors 5.00% of 1,000 requests (limit 1%), disk 91% (limit 80%)"
BACKUP = "the newest backup is too old: 2026/11/23/holi.dump, 3.1 GB, 26 h 59 min old (limit 24 h)"
UNDER_WAY = "deployment 12 of b2b2b2b to production by Ana Souza has been in progress for 5 min"
HELD = "Omar Reyes is releasing b2b2b2b (20261124-180000-1f2e3d4c) since 14:05 CST, 5 min"
SLOW = "40 s on staging x 9.0 (9,000 rows of Patient against 1,000 rows) = 6 min (limit 5 min)"
NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
LIMITS = Limits()

subjects = st.sampled_from(
    ["web-server-1", "web-server-2", "web-server-11", "load test", "production", "2.1.3", "3.2.4"]
)
rates = st.floats(min_value=0, max_value=1, allow_nan=False)
latencies = st.floats(min_value=0.001, max_value=100, allow_nan=False)
requests = st.integers(min_value=100, max_value=10_000_000)
rules = st.lists(
    st.sampled_from(["backup", "errors", "disk", "lag", "of", "is", "too", "slow", "for", "limit"]), min_size=1
)


def measured(server: str, rate: float, p95: float, asked: int) -> str:
    """What 1.4.2 says of a server whose requests failed so."""
    sample = Sample(NOW, server, asked, rate * asked, timedelta(seconds=p95), timedelta(minutes=5))
    return judge_numbers([sample], now=NOW, limits=LIMITS).sentence


@pytest.mark.parametrize(
    ("found", "later"),
    [
        pytest.param(METRICS, METRICS.replace("12 of 1,000", "15 of 1,312"), id="other numbers of requests"),
        pytest.param(METRICS, METRICS.replace("1.2%", "1.4%").replace("640", "710"), id="a little more"),
        pytest.param(METRICS.replace("1.2%", "61.0%"), METRICS, id="much less"),
        pytest.param(
            METRICS.replace("1.2%", "0.0%").replace("12 of", "0 of"),
            METRICS.replace("1.2%", "0.4%").replace("12 of", "4 of"),
            id="more, and still below its limit: the other number was waived",
        ),
        pytest.param(f"{METRICS}; {METRICS.replace('-1:', '-2:')}", METRICS, id="one of two servers is well again"),
        pytest.param(OWN, OWN.replace("91%", "93%"), id="each number has its own limit"),
        pytest.param(BACKUP, BACKUP.replace("26 h 59 min", "27 h"), id="one age, said in other units"),
        pytest.param(UNDER_WAY, UNDER_WAY.replace("5 min", "34 min"), id="time that passed while people thought"),
        pytest.param(HELD, HELD.replace("5 min", "34 min"), id="since a moment"),
        pytest.param("backup 26 h old", "backup 26 h old; not known: 1.3 of it", id="what is not known beside it"),
        pytest.param(
            "no alert since 10:34 UTC but 1 incident", "no alert since 10:52 UTC but 1 incident", id="a clock"
        ),
        pytest.param("3 high findings", "2 high findings", id="fewer of a kind"),
        pytest.param("0 of 0 requests failed", "0 of 0 requests failed", id="no request"),
        pytest.param("1,234 rows differ", "1,236 rows differ", id="rows"),
    ],
)
def test_what_is_no_worse_is_covered(found: str, later: str) -> None:
    assert is_no_worse(found, later)


@pytest.mark.parametrize(
    ("found", "later"),
    [
        pytest.param(METRICS, METRICS.replace("640", "30000"), id="much slower"),
        pytest.param(METRICS, METRICS.replace("1.2%", "61.0%"), id="many more errors"),
        pytest.param("12 of 1,000 requests failed", "61 of 1,000 requests failed", id="a larger share of requests"),
        pytest.param(METRICS, METRICS.replace("-1:", "-2:"), id="another server"),
        pytest.param(METRICS, f"{METRICS}; {METRICS.replace('-1:', '-2:')}", id="another server as well"),
        pytest.param(OWN, OWN.replace("5.00%", "61.00%"), id="below a limit that is of something else"),
        pytest.param("errors 0.50%, disk 91% (limit 80%)", "errors 70.00%, disk 91% (limit 80%)", id="without a limit"),
        pytest.param(BACKUP, BACKUP.replace("26 h 59 min", "3 d 2 h"), id="much older"),
        pytest.param(BACKUP, BACKUP.replace("2026/11/23", "2026/11/22"), id="another backup"),
        pytest.param(SLOW, SLOW.replace("= 6 min", "= 36 min"), id="a time that is no age"),
        pytest.param(UNDER_WAY, UNDER_WAY.replace("12 of", "11 of"), id="another deployment"),
        pytest.param("1 high finding", "2 high findings", id="one more"),
        pytest.param("8 high findings", "9 high findings", id="one more of many"),
        pytest.param("HTTP 503; expected 200", "HTTP 500; expected 200", id="a number that is a name"),
        pytest.param("Compose 2.19.1", "Compose 2.1.1", id="a version"),
        pytest.param("Newest backup is 20 bytes", "Newest backup is 3.1 GB", id="a size in another unit"),
        pytest.param("Image a1 can no longer be pulled", "Image b2 can no longer be pulled", id="another image"),
        pytest.param("0.0% errors", "0.1% errors", id="something after nothing"),
    ],
)
def test_what_is_worse_or_another_finding_is_not_covered(found: str, later: str) -> None:
    assert not is_no_worse(found, later)


@given(server=subjects, rate=rates, p95=latencies, asked=requests, later_asked=requests)
def test_the_same_numbers_of_other_requests_are_covered(
    server: str, rate: float, p95: float, asked: int, later_asked: int
) -> None:
    found = measured(server, rate, p95, asked)
    then, now = (round(rate * all_of_them) / all_of_them for all_of_them in (asked, later_asked))
    assume(now in (0, then) or now < then * (1 + MAY_GROW))

    assert is_no_worse(found, measured(server, rate, p95, later_asked))


@given(server=subjects, other=subjects, rate=rates, p95=latencies, asked=requests)
def test_a_waiver_never_covers_another_subject(server: str, other: str, rate: float, p95: float, asked: int) -> None:
    assume(server != other)
    waiver = Waiver("1.4.2", "Tomas Lima", "a known peak", Verdict.FAILED, measured(server, rate, p95, asked))

    assert not waiver.covers(failed(measured(other, rate, p95, asked)))
    assert not waiver.covers(failed(f"{measured(server, rate, p95, asked)}; {measured(other, rate, p95, asked)}"))


@given(
    words=rules,
    other=rules,
    number=st.integers(min_value=1, max_value=100),
)
def test_a_waiver_never_covers_another_rule(words: list[str], other: list[str], number: int) -> None:
    assume(words != other)
    waiver = Waiver("1.4.2", "Tomas Lima", "a known peak", Verdict.FAILED, f"{' '.join(words)} {number}%")

    assert not waiver.covers(failed(f"{' '.join(other)} {number}%"))


@given(server=subjects, rate=rates, p95=latencies, asked=requests, factor=st.floats(min_value=1.3, max_value=1000))
def test_a_waiver_never_covers_what_grew_by_more_than_it_may(
    server: str, rate: float, p95: float, asked: int, factor: float
) -> None:
    found = measured(server, rate, p95, asked)
    slower = re.sub(r"p95 (\d+) ms", lambda one: f"p95 {round(int(one[1]) * factor)} ms", found)
    then, now = (int(re.findall(r"p95 (\d+) ms", one)[0]) for one in (found, slower))
    assume(now > max(then * (1 + MAY_GROW), LIMITS.p95 / timedelta(milliseconds=1)))

    assert not is_no_worse(found, slower)
