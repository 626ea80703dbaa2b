"""What a roll-back of the database adds to the way home: its schema, its own checks, and how long nobody was served."""

from collections.abc import Sequence

from prefect.logging import get_run_logger

from policy.checklist import ITEMS
from policy.judgement import Judgement, passed, unknown
from policy.migrations.outage import find_outage, say_outage
from policy.record import Event
from tasks.database_rollback import schema_as_before
from tasks.item import as_task, write_down
from tasks.messages import inform
from tasks.migration import application_connects, key_queries_work
from tasks.run import Run
from tasks.standstill import steps_to_restart
from tasks.step import StepFailed, carry_out
from tasks.telling import maintenance_over


def compare_schema(run: Run) -> str:
    """Return nothing if the schema is what it was before the release; else why the version before is not started."""
    try:
        carry_out(schema_as_before(run), run)
    except StepFailed as error:
        return f"The migrations are taken back, and the version before is not started blindly: {error}"
    return ""


def verify_database(run: Run) -> tuple[Judgement, ...]:
    """6.3.3 and 6.3.4: the application connects, and the queries that matter answer."""
    questions = (application_connects, key_queries_work)
    for question in questions:
        as_task(question, run)(return_state=True)
    items = [question.item for question in questions]
    return tuple(run.verdicts.get(one.number) or unknown(f"{one.title} could not be asked") for one in items)


def restart_all(run: Run, servers: Sequence[str]) -> list[str]:
    """Start the application again as it was; return the servers on which it did not come up."""
    failed = []
    for name in servers:
        try:
            for step in steps_to_restart(run.company.fleet.find(name), run):
                carry_out(step, run)
        except StepFailed as error:
            get_run_logger().error("%s was not started again: %s", name, error)
            failed.append(name)
    return failed


def say_outage_of(run: Run) -> str:
    """Say by the rows of the record how long nobody was served."""
    return say_outage(find_outage(run.record.seen, run.release.servers), zone=run.company.rules.time_zone)


def note_outage(run: Run) -> None:
    """The record says how long nobody was served; it is written once."""
    if any(row.event is Event.JUDGED and row.item == "4.3.2" for row in run.record.seen):
        return
    write_down(run, ITEMS["4.3.2"], passed(say_outage_of(run)))


def clear_outage(run: Run, text: str) -> None:
    """The status page no longer says that the application stands still."""
    if run.company.statuspage is not None:
        inform(maintenance_over(run, text), run)
