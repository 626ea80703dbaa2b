"""Is the newest backup a way back: it is restored whole, counted and thrown away, and the proof is kept (1.4.3)."""

import time
from dataclasses import dataclass
from datetime import timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE
from pydantic import TypeAdapter

from blocks.company import Company
from blocks.errors import BlockError, Misconfigured, Unreachable
from policy.backups import LOOK_BACK, Backup, is_packed, list_newest
from policy.judgement import Judgement, failed, unknown
from policy.restored import Proof, judge_rehearsal, say_proved
from policy.wording import listed
from tasks.backup import dump_name
from tasks.run import utc_now
from tasks.scratch import count_restored, scratch_database
from tasks.systems import BACKUPS

_PROOF = TypeAdapter(Proof)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of one rehearsal; without a backup there is nothing to name."""

    judgement: Judgement
    backup: Backup | None = None
    took: timedelta = timedelta(0)
    rows: dict[str, int] | None = None


@task(
    name="1.4.3 Restore rehearsal",
    task_run_name="1.4.3 Restore rehearsal",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def backup_rehearsed(company: Company) -> Rehearsal:
    """As `rehearse` says."""
    return rehearse(company)


def rehearse(company: Company) -> Rehearsal:
    """The newest backup was restored into a scratch database that is gone again; a proof is kept if it passed."""
    backup: Backup | None = None
    try:
        found = _find_newest(company)
        if isinstance(found, Judgement):
            return Rehearsal(found)
        backup = found
        return _restore(company, backup)
    except (Misconfigured, Unreachable) as error:
        return Rehearsal(unknown(f"{_named(backup)}could not be proved to restore: {error}"), backup)
    except BlockError as error:
        return Rehearsal(failed(f"{_named(backup)}{error}"), backup)


def read_newest_proof(company: Company) -> Proof | None:
    """Return the newest proof that a backup of this environment restores; None while there is none."""
    keys = company.store.list(_folder(company))
    return _PROOF.validate_json(company.store.read(keys[-1]).body) if keys else None


def say_last_proof(company: Company) -> str:
    """Say when a backup was last proved to restore; it is shown and decides nothing, so it stops nothing either."""
    try:
        return say_proved(read_newest_proof(company), now=utc_now())
    except BlockError as error:
        return f"whether one was ever proved to restore could not be read ({error})"


def _find_newest(company: Company) -> Backup | Judgement:
    backups = BACKUPS.required(company)
    found = backups.list_backups(utc_now() - LOOK_BACK)
    newest = list_newest(found, names=backups.names, ours=dump_name(company))
    if not newest:
        return failed(f"there is no backup of the last {LOOK_BACK.days} days in {backups.bucket}")
    if len(newest) > 1:
        keys = listed((one.key for one in newest), most=3)
        return unknown(f"which backup is production's is not known ({keys}): set names in [backups]")
    if is_packed(newest[0].key):
        return unknown(
            f"{newest[0].key} was packed or encrypted by another program, so pg_restore cannot read it; keep dumps in"
            " pg_dump's custom format, and let the storage encrypt them"
        )
    return newest[0]


def _restore(company: Company, backup: Backup) -> Rehearsal:
    began = time.monotonic()
    with scratch_database(company) as scratch:
        scratch.restore(BACKUPS.required(company).read_chunks(backup.key))
        took = timedelta(seconds=time.monotonic() - began)
        rows = count_restored(scratch)
    judgement = judge_rehearsal(backup.key, rows, took=took)
    if judgement.verdict.lets_pass:
        _keep(company, Proof(backup.key, utc_now(), took, len(rows), sum(rows.values())))
    return Rehearsal(judgement, backup, took, rows)


def _keep(company: Company, proof: Proof) -> None:
    company.store.create(f"{_folder(company)}{proof.at:%Y%m%d-%H%M%S-%f}.json", _PROOF.dump_json(proof))


def _folder(company: Company) -> str:
    return f"restores/{company.rules.environment}/"


def _named(backup: Backup | None) -> str:
    return f"{backup.key}: " if backup else ""
