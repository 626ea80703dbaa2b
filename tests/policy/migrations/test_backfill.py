"""Which files are backfills, what they change, and how fast they go."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.limits import Risk
from policy.migrations.backfill import (
    Backfill,
    NoBackfill,
    backfills_folder,
    list_backfills,
    read_backfill,
)
from policy.migrations.batches import LEAST_KEYS, Pace, Progress

RANGE = "id BETWEEN :first AND :last"
FILL = "UPDATE \"Patient\" SET nickname = split_part(name, ' ', 1) WHERE RANGE AND nickname IS NULL;"
AIM = timedelta(seconds=1)


def read(sql: str) -> Backfill:
    return read_backfill("fill", sql.replace("RANGE", RANGE))


def test_backfills_lie_beside_the_migrations_and_go_by_name() -> None:
    folder = backfills_folder("prisma/migrations")
    files = ["prisma/backfills/b.sql", "prisma/backfills/a.sql", "prisma/backfills/a.md", "prisma/backfills/x/a.sql"]

    assert folder == "prisma/backfills"
    assert list_backfills(files, folder=folder) == ("prisma/backfills/a.sql", "prisma/backfills/b.sql")


def test_a_backfill_is_one_statement_with_its_range() -> None:
    found = read(FILL)

    assert (found.table, found.key, found.loses) == ('"Patient"', '"id"', "")
    assert found.sql.endswith("WHERE id BETWEEN $1 AND $2 AND nickname IS NULL")
    assert found.risk == (Risk.MEDIUM, "backfill fill fills what is empty")


@pytest.mark.parametrize(
    "text",
    ["'at :first'", "E'it\\'s :last'", "'it''s :first'", '":last"', "$$ :first $$", "1 /* :last */", "1 -- :first\n"],
)
def test_what_only_looks_like_a_bound_stays_as_it_is_written(text: str) -> None:
    found = read("UPDATE p SET a = TEXT WHERE RANGE".replace("TEXT", text))

    assert found.sql == "UPDATE p SET a = TEXT WHERE id BETWEEN $1 AND $2".replace("TEXT", text)


@pytest.mark.parametrize(
    ("sql", "table", "key"),
    [
        pytest.param('UPDATE billing."Invoice" SET a = 1 WHERE RANGE', "billing.Invoice", "id", id="schema"),
        pytest.param("UPDATE p SET a = 1 WHERE a IS NULL AND (n >= :first AND n <= :last)", "p", "n", id="from and to"),
        pytest.param("DELETE FROM p WHERE RANGE", "p", "id", id="delete"),
        pytest.param("UPDATE p AS x SET a = 1 WHERE x.id BETWEEN :first AND :last", "p", "id", id="alias"),
        pytest.param(
            "INSERT INTO note (patient) SELECT id FROM p WHERE RANGE ON CONFLICT DO NOTHING", "p", "id", id="insert"
        ),
        pytest.param("UPDATE p SET a = q.a FROM q WHERE q.p = p.id AND p.RANGE", "p", "id", id="from another"),
        pytest.param("UPDATE p SET a = ':first'::text WHERE RANGE", "p", "id", id="a bound within a string"),
    ],
)
def test_the_key_is_the_one_that_the_range_is_of(sql: str, table: str, key: str) -> None:
    found = read(sql)

    assert (found.table.replace('"', ""), found.key) == (table, f'"{key}"')


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        pytest.param("UPDATE p SET a = 1 WHERE a IS NULL", "no AND part of its WHERE says KEY BETWEEN", id="no range"),
        pytest.param("UPDATE p SET a = 1", "no AND part of its WHERE says", id="no WHERE"),
        pytest.param("UPDATE p SET a = 1 WHERE RANGE OR a IS NULL", "no AND part", id="a range that does not bound"),
        pytest.param("UPDATE p SET a = 1 WHERE id > :first AND id <= :last", "no AND part", id="without its beginning"),
        pytest.param("UPDATE p SET a = 1 WHERE id >= :first AND n <= :last", "no AND part", id="of two columns"),
        pytest.param("UPDATE p SET a = q.a FROM q WHERE q.RANGE", "of p", id="of another table"),
        pytest.param("UPDATE p SET a = 1 WHERE id BETWEEN 1 AND :last", "no AND part", id="without a bound"),
        pytest.param("UPDATE p SET a = $3 WHERE RANGE", "no other parameter", id="a third parameter"),
        pytest.param(f"{FILL} {FILL}", "holds 2 statements, expected one", id="two"),
        pytest.param("-- nothing", "holds 0 statements", id="none"),
        pytest.param("UPDATE p SET", "line 1: syntax error", id="no SQL"),
        pytest.param("DROP TABLE p", "expected UPDATE, DELETE or INSERT", id="another statement"),
        pytest.param("UPDATE p SET a = f(a) WHERE RANGE", "calls f(), of which", id="a function of its own"),
        pytest.param("INSERT INTO q SELECT 1 FROM p, r WHERE RANGE", "SELECT of one table", id="two tables"),
        pytest.param("INSERT INTO q VALUES (:first, :last)", "SELECT of one table", id="no table"),
        pytest.param("INSERT INTO q DEFAULT VALUES", "SELECT of one table", id="no rows"),
        pytest.param(
            "WITH gone AS (DELETE FROM q RETURNING id) UPDATE p SET a = 1 WHERE RANGE", "in 2 places", id="hidden"
        ),
    ],
)
def test_what_could_not_go_range_by_range_is_refused(sql: str, why: str) -> None:
    with pytest.raises(NoBackfill, match=r"^fill: ") as raised:
        read(sql)

    assert why in str(raised.value)


@pytest.mark.parametrize(
    ("sql", "risk", "reason"),
    [
        pytest.param(FILL, Risk.MEDIUM, "fills what is empty", id="filled"),
        pytest.param(
            "UPDATE p SET a = 1, b = 2 WHERE RANGE AND a IS NULL",
            Risk.HIGH,
            "cannot be taken back: the values that p.b held are gone",
            id="overwritten",
        ),
        pytest.param("UPDATE p SET a = 1 WHERE RANGE AND a IS NOT NULL", Risk.HIGH, "p.a held", id="the opposite"),
        pytest.param("UPDATE p SET a = 1 WHERE RANGE AND f(a) IS NULL", Risk.HIGH, "p.a held", id="of a function"),
        pytest.param("DELETE FROM p WHERE RANGE", Risk.HIGH, "the rows of p are gone", id="deleted"),
        pytest.param("INSERT INTO q SELECT id FROM p WHERE RANGE", Risk.MEDIUM, "fills", id="new rows"),
        pytest.param(
            "INSERT INTO q SELECT id FROM p WHERE RANGE ON CONFLICT DO NOTHING", Risk.MEDIUM, "fills", id="new alone"
        ),
        pytest.param(
            "INSERT INTO q SELECT id, a FROM p WHERE RANGE ON CONFLICT (id) DO UPDATE SET a = excluded.a",
            Risk.HIGH,
            "the values that rows of q held are gone",
            id="or changed ones",
        ),
        pytest.param(
            "UPDATE p SET a = q.b FROM q WHERE p.RANGE AND q.a IS NULL", Risk.HIGH, "p.a held", id="empty elsewhere"
        ),
        pytest.param(
            "UPDATE p AS x SET a = q.b FROM q WHERE x.RANGE AND x.a IS NULL", Risk.MEDIUM, "fills", id="by its alias"
        ),
    ],
)
def test_what_nothing_takes_back_is_the_ctos(sql: str, risk: Risk, reason: str) -> None:
    found, said = read(sql.replace("f(a)", "lower(a)")).risk

    assert found is risk
    assert reason in said


@pytest.mark.parametrize(
    ("seconds", "keys", "pause"),
    [
        pytest.param(2.0, 500, 2.0, id="too long: half as many"),
        pytest.param(0.8, 1_000, 0.8, id="about right"),
        pytest.param(0.1, 1_500, 0.1, id="quick: more"),
        pytest.param(0.0, 1_500, 0.02, id="others always have a moment"),
        pytest.param(60.0, 500, 10.0, id="nobody waits for ever"),
    ],
)
def test_a_batch_follows_the_one_before(seconds: float, keys: int, pause: float) -> None:
    pace = Pace(1_000).after(timedelta(seconds=seconds), aim=AIM, most_keys=2_000)

    assert (pace.keys, pace.pause.total_seconds()) == (keys, pause)


@given(st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=60), st.integers(1, 100_000))
def test_the_pace_stays_within_its_bounds(took: list[float | None], most: int) -> None:
    pace = Pace(most)
    for one in took:
        took_so = None if one is None else timedelta(seconds=one)
        pace = pace.after(took_so, aim=AIM, most_keys=most) if took_so is not None else pace.after_refusal()
        assert min(LEAST_KEYS, most) <= pace.keys <= most
        assert timedelta(0) < pace.pause <= timedelta(seconds=10)


@pytest.mark.parametrize(
    ("progress", "share"),
    [
        (Progress(1, 1, 10, 0), 0.0),
        (Progress(1, 6, 10, 5), 0.5),
        (Progress(1, 11, 10, 9), 1.0),
        (Progress(0, 0, -1, 0), 1.0),
        (Progress(-5, 0, 4, 5), 0.5),
    ],
)
def test_the_share_is_that_of_the_keys(progress: Progress, share: float) -> None:
    assert progress.share == share
    assert progress.is_done is (share == 1)
