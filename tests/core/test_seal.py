"""A record ends once, signed in its place, and people are told where it ends; nothing of that holds anybody up."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import Refused, Superseded
from blocks.record import Record, verify_record
from blocks.signing import Signer, make_key
from blocks.slack import Message
from policy.metrics import Ending
from policy.record import NOT_SIGNED, Event, Verification
from policy.record_signature import spelled
from tasks.messages import tell_sealed
from tasks.run import Run
from tasks.run_log import ends_sealed
from tasks.seal import seal
from tests.core.company import DEPLOYMENTS, People, a_company, a_release
from tests.core.scene import VERIFIED, begun
from tests.core.world import Died, MemoryStore, World

NAME = "SIGNING_KEY"


class Deaf(People):
    """Slack, that takes nothing."""

    def post(self, channel: str, text: str, key: str, thread: Message | None = None) -> Message:
        """Refuse."""
        del channel, text, key, thread
        raise Refused("Slack: channel_not_found")


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    """The worker's key."""
    return make_key(NAME, tmp_path)


@pytest.fixture
def run(tmp_path: Path, world: World, signer: Signer) -> Run:
    """A release that may end."""
    company = a_company(world, tmp_path / "spool")
    rules = company.rules.model_copy(
        update={
            "signing_key": NAME,
            "secrets_folder": str(tmp_path),
            "public_keys": {"worker-1": spelled(signer.public_key)},
        }
    )
    return opened(replace(company, rules=rules), world)


def opened(company: Company, world: World) -> Run:
    release = a_release(world)
    record = Record(company.store, release.key, holder=1, spool=company.spool)
    record.append(Event.OPENED, facts={"release": release.model_dump(mode="json")})
    return Run(release=release, company=company, record=record, number=1)


def end(run: Run) -> None:
    seal(run, outcome=Ending.ROLLED_BACK, sentence="everything is back")


def found(run: Run) -> Verification:
    return verify_record(run.company.store, run.release.key, known=run.company.public_keys)


def said(run: Run) -> list[str]:
    return [text for (channel, _), text in cast("People", run.company.slack).said.items() if channel == DEPLOYMENTS]


def test_the_end_is_signed_and_its_head_stands_where_people_read_it(run: Run) -> None:
    end(run)

    assert found(run).sentence == "2 rows, unbroken, sealed, signed by worker-1"
    assert run.record.rows()[-1].facts["outcome"] == "rolled back"
    head = found(run).head[:16]
    assert said(run) == [
        f":lock: Record {run.release.key} sealed, signed by worker-1: {head}…"
        f" Verify with `python -m deployments.verify_record {run.release.key} --head {head}`"
    ]


def test_a_record_that_has_ended_is_not_ended_a_second_time(run: Run) -> None:
    end(run)

    with pytest.raises(Superseded, match="has ended: everything is back"):
        end(run)

    assert found(run).rows == 2
    assert len(said(run)) == 1


def test_a_process_that_died_between_the_seal_and_the_message_leaves_a_signed_record(run: Run, world: World) -> None:
    world.dies_after = 1

    with pytest.raises(Died):
        end(run)
    assert said(run) == []
    after = Run(
        release=run.release,
        company=run.company,
        record=Record(run.company.store, run.release.key, holder=2, spool=run.company.spool),
        number=2,
    )
    after.record.rows()
    tell_sealed(after)
    tell_sealed(after)

    assert found(run).sentence == "2 rows, unbroken, sealed, signed by worker-1"
    assert [found(run).head[:16] in text for text in said(run)] == [True]


def test_while_the_store_is_away_the_seal_waits_and_is_signed_where_it_comes_to_lie(run: Run) -> None:
    store = cast("MemoryStore", run.company.store)
    run.record.homeward = True
    store.away = True
    run.record.append(Event.GOING_HOME)

    end(run)
    waiting = sorted(path.name for path in run.company.spool.rglob("*.json"))
    assert (waiting, said(run)) == (["000001.json", "000002.json"], [])
    store.away = False
    run.record.merge()

    assert [*run.company.spool.rglob("*.json")] == []
    assert found(run).sentence == "3 rows, unbroken, sealed, signed by worker-1"


def test_a_seal_that_was_stored_but_is_still_in_the_spool_is_known_again(run: Run, world: World) -> None:
    store = cast("MemoryStore", run.company.store)
    run.record.homeward = True
    store.away = True
    end(run)
    store.away = False
    world.dies_after = 1

    with pytest.raises(Died):
        run.record.merge()
    after = Record(store, run.release.key, holder=1, spool=run.company.spool)
    after.signer = run.company.signer
    after.merge()

    assert not after.waits_in_spool
    assert found(run).sentence == "2 rows, unbroken, sealed, signed by worker-1"


def test_without_a_configured_key_the_record_ends_unsigned(company: Company, world: World) -> None:
    run = opened(company, world)

    end(run)

    assert found(run).sentence == "2 rows, unbroken, sealed, not signed"
    assert NOT_SIGNED not in run.record.rows()[-1].facts
    assert "sealed, not signed:" in said(run)[0]


def test_a_key_that_cannot_be_read_keeps_no_record_from_ending(run: Run, tmp_path: Path) -> None:
    (tmp_path / NAME).chmod(0o644)

    end(run)

    assert found(run).sentence == "2 rows, unbroken, sealed, not signed"
    assert not found(run).proves_itself(run.company.public_keys)
    assert "has mode 0644" in run.record.rows()[-1].facts[NOT_SIGNED]


def test_a_channel_that_takes_nothing_keeps_no_record_from_ending(run: Run) -> None:
    deaf = replace(run, company=replace(run.company, slack=cast("Any", Deaf())))

    end(deaf)

    assert found(deaf).sealed


def test_keys_that_were_saved_wrong_keep_no_record_from_ending(run: Run) -> None:
    rules = run.company.rules.model_copy(update={"public_keys": {"worker-1": "no key"}})
    wrong = replace(run, company=replace(run.company, rules=rules))

    end(wrong)

    assert verify_record(run.company.store, run.release.key).sealed
    assert said(run) == []


def test_a_run_that_ends_well_says_in_prefect_what_is_live_and_where(company: Company, world: World) -> None:
    process = begun(company, world, steps=VERIFIED)

    process.go_on()

    message = str(ends_sealed(process.run).message)
    assert message.startswith("signed off: b2b2b2b is live on 3 servers; ")
    assert message.endswith(str(process.run.record.rows()[-1].facts["sentence"]))
