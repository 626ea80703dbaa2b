"""Is a schema what it was before."""

from policy.judgement import Verdict
from policy.migrations.schema_text import judge_same_schema, normalise_schema

DUMP = """--
-- PostgreSQL database dump
--

\\restrict {word}

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE TABLE public."Patient" (
    id integer NOT NULL,
    name text NOT NULL{more}
);

\\unrestrict {word}
"""
BEFORE = normalise_schema(DUMP.format(word="a1", more=""))


def test_two_dumps_of_one_schema_are_the_same() -> None:
    again = normalise_schema(DUMP.format(word="b2", more=""))

    assert BEFORE == 'CREATE TABLE public."Patient" (\n    id integer NOT NULL,\n    name text NOT NULL\n);\n'
    assert judge_same_schema(BEFORE, again).verdict is Verdict.PASSED


def test_what_is_missing_and_what_is_new_is_named() -> None:
    changed = normalise_schema(DUMP.format(word="b2", more=",\n    nickname text"))

    judgement = judge_same_schema(BEFORE, changed)

    assert judgement.verdict is Verdict.FAILED
    assert judgement.sentence == (
        "the schema is not what it was before the migration: - name text NOT NULL; + name text NOT NULL,;"
        " + nickname text"
    )


def test_a_schema_that_differs_everywhere_is_not_listed_whole() -> None:
    judgement = judge_same_schema("\n".join(map(str, range(20))), "")

    assert judgement.sentence.endswith("- 5 and 14 more")
