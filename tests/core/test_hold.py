"""One release at a time: who takes, who waits, and who may take over from the dead."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from blocks.errors import Unreachable
from blocks.hold import Held, Hold, Holds, describe_silence
from blocks.store import FolderStore
from tests.core.world import Died, MemoryStore, World

STALE = timedelta(seconds=45)


@pytest.fixture
def store() -> MemoryStore:
    """A store whose clock the test sets."""
    return MemoryStore(World())


@pytest.fixture
def holds(store: MemoryStore) -> Holds:
    """Nobody has held the environment yet."""
    return Holds(store, "production")


def take(holds: Holds, by: str = "Ana Souza", *, above: int = 0, over: Hold | None = None) -> int:
    return holds.take(release=f"release of {by}", by=by, what="b2b2b2b", above=above, over=over)


def newest(holds: Holds) -> Hold:
    found = holds.newest()
    assert found is not None
    return found


FIRST = (
    r"^Ana Souza is releasing b2b2b2b, for (under a second|\d+ s) so far \(hold 1\); wait until it has ended, or send"
    r" it home with `Red flag/red-flag`, or with `Rollback/rollback` for its release release of Ana Souza; "
)


def test_at_first_nobody_holds_the_environment(holds: Holds) -> None:
    assert holds.newest() is None


def test_r8_whoever_comes_second_reads_who_was_first(holds: Holds) -> None:
    """R8: the sentence."""
    assert take(holds) == 1

    with pytest.raises(Held, match=FIRST):
        take(holds, "Tomas Lima")


def test_a_hold_that_was_given_back_is_free_and_its_number_is_never_used_again(holds: Holds) -> None:
    holds.release(take(holds))
    holds.release(1)

    assert newest(holds).released
    assert take(holds, "Tomas Lima") == 2


def test_the_number_lies_above_what_any_host_knows(holds: Holds) -> None:
    assert take(holds, above=41) == 42
    assert newest(holds).number == 42
    holds.release(42)
    assert take(holds, above=7) == 43


@pytest.mark.parametrize("above", [(0, 0), (0, 7), (7, 0), (7, 9)], ids=str)
def test_r8_of_two_takers_exactly_one_wins(tmp_path: Path, above: tuple[int, int]) -> None:
    """R8: fifty times in the same moment."""
    folder = FolderStore(folder=str(tmp_path))
    folder.mark()
    for attempt in range(50):
        ready = Barrier(2)
        environment = f"production-{attempt}"

        def try_to_take(taker: int, environment: str = environment, ready: Barrier = ready) -> int | str:
            holds = Holds(folder, environment)
            ready.wait(timeout=60)
            try:
                return take(holds, f"taker {taker}", above=above[taker])
            except Held as held:
                return str(held)

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(try_to_take, range(2))

        number, said = (first, second) if isinstance(first, int) else (second, first)
        holder = newest(Holds(folder, environment))
        assert holder.number == number
        assert str(said).startswith(f"{holder.by} is releasing b2b2b2b, for ")


def test_a_taker_that_read_too_early_does_not_win_with_a_higher_number(store: MemoryStore, holds: Holds) -> None:
    class ReadsTooEarly(Holds):
        def newest(self) -> Hold | None:
            """Answer what was true before the other one took it."""
            return None

    take(holds)

    with pytest.raises(Held):
        take(ReadsTooEarly(store, "production"), "Tomas Lima", above=41)

    assert newest(holds).by == "Ana Souza"


def test_a_beating_heart_is_alive_and_a_silent_one_is_not(store: MemoryStore, holds: Holds) -> None:
    number = take(holds)
    store.now += STALE
    assert not newest(holds).is_dead(STALE)
    holds.beat(number)
    store.now += STALE
    assert not newest(holds).is_dead(STALE)
    store.now += timedelta(seconds=1)

    dead = newest(holds)

    assert dead.is_dead(STALE)
    assert describe_silence(dead) == "the process of release of Ana Souza has been silent for 46 s"


def test_an_abandoned_hold_is_dead_at_once(holds: Holds) -> None:
    number = take(holds)
    holds.abandon(number, "the run was cancelled")
    holds.abandon(number, "said a second time")

    assert newest(holds).is_dead(STALE)
    assert describe_silence(newest(holds)) == "the run was cancelled"


def test_the_last_sign_of_a_hold_is_its_last_beat_or_when_it_gave_up(store: MemoryStore, holds: Holds) -> None:
    number = take(holds)
    holds.beat(number)
    store.now += timedelta(minutes=1)
    silent = datetime.now(UTC) - newest(holds).last_sign
    holds.abandon(number, "the run was cancelled")
    store.now += timedelta(seconds=20)

    cancelled = datetime.now(UTC) - newest(holds).last_sign

    assert [round(one.total_seconds()) for one in (silent, cancelled)] == [60, 20]
    assert round(newest(holds).silent_for.total_seconds()) == 80


def test_a_hold_that_was_given_back_is_not_dead(store: MemoryStore, holds: Holds) -> None:
    holds.release(take(holds))
    store.now += timedelta(hours=1)

    assert not newest(holds).is_dead(STALE)


def test_a_holder_is_asked_to_stop(holds: Holds) -> None:
    number = take(holds)
    assert newest(holds).asked_to_stop is None

    holds.ask_to_stop(number, "a hotfix needs production")

    assert newest(holds).asked_to_stop == "a hotfix needs production"


def test_the_dead_one_is_taken_over_once(store: MemoryStore, holds: Holds) -> None:
    take(holds)
    store.now += STALE * 2
    dead = newest(holds)

    assert take(holds, "recovery", over=dead) == 2
    with pytest.raises(Held, match=r"hold 1 is gone: recovery is releasing"):
        take(holds, "another recovery", over=dead)


def test_what_was_given_back_meanwhile_is_not_taken_over(store: MemoryStore, holds: Holds) -> None:
    number = take(holds)
    store.now += STALE * 2
    dead = newest(holds)
    holds.release(number)

    with pytest.raises(Held, match="hold 1 is gone"):
        take(holds, "recovery", over=dead)


def test_what_was_finished_by_another_recovery_is_not_taken_over(store: MemoryStore, holds: Holds) -> None:
    take(holds)
    store.now += STALE * 2
    dead = newest(holds)
    holds.release(take(holds, "recovery", over=dead))

    with pytest.raises(Held):
        take(holds, "another recovery", over=dead)


def test_environments_are_held_apart(store: MemoryStore, holds: Holds) -> None:
    take(holds)

    assert take(Holds(store, "elsewhere")) == 1


def test_a_taker_that_dies_between_two_numbers_leaves_a_hold_that_recovery_finds(store: MemoryStore) -> None:
    holds = Holds(store, "production")
    store.world.dies_after = 1

    with pytest.raises(Died):
        take(holds, above=41)

    assert newest(holds).number == 1
    store.now += STALE * 2
    assert take(holds, "recovery", above=41, over=newest(holds)) == 42


def test_nobody_holds_anything_while_the_store_is_away(store: MemoryStore, holds: Holds) -> None:
    store.away = True

    with pytest.raises(Unreachable):
        take(holds)
