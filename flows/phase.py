"""How any phase works: its items are asked at once, all that is wrong is said, and a page of evidence is left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.context import SettingsContext, get_settings_context
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from blocks.errors import BlockError, Meant
from policy.items import Asked, Item, Way
from policy.judgement import Judgement, unknown
from policy.observing import stops_in
from policy.page import Entry, headline, render_page, say_each
from policy.record_page import render_record
from policy.wording import as_clause, say_error, short
from tasks.item import Question, as_task
from tasks.run import Run, current_run
from tasks.run_log import leave_page, says_deleted

# After 2, 4 and 8 s; Prefect's own five are a minute for each call.
RETRIES = 3


class ChecksFailed(Meant):
    """Items of a phase failed or are unknown; the message names each with its sentence."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a phase found, item by item, in number order; `foot` is what its page shows below them, as Markdown.

    `title` is the phase that was carried out, such as `1.4 Final pre-deployment checks`.
    """

    entries: tuple[tuple[Item, Judgement], ...]
    way: Way
    foot: str = ""
    title: str = ""

    @property
    def stopping(self) -> tuple[tuple[Item, Judgement], ...]:
        """The entries that stop the way forward."""
        return tuple(
            (item, judgement)
            for item, judgement in self.entries
            if not judgement.verdict.lets_pass and item.stops(self.way)
        )

    @property
    def sentence(self) -> str:
        """Name everything that stops, or say that nothing does."""
        if not self.stopping:
            return headline(self.entries, way=self.way)
        return say_each(self.stopping)

    @property
    def headline(self) -> str:
        """Name the phase, if it was one, and say whether it lets the release go on."""
        said = headline(self.entries, way=self.way)
        return f"{self.title}: {said[:1].lower()}{said[1:]}" if self.title else said


def phase(title: str) -> Callable[[Callable[[Run], Report]], Callable[[Run], Report]]:
    """Make a function a phase: a flow of its own in Prefect's view that ends in a page of evidence.

    Prefect is a view: where its server cannot be reached the phase is carried out all the same, without such a flow.
    """

    def bind(body: Callable[[Run], Report]) -> Callable[[Run], Report]:
        def carry_out_phase(run: Run) -> Report:
            carried = _CarriedOutOnce(title, body, run)

            @flow(
                name=title,
                flow_run_name=f"{title.partition(' ')[2]} of {short(run.release.commit)}",
                persist_result=False,
                description=body.__doc__,
            )
            def phase_flow(release: str) -> State[None]:
                del release
                report = carried.report()
                if report.stopping:
                    return Failed(name="Stopped", message=report.sentence)
                return Completed(message=report.sentence)

            with _settings_of_a_phase():
                with _view_that_may_fail(title, carried):
                    phase_flow(run.release.key, return_state=True)
                return carried.report()

        return carry_out_phase

    return bind


class _CarriedOutOnce:
    """The body of a phase, which is carried out once, whatever becomes of the flow around it."""

    def __init__(self, title: str, body: Callable[[Run], Report], run: Run) -> None:
        self._title = title
        self._body = body
        self._run = run
        self._report: Report | None = None
        self.error: Exception | None = None

    def report(self) -> Report:
        """Return what the phase found, or raise what it raised; the first asking carries it out and leaves its page."""
        if self.error is not None:
            raise self.error
        if self._report is None:
            try:
                self._report = replace(self._body(self._run), title=self._title)
            except Exception as error:
                self.error = error
                raise
            publish_page(self._title, self._report)
        return self._report


@contextmanager
def _view_that_may_fail(title: str, carried: _CarriedOutOnce) -> Iterator[None]:
    """What is raised here is Prefect's, for the phase keeps its own error: a warning, unless the run was deleted."""
    try:
        yield
    except Exception as error:
        if carried.error is not None:
            return
        if says_deleted(error):
            raise
        get_run_logger().warning(
            "Prefect does not show %s as it ended (%s); the release goes on", title, as_clause(say_error(error))
        )


@contextmanager
def _settings_of_a_phase() -> Iterator[None]:
    """No heartbeat, which takes Prefect up to a second to end: the run that a phase belongs to shows life.

    And little patience with a server that is away: while it is waited for, nobody hears a red flag.
    """
    context = get_settings_context()
    flows = context.settings.flows.model_copy(update={"heartbeat_frequency": None})
    client = context.settings.client
    client = client.model_copy(update={"max_retries": min(client.max_retries, RETRIES)})
    settings = context.settings.model_copy(update={"flows": flows, "client": client})
    with SettingsContext(profile=context.profile, settings=settings):
        yield


def run_items(run: Run, *questions: Question) -> Report:
    """Ask at once all items that this way asks, and return what they found."""
    asked = [question for question in questions if question.item.asked[run.release.way] is not Asked.NOT_ASKED]
    for question in asked:
        run.verdicts.pop(question.item.number, None)
    futures = [(question, as_task(question, run).submit()) for question in asked]
    for _, future in futures:
        future.wait()
    return Report(
        entries=tuple(
            (
                question.item,
                run.verdicts.get(question.item.number) or unknown(f"could not be asked: {future.state.message}"),
            )
            for question, future in futures
        ),
        way=run.release.way,
    )


def stopping_of(run: Run, *reports: Report) -> list[Entry]:
    """Return what stops this release in its mode."""
    return [entry for report in reports for entry in report.stopping if stops_in(run.release.mode, entry[0])]


def require(run: Run, *reports: Report) -> None:
    """Return if nothing stops the way forward; raise ChecksFailed naming what does, which in observe is section 6."""
    if stopping := stopping_of(run, *reports):
        raise ChecksFailed(say_each(stopping))


def publish_record(run: Run) -> None:
    """Leave the record as a page of the current run; without Prefect's server the store still has it."""
    if current_run() is None:
        return
    with suppress(BlockError):
        page = render_record(run.record.rows(), zone=run.company.rules.time_zone)
        leave_page("record", page, f"{run.release.key}: {run.release.what}")


def publish_page(title: str, report: Report) -> None:
    """Leave the page of evidence as an artifact of the current run; the record has the verdicts without it."""
    slug = "".join(letter if letter.isalnum() else "-" for letter in title.lower()).strip("-")
    page = render_page(title, report.entries, way=report.way, foot=report.foot)
    leave_page(f"evidence-{slug}", page, report.sentence)
