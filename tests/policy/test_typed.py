"""What may be typed into a field: what cannot be seen does not count, and a refusal says field, found and expected."""

import re
import unicodedata
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.utilities.schema_tools.validation import ValidationError as RefusedByPrefect
from prefect.utilities.schema_tools.validation import validate
from pydantic import BaseModel, TypeAdapter, ValidationError

from policy.form import Comment, CommitName, Explanation, KeyOfRelease, NameInRoster
from policy.release import HotfixRequest, Release
from policy.typed import line, spelt, tidy, verbatim
from tests.policy.releases import hotfix_request, release, request

SUMMARY = line(8, 200)
UNSEEN = ["\u200b", "\u200d", "\u2060", "\ufeff", "\u202e", "\u3164", "\x00", "\x1b", "\xad", "\U000e0041"]
# Mostly what cannot be seen, with a letter here and there.
texts = st.text(
    st.one_of(st.sampled_from([*UNSEEN, " ", "\n", "\t", "\u2028", "\xa0", "a", "é", "日"]), st.characters())
)


class Asked(BaseModel):
    """One field of each kind."""

    summary: Annotated[str, SUMMARY] = "as it was before"
    name: NameInRoster = "Ana Souza"
    comment: Comment = ""


def shown(text: str) -> int:
    """How many of its characters can be seen, by what Unicode says of each."""
    return sum(unicodedata.category(one) not in ("Cc", "Cf", "Zs", "Zl", "Zp") for one in text)


def is_let_through(text: str, field: str) -> bool:
    """Whether Prefect starts a run with this text in its form."""
    return not validate({field: text}, Asked.model_json_schema())


@given(text=texts)
def test_whatever_is_typed_is_kept_with_enough_to_see_or_refused_by_the_name_of_its_field(text: str) -> None:
    kept, refused = "", {}
    try:
        kept = Asked(summary=text).summary
    except ValidationError as error:
        refused = {problem["loc"]: problem["msg"] for problem in error.errors()}

    if refused:
        assert refused == {("summary",): f"expected 8 to 200 visible characters, found {text!r}"}
        return
    assert len(kept) >= 8
    assert shown(kept)
    assert kept == kept.strip()
    assert len(kept.splitlines()) == 1


@given(text=texts)
def test_a_text_that_may_be_left_out_is_kept_with_something_to_see_or_is_nothing(text: str) -> None:
    kept = Asked(comment=text).comment

    assert not kept or shown(kept)


@given(text=texts, field=st.sampled_from(["summary", "name", "comment"]))
def test_prefect_refuses_before_the_run_what_the_run_would_refuse_and_a_nul_which_no_database_keeps(
    text: str, field: str
) -> None:
    try:
        Asked.model_validate({field: text})
    except ValidationError:
        assert not is_let_through(text, field)
    else:
        assert is_let_through(text, field) is ("\x00" not in text)


@given(text=texts)
def test_what_is_tidy_stays_as_it_is(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Faster patient search ", "Faster patient search"),
        ("Faster\npatient\r\n\tsearch", "Faster patient search"),
        ("Fa\u200bster \ufeff patient\x00 search\u202e", "Faster patient search"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 1.4",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 1.4",
        ),
        ("release by \U0001f469\u200d\U0001f4bb today", "release by \U0001f469\u200d\U0001f4bb today"),
    ],
    ids=["blanks around it", "line breaks", "what cannot be seen", "a joiner within a word", "an emoji of two"],
)
def test_a_text_is_kept_as_people_see_it(typed: str, kept: str) -> None:
    assert request(summary=typed).summary == kept


@pytest.mark.parametrize("blank", ["", " ", " " * 10, "\n" * 10, "\u200b" * 10, "\u3164" * 10, "\u2800" * 10])
@pytest.mark.parametrize(
    ("form", "field"),
    [
        (request, "summary"),
        (request, "requested_by"),
        (request, "environment"),
        (hotfix_request, "explanation"),
        (hotfix_request, "summary"),
    ],
)
def test_a_text_in_which_nothing_can_be_seen_is_refused(form: Any, field: str, blank: str) -> None:
    with pytest.raises(ValidationError, match=rf"{field}\n  expected \d+ to \d+ visible characters, found"):
        form(**{field: blank})


def test_an_acknowledgement_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"acknowledged\.1\n  expected 1 to 2000 visible characters, found '  '"):
        request(acknowledged=("GET /a is gone", "  "))


@pytest.mark.parametrize(
    ("kind", "typed", "says"),
    [
        (SUMMARY, "Again", "'Again' does not match '8 to 200 visible characters'"),
        (SUMMARY, " " * 10, f"{' ' * 10!r} does not match '8 to 200 visible characters'"),
        (line(0, 5), "too much", "'too much' does not match 'at most 5 characters'"),
        (spelt("[0-9]{6}", "six digits"), "12345", "'12345' does not match 'six digits, or nothing'"),
        (verbatim(9), " ", "' ' does not match 'at most 9 characters, not only blanks'"),
    ],
)
def test_the_refusal_that_prefect_shows_says_what_was_found_and_what_is_expected(
    kind: Any, typed: str, says: str
) -> None:
    form = {"properties": {"field": TypeAdapter(Annotated[str, kind]).json_schema()}}

    with pytest.raises(RefusedByPrefect, match=re.escape(f"field 'field'. Failure reason: {says}")):
        validate({"field": typed}, form, raise_on_error=True)


def test_blanks_around_a_commit_are_no_part_of_it() -> None:
    assert TypeAdapter(CommitName).validate_python(" b2b2b2b\n") == "b2b2b2b"


def test_text_that_an_answer_must_contain_is_kept_to_the_letter() -> None:
    assert hotfix_request(check_expects='{"id":  7,\n').check_expects == '{"id":  7,\n'
    with pytest.raises(ValidationError, match="check_expects"):
        hotfix_request(check_expects="   ")


def test_a_long_text_is_judged_at_once_however_it_is_made() -> None:
    for text in ("a" * 501, " " * 100_000, "a" + " " * 100_000 + "b", "\u200b " * 50_000, "a\u200d" * 501):
        with pytest.raises(ValidationError):
            TypeAdapter(Explanation).validate_python(text)


def test_the_record_of_a_release_that_an_earlier_version_took_can_be_read() -> None:
    written = release(request=hotfix_request()).model_dump(mode="json")
    written["request"] |= {"summary": " " * 10, "explanation": "\n" * 8}

    read = Release.model_validate(written)

    assert isinstance(read.request, HotfixRequest)
    assert read.request.summary == " " * 10


def test_a_commit_in_capitals_is_the_commit() -> None:
    assert TypeAdapter(CommitName).validate_python(" C8249E3 ") == "c8249e3"


@pytest.mark.parametrize("key", ["../../etc/passwd", "a/b", ".hidden", "two words"])
def test_what_can_be_no_key_of_a_release_is_refused_before_anything_is_read(key: str) -> None:
    with pytest.raises(ValidationError, match="expected the key of a release, such as 20261124-180000-1f2e3d4c"):
        TypeAdapter(KeyOfRelease).validate_python(key)
