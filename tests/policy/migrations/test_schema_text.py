"""Is a schema what it was before."""

import pytest

from policy.judgement import Verdict
from policy.migrations.schema_text import find_difference, judge_same_schema, read_schema

DUMP = """--
-- PostgreSQL database dump
--

\\restrict 9qHkC4YqrccwUz09jXb5qaHC

-- Dumped from database version 18.6
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE TABLE public."Patient" (
    id integer NOT NULL,
    name text
);

CREATE INDEX x ON public."Patient" USING btree (name);

\\unrestrict 9qHkC4YqrccwUz09jXb5qaHC
"""


def test_two_dumps_of_one_schema_are_one_schema() -> None:
    again = DUMP.replace("9qHkC4YqrccwUz09jXb5qaHC", "x").replace("18.6", "18.7")

    assert find_difference(read_schema(DUMP), read_schema(again)) == ""


def test_a_column_that_was_dropped_and_made_again_is_where_it_was_by_name() -> None:
    moved = DUMP.replace("    id integer NOT NULL,\n    name text\n", "    name text,\n    id integer NOT NULL\n")

    assert find_difference(read_schema(DUMP), read_schema(moved)) == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("name text", "name text NOT NULL", "missing: name text; left over: name text NOT NULL", id="type"),
        pytest.param("CREATE INDEX", "CREATE UNIQUE INDEX", "left over: CREATE UNIQUE INDEX x", id="index"),
        pytest.param("CREATE INDEX x", "-x- CREATE INDEX x", "left over: -x- CREATE INDEX x", id="a line with dashes"),
        pytest.param(
            "SET statement_timeout = 0;",
            "    SET search_path TO 'a'",
            "left over: SET search_path TO",
            id="in a function",
        ),
        pytest.param(
            "CREATE INDEX", "SET name = 'a'\nCREATE INDEX", "left over: SET name = 'a'", id="an UPDATE's line"
        ),
        pytest.param(",\n    name text", "", "missing: name text", id="column gone"),
        pytest.param("name text\n", 'name text,\n    "nickname" text\n', 'left over: "nickname" text', id="more"),
    ],
)
def test_what_differs_is_said(old: str, new: str, said: str) -> None:
    assert said in find_difference(read_schema(DUMP), read_schema(DUMP.replace(old, new)))


def test_a_dump_that_ends_within_a_table_is_read_to_its_end() -> None:
    assert read_schema("CREATE TABLE x (\n    b int,\n    a int") == ("CREATE TABLE x (", "    a int", "    b int")


def test_a_schema_that_is_what_it_was_passes_and_another_one_names_what_changed() -> None:
    changed = DUMP.replace("name text\n", "name text,\n    nickname text\n")

    assert judge_same_schema(DUMP, DUMP).verdict is Verdict.PASSED
    assert judge_same_schema(DUMP, changed).verdict is Verdict.FAILED
    assert judge_same_schema(DUMP, changed).sentence == (
        "the schema is not what it was before the migration: left over: nickname text"
    )


def test_a_schema_that_differs_everywhere_is_not_listed_whole() -> None:
    sentence = judge_same_schema("\n".join(map(str, range(20))), "").sentence

    assert "missing: 0, 1, 2" in sentence
    assert "17 more" in sentence
