"""The end of a record: one row, signed where the company has a key, and its hash where people read it."""

from prefect.logging import get_run_logger

from policy.metrics import Ending
from policy.record import NOT_SIGNED, Event
from tasks.messages import tell_only_in_memory, tell_sealed
from tasks.observed import keep_observed
from tasks.run import Run


def seal(run: Run, *, outcome: Ending, sentence: str) -> None:
    """End the record; while the store is away the row waits in the spool and recovery merges and announces it."""
    record = run.record
    record.signer = run.company.signer
    if record.only_in_memory:
        tell_only_in_memory(run)
    watched = keep_observed(run)
    row = record.append(Event.SEALED, facts={"outcome": outcome.value, "sentence": sentence, **watched})
    if NOT_SIGNED in row.facts:
        get_run_logger().warning("The record %s is sealed but not signed: %s", record.key, row.facts[NOT_SIGNED])
    if not record.waits_in_spool:
        tell_sealed(run)
