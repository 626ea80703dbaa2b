"""Flags have their stated value in production (1.2.4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.flags import judge_flags
from policy.judgement import Verdict

CONFIG = "Doppler holi/prd"
SECRET = "postgres://holi:hunter2@db/holi"


@pytest.mark.parametrize(
    ("stated", "found", "verdict", "says"),
    [
        pytest.param(
            {"NEW_SEARCH": "true"},
            {"NEW_SEARCH": "true"},
            Verdict.PASSED,
            "1 flag as stated in Doppler holi/prd: NEW_SEARCH is 'true'",
            id="as stated",
        ),
        pytest.param(
            {"NEW_SEARCH": "true"},
            {"NEW_SEARCH": "false"},
            Verdict.FAILED,
            "NEW_SEARCH is 'false' in Doppler holi/prd, stated is 'true'",
            id="another value",
        ),
        pytest.param(
            {"NEW_SEARCH": "true"},
            {"NEW_SEARCH": "True"},
            Verdict.FAILED,
            "is 'True'",
            id="another case is another value",
        ),
        pytest.param(
            {"NEW_SEARCH": "true"}, {"NEW_SEARCH": "true "}, Verdict.FAILED, "is 'true '", id="a space is another value"
        ),
        pytest.param(
            {"NEW_SEARCH": "true"},
            {"NEW_SEARCH": ""},
            Verdict.FAILED,
            "NEW_SEARCH is empty",
            id="Google Cloud 2025-06-12 an empty value",
        ),
        pytest.param(
            {"NEW_SEARCH": "true"}, {"NEW_SEARCH": " \n"}, Verdict.FAILED, "NEW_SEARCH is empty", id="only spaces"
        ),
        pytest.param(
            {"NEW_SEARCH": ""}, {"NEW_SEARCH": ""}, Verdict.FAILED, "NEW_SEARCH is empty", id="empty as stated is empty"
        ),
        pytest.param(
            {"NEW_SEARCH": "true"},
            {"X": "true"},
            Verdict.FAILED,
            "NEW_SEARCH does not exist in Doppler holi/prd",
            id="missing",
        ),
        pytest.param(
            {"NEW_SEARCH": "on"}, {"NEW_SEACRH": "on"}, Verdict.FAILED, "did you mean NEW_SEACRH?", id="misspelt"
        ),
        pytest.param(
            {"NEW_SEARCH": "on"}, {"new_search": "on"}, Verdict.FAILED, "does not exist", id="another spelling"
        ),
        pytest.param(
            {"NEW_SEARCH": "on"},
            {"NEW_SEARCH": None},
            Verdict.UNKNOWN,
            "may not be read with this token",
            id="restricted",
        ),
        pytest.param({"NEW_SEARCH": "on"}, None, Verdict.UNKNOWN, "could not be read, so NEW_SEARCH", id="unreachable"),
        pytest.param({"NEW_SEARCH": "on"}, {}, Verdict.UNKNOWN, "without a single name", id="an empty answer"),
        pytest.param({}, {"NEW_SEARCH": "on"}, Verdict.NOT_APPLICABLE, "names no flag", id="none named"),
        pytest.param({"A": "1", "B": "2"}, {"A": "1", "B": "3"}, Verdict.FAILED, "B is '3'", id="one of two"),
        pytest.param(
            {"A": "1", "B": "2", "C": "3"},
            {"A": "1", "B": "", "C": None},
            Verdict.FAILED,
            "B is empty in Doppler holi/prd, stated is '2': an empty flag decides nothing; not known: C exists",
            id="all that is wrong is said",
        ),
    ],
)
def test_a_flag_exists_with_the_stated_value(
    stated: dict[str, str], found: dict[str, str | None] | None, verdict: Verdict, says: str
) -> None:
    judgement = judge_flags(stated, found, config=CONFIG)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


@pytest.mark.parametrize("value", [SECRET * 2, "-----BEGIN KEY-----\nabc"])
def test_what_is_no_flag_is_not_repeated_though_it_has_a_flags_name(value: str) -> None:
    judgement = judge_flags({"DATABASE_URL": "on"}, {"DATABASE_URL": value}, config=CONFIG)

    assert (
        judgement.sentence
        == f"DATABASE_URL is a value of {len(value)} characters (not shown) in {CONFIG}, stated is 'on'"
    )


@given(st.dictionaries(st.text("ABC_", min_size=1, max_size=4), st.text(max_size=8), max_size=4), st.data())
def test_it_passes_exactly_when_each_has_its_value(stated: dict[str, str], data: st.DataObject) -> None:
    found = {
        name: data.draw(st.one_of(st.just(value), st.text(max_size=8), st.none())) for name, value in stated.items()
    }
    found["DATABASE_URL"] = SECRET

    judgement = judge_flags(stated, found, config=CONFIG)

    well = all(found[name] == value and value.strip() for name, value in stated.items())
    assert judgement.verdict.lets_pass is well
    assert SECRET not in judgement.sentence
