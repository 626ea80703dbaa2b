"""A backup one could go back to (1.4.3)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.backups import Backup, is_dump, is_packed, judge_newest_backup, judge_read_back, list_newest, part_size
from policy.judgement import Judgement, Verdict

NOW = datetime(2026, 11, 24, 6, 3, tzinfo=UTC)
GB = 10**9


def backup(key: str, *, size_bytes: int = 3 * GB, hours: float) -> Backup:
    return Backup(key, size_bytes, NOW - timedelta(hours=hours))


def daily(*sizes_bytes: int) -> list[Backup]:
    """One dump a day, the newest first, two hours old."""
    return [backup(f"day-{day}/holi.dump", size_bytes=size, hours=2 + 24 * day) for day, size in enumerate(sizes_bytes)]


def by_hand(name: str, *, hours: float) -> Backup:
    return Backup(f"manual-backups/{name}", 3 * GB, NOW - timedelta(hours=hours), by_hand=True)


def judge(backups: list[Backup], *, names: Sequence[str] = ()) -> Judgement:
    return judge_newest_backup(
        backups, now=NOW, max_age=timedelta(hours=24), share=0.5, names=names, ours="production-"
    )


def test_the_newest_is_found_among_a_thousand_and_more() -> None:
    """K1."""
    old = [backup(f"2026/11/2{at % 3}/holi-{at:04}.dump", hours=30 + at) for at in range(1204)]

    judgement = judge([*old, backup("2026/11/24/holi-1204.dump", hours=1)])

    assert judgement.verdict is Verdict.PASSED
    assert "2026/11/24/holi-1204.dump" in judgement.sentence


def test_yesterdays_folder_holds_the_newest_just_after_midnight() -> None:
    """K2."""
    newest = Backup("2026/11/23/holi.dump", 3_100_000_000, datetime(2026, 11, 23, 23, 59, tzinfo=UTC))
    notes = Backup("2026/11/23/zz-readme.txt", 900, NOW)

    judgement = judge([newest, notes])

    assert judgement.verdict is Verdict.PASSED
    assert judgement.sentence.startswith("2026/11/23/holi.dump, 3.1 GB, 6 h 4 min old (limit 24 h)")


def test_an_empty_archive_fails_and_is_not_replaced_by_yesterdays() -> None:
    """K3."""
    judgement = judge(daily(20, *[3 * GB] * 9))

    assert judgement.verdict is Verdict.FAILED
    assert "Newest backup is 20 bytes; the last 7 were about 3.0 GB" in judgement.sentence
    assert "day-0/holi.dump" in judgement.sentence


@pytest.mark.parametrize(
    ("backups", "verdict", "says"),
    [
        pytest.param([], Verdict.FAILED, "no backup found", id="none"),
        pytest.param([backup("readme.txt", hours=1)], Verdict.FAILED, "none of 1 object", id="no dump"),
        pytest.param([backup("a.dump", hours=24)], Verdict.FAILED, "too old: a.dump, 3.0 GB, 1 d old", id="24 h"),
        pytest.param([backup("a.dump", hours=23.99)], Verdict.PASSED, "the first one", id="just young enough"),
        pytest.param([backup("a.dump", size_bytes=0, hours=1)], Verdict.FAILED, "0 bytes, a dump has", id="empty"),
        pytest.param([backup("a.dump", size_bytes=-1, hours=1)], Verdict.UNKNOWN, "is no size", id="negative"),
        pytest.param([backup("a.dump", hours=-2)], Verdict.UNKNOWN, "a clock is wrong", id="from the future"),
        pytest.param([backup("a.dump", hours=-0.01)], Verdict.PASSED, "0 ms old", id="clocks differ a little"),
        pytest.param(daily(*[20] * 9), Verdict.FAILED, "were about 20 bytes", id="all of them empty for a week"),
        pytest.param(daily(14 * GB, *[30 * GB] * 7), Verdict.FAILED, "limit 50%", id="less than half"),
        pytest.param(daily(15 * GB, *[30 * GB] * 7), Verdict.PASSED, "15.0 GB", id="half"),
        pytest.param(daily(3 * GB, 20, 3 * GB, 3 * GB), Verdict.PASSED, "day-0", id="one bad day before"),
        pytest.param(daily(3 * GB, *[3 * GB] * 7, 90 * GB), Verdict.PASSED, "day-0", id="eight days are looked at"),
        *(
            pytest.param(
                [replace(backup("a.dump", hours=1), kept_in=archive), backup("b.dump", hours=25)],
                Verdict.FAILED,
                f"the newest backup lies in {archive}, from where it takes hours to be read: a.dump, 3.0 GB, 1 h old",
                id=f"K3: in {archive}",
            )
            for archive in ("GLACIER", "DEEP_ARCHIVE")
        ),
        pytest.param(
            [replace(backup("a.dump", hours=1), kept_in="GLACIER_IR")], Verdict.PASSED, "1 h", id="read at once"
        ),
        pytest.param(
            [backup("a.dump", hours=1), replace(backup("a.dump", hours=25), kept_in="GLACIER")],
            Verdict.PASSED,
            "1 h",
            id="older ones in an archive",
        ),
        pytest.param(
            daily(*[60_000] * 5, *[3 * GB] * 3),
            Verdict.FAILED,
            "the last 7 were about 60.0 kB, but day-5/holi.dump had 3.0 GB (limit 50% of that): day-0/holi.dump",
            id="K3: shrunken for so long that it has become usual",
        ),
        pytest.param(
            daily(*[3 * GB] * 7, 7 * GB),
            Verdict.FAILED,
            "if the database really shrank, look into a dump and ask for a waiver",
            id="shrunken by more than half within the eight days",
        ),
    ],
)
def test_the_newest_dump_is_young_and_of_the_usual_size(backups: list[Backup], verdict: Verdict, says: str) -> None:
    judgement = judge(backups)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


STALE = backup("2026/11/21/holi-2026-11-21.dump", hours=72)
FRESH = backup("2026/11/24/holi-2026-11-24.dump", hours=2)
FOREIGN = backup("2026/11/24/metabase-2026-11-24.dump", hours=2)
PROD = backup("2026/11/21/prod/holi.dump", hours=72)
PROD_FRESH = backup("2026/11/24/prod/holi.dump", hours=2)
STAGING = backup("2026/11/24/staging/holi.dump", hours=2)


@pytest.mark.parametrize(
    ("backups", "names", "verdict", "says"),
    [
        pytest.param(
            [STALE, FOREIGN],
            (),
            Verdict.UNKNOWN,
            "backups of 2 names lie there (2026/11/21/holi-2026-11-21.dump, 2026/11/24/metabase-2026-11-24.dump),"
            " and which is production's is not known: set names in [backups]",
            id="K2, K3: a fresh dump of another database beside a stale one",
        ),
        pytest.param([FRESH, FOREIGN], (), Verdict.UNKNOWN, "set names in [backups]", id="both of them fresh"),
        pytest.param(
            [STALE, FOREIGN, by_hand("production-20261124-050000.dump", hours=1)],
            (),
            Verdict.PASSED,
            "manual-backups/production-20261124-050000.dump",
            id="two names, and a fresh one of our own",
        ),
        pytest.param(
            [FRESH, FOREIGN, by_hand("production-20261122-050000.dump", hours=49)],
            (),
            Verdict.UNKNOWN,
            "set names in [backups]",
            id="two names, and a stale one of our own",
        ),
        pytest.param([STALE], (), Verdict.FAILED, "too old", id="one name, stale"),
        pytest.param(
            [STALE, backup("2026/11/21/metabase.dump", hours=70)], (), Verdict.FAILED, "too old", id="two names, stale"
        ),
        pytest.param([STALE, FRESH], (), Verdict.PASSED, "holi-2026-11-24.dump", id="a date in the name is no name"),
        pytest.param(
            [
                backup("2026/11/22/holi_20261122_0300.dump.gz", hours=51),
                backup("2026/11/23/Holi-20261123T030000Z.dump.gz", hours=27),
                backup("2026/11/24/holi.2026-11-24.3f2a9c.sql.zst", hours=3),
            ],
            (),
            Verdict.PASSED,
            "24/holi",
            id="however the date is written",
        ),
        pytest.param(
            [backup("20261123.dump", hours=27), backup("20261124.dump", hours=3)],
            (),
            Verdict.PASSED,
            "20261124.dump",
            id="nothing but a date",
        ),
        pytest.param(
            [backup("pg.holi.20261121.dump", hours=72), backup("pg.metabase.20261124.dump", hours=2)],
            (),
            Verdict.UNKNOWN,
            "2 names",
            id="names with dots",
        ),
        pytest.param([STALE, FOREIGN], ("holi-*",), Verdict.FAILED, "too old", id="the name is set: stale"),
        pytest.param([FRESH, FOREIGN], ("holi-*.dump",), Verdict.PASSED, "holi", id="the name is set: fresh"),
        pytest.param(
            [backup("a/holi-1.tar.zst", hours=2)], ("holi-*.tar.zst",), Verdict.PASSED, "tar", id="an ending of its own"
        ),
        pytest.param(
            [FOREIGN],
            ("holi-*.dump",),
            Verdict.FAILED,
            "none of 1 object is named like holi-*.dump",
            id="none so named",
        ),
        pytest.param(
            [FRESH, by_hand("pre-migration-backup-20261122.dump", hours=48)],
            (),
            Verdict.PASSED,
            "holi",
            id="another name by hand is no backup of every night",
        ),
        pytest.param(
            [STALE, by_hand("metabase.dump", hours=1)],
            (),
            Verdict.FAILED,
            "too old",
            id="another name by hand counts not",
        ),
        pytest.param([STALE, by_hand("holi.dump", hours=1)], (), Verdict.PASSED, "manual", id="the same name by hand"),
        pytest.param(
            [by_hand("pre-migration-backup-20261124.dump", hours=1)], (), Verdict.PASSED, "manual", id="only by hand"
        ),
        pytest.param(
            [STALE, by_hand("production-20261124-050000.dump", hours=1)],
            (),
            Verdict.PASSED,
            "manual-backups/production-20261124-050000.dump",
            id="our own counts under any name",
        ),
        pytest.param(
            [by_hand("production-20261124-050000.dump", hours=1)],
            (),
            Verdict.PASSED,
            "the first one",
            id="only our own",
        ),
        pytest.param(
            [STALE, by_hand("production-20261124-050000.dump", hours=1)],
            ("holi-*",),
            Verdict.PASSED,
            "manual-backups/production",
            id="our own counts beside the name that is set",
        ),
        pytest.param(
            [STALE, by_hand("production-eu-20261124-050000.dump", hours=1)],
            (),
            Verdict.FAILED,
            "too old",
            id="that of another environment is not our own",
        ),
        pytest.param(
            [PROD, STAGING],
            (),
            Verdict.UNKNOWN,
            "backups of 2 names lie there (2026/11/21/prod/holi.dump, 2026/11/24/staging/holi.dump),"
            " and which is production's is not known: set names in [backups]",
            id="K2, K3: a fresh dump in another folder",
        ),
        pytest.param(
            [backup("2026/11/21/holi.dump", hours=72), STAGING], (), Verdict.UNKNOWN, "2 names", id="one in no folder"
        ),
        pytest.param([PROD, STAGING], ("prod/*",), Verdict.FAILED, "too old", id="the folder is set: stale"),
        pytest.param([PROD_FRESH, STAGING], ("prod/*",), Verdict.PASSED, "prod/holi", id="the folder is set: fresh"),
        pytest.param(
            [PROD, STAGING, FOREIGN],
            ("holi*",),
            Verdict.UNKNOWN,
            "backups of 2 names lie there (2026/11/21/prod/holi.dump, 2026/11/24/staging/holi.dump), and which is"
            " production's is not known: set names in [backups], with their folder, such as prod/*",
            id="K2, K3: the name is set, and fits in two folders",
        ),
        pytest.param(
            [PROD, FOREIGN, by_hand("holi.dump", hours=1)], ("holi*",), Verdict.PASSED, "manual", id="named by hand"
        ),
        pytest.param(
            [backup("2026/11/24/prod/a/x.dump", hours=2), backup("2026/11/24/prod/b/x.dump", hours=26)],
            ("prod/**",),
            Verdict.PASSED,
            "prod/a",
            id="all below a folder is set",
        ),
        pytest.param([PROD_FRESH, STAGING], ("**/holi*",), Verdict.PASSED, "holi", id="every folder is set"),
        pytest.param([PROD, PROD_FRESH], (), Verdict.PASSED, "2026/11/24/prod", id="one folder"),
        pytest.param(
            [
                backup("2026/11/23/03-00/20261123T0300/holi.dump", hours=27),
                backup("2026/11/24/04-12/20261124T0412/holi.dump", hours=2),
            ],
            (),
            Verdict.PASSED,
            "2026/11/24",
            id="a date in the folder is no name",
        ),
        pytest.param([PROD, by_hand("holi.dump", hours=1)], (), Verdict.PASSED, "manual", id="by hand, in no folder"),
        pytest.param(
            [PROD, backup("2026/11/21/staging/holi.dump", hours=70), by_hand("holi.dump", hours=1)],
            (),
            Verdict.FAILED,
            "too old",
            id="by hand, and nobody knows of which folder",
        ),
    ],
)
def test_a_dump_counts_only_where_it_is_known_to_be_productions(
    backups: list[Backup], names: Sequence[str], verdict: Verdict, says: str
) -> None:
    judgement = judge(backups, names=names)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


@pytest.mark.parametrize(
    "ending", [".dump", ".sql.gz", ".backup", ".pgdump", ".DUMP", ".dump.gz", ".sql.zst.age", ".dump.gpg"]
)
def test_dumps_are_known_by_their_endings(ending: str) -> None:
    assert judge([backup(f"holi{ending}", hours=1)]).verdict is Verdict.PASSED


@pytest.mark.parametrize("name", ["holi.dump.sha256", "zz-readme.txt", "holi.sql", "holi.dump.gz.part", "dump"])
def test_what_lies_beside_dumps_is_none(name: str) -> None:
    assert not is_dump(name)


def test_a_limit_that_is_no_whole_hour_is_said_as_it_is() -> None:
    limit = timedelta(minutes=90)

    judgement = judge_newest_backup([backup("a.dump", hours=1)], now=NOW, max_age=limit, share=0.5)

    assert "(limit 1 h 30 min)" in judgement.sentence


@pytest.mark.parametrize(
    ("found", "tables", "verdict", "says"),
    [
        ((3 * GB, "ab" * 32), 12, Verdict.PASSED, "3.0 GB, SHA-256 abababababab, 12 tables"),
        ((3 * GB, "ab" * 32), 0, Verdict.FAILED, "holds no table"),
        ((3 * GB, "cd" * 32), 12, Verdict.FAILED, "read back 3.0 GB with cdcdcdcdcdcd"),
        ((2 * GB, "ab" * 32), 12, Verdict.FAILED, "sent 3.0 GB with SHA-256 abababababab, read back 2.0 GB"),
    ],
)
def test_a_dump_that_is_read_back_is_the_one_that_was_sent(
    found: tuple[int, str], tables: int, verdict: Verdict, says: str
) -> None:
    judgement = judge_read_back("holi.dump", sent=(3 * GB, "ab" * 32), found=found, tables=tables)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


@given(st.lists(st.tuples(st.integers(-5, 5 * GB), st.integers(-10, 400)), max_size=12, unique_by=lambda one: one[1]))
def test_a_passing_backup_is_the_newest_and_young(facts: list[tuple[int, int]]) -> None:
    backups = [backup(f"{at}.dump", size_bytes=size, hours=hours) for at, (size, hours) in enumerate(facts)]

    if judge(backups).verdict is Verdict.PASSED:
        newest = max(backups, key=lambda one: one.finished_at)
        assert NOW - newest.finished_at < timedelta(hours=24)
        assert newest.size_bytes >= 1000


OURS, CRM = by_hand("production-20261124-050000.dump", hours=1), backup("d/crm.dump", hours=1)


@pytest.mark.parametrize(
    ("backups", "names", "newest"),
    [
        pytest.param(daily(3, 3), (), ["day-0/holi.dump"], id="nightly"),
        pytest.param([*daily(3), OURS], (), [OURS.key], id="ours"),
        pytest.param([OURS], (), [OURS.key], id="only ours"),
        pytest.param([*daily(3), CRM], (), [CRM.key, "day-0/holi.dump"], id="of two names"),
        pytest.param([PROD, STAGING], (), [PROD.key, STAGING.key], id="of two folders"),
        pytest.param([PROD, STAGING], ("prod/*",), [PROD.key], id="of a folder"),
        pytest.param([PROD, STAGING], ("holi*",), [PROD.key, STAGING.key], id="named, of two folders"),
        pytest.param([*daily(3), CRM], ("holi*",), ["day-0/holi.dump"], id="named"),
        pytest.param([backup("d/readme.txt", hours=1)], (), [], id="none"),
        pytest.param([], (), [], id="empty"),
    ],
)  # fmt: skip
def test_the_newest_backup_is_the_one_that_is_judged(
    backups: list[Backup], names: tuple[str, ...], newest: list[str]
) -> None:
    assert sorted(one.key for one in list_newest(backups, names=names, ours="production-")) == newest


@pytest.mark.parametrize(
    ("key", "packed"),
    [("a/holi.dump", False), ("a/holi.dump.GPG", True), ("a/holi.sql.gz", True), ("a/gz", False), ("a.gz/b", False)],
)
def test_what_another_program_packed_is_known_by_its_name(key: str, *, packed: bool) -> None:
    assert is_packed(key) is packed


@pytest.mark.parametrize(
    ("size_bytes", "part"),
    [(0, 8 << 20), (60 << 30, 8 << 20), (1 << 40, 122_167_959)],
)
def test_the_parts_of_an_upload_are_so_large_that_s3_takes_them_all(size_bytes: int, part: int) -> None:
    assert part_size(size_bytes) == part
    assert size_bytes <= 10_000 * part
