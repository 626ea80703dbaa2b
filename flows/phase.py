"""How any phase works: its items are asked at once, all that is wrong is said, and a page of evidence is left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.context import SettingsContext, get_settings_context
from prefect.states import Completed, Failed

from blocks.errors import BlockError, Meant
from policy.items import Asked, Item, Way
from policy.judgement import Judgement, unknown
from policy.limits import Mode
from policy.page import headline, render_page, say_each
from policy.record_page import render_record
from policy.wording import short
from tasks.item import Question, as_task
from tasks.run import Run, current_run
from tasks.run_log import leave_page


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
    """Make a function a phase: a flow of its own in Prefect's view that ends in a page of evidence."""

    def bind(body: Callable[[Run], Report]) -> Callable[[Run], Report]:
        def carry_out_phase(run: Run) -> Report:
            reports: list[Report] = []
            errors: list[Exception] = []

            @flow(
                name=title,
                flow_run_name=f"{title.partition(' ')[2]} of {short(run.release.commit)}",
                persist_result=False,
                description=body.__doc__,
            )
            def phase_flow(release: str) -> State[None]:
                del release
                try:
                    report = replace(body(run), title=title)
                except Exception as error:
                    errors.append(error)
                    raise
                reports.append(report)
                publish_page(title, report)
                if report.stopping:
                    return Failed(name="Stopped", message=report.sentence)
                return Completed(message=report.sentence)

            with _no_heartbeat_of_its_own():
                phase_flow(run.release.key, return_state=True)
            if errors:
                raise errors[0]
            return reports[0]

        return carry_out_phase

    return bind


@contextmanager
def _no_heartbeat_of_its_own() -> Iterator[None]:
    """The run that a phase belongs to shows life; Prefect takes up to a second to end a heartbeat."""
    context = get_settings_context()
    flows = context.settings.flows.model_copy(update={"heartbeat_frequency": None})
    settings = context.settings.model_copy(update={"flows": flows})
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


def require(run: Run, *reports: Report) -> None:
    """Return if nothing stops the way forward, or if this release only observes; else raise ChecksFailed."""
    stopping = [report.sentence for report in reports if report.stopping]
    if stopping and run.release.mode is Mode.RELEASE:
        raise ChecksFailed("; ".join(stopping))


def publish_record(run: Run) -> None:
    """Leave the record as a page of the current run; without Prefect's server the store still has it."""
    if current_run() is None:
        return
    with suppress(BlockError):
        page = render_record(run.record.rows(), zone=run.company.rules.time_zone)
        leave_page("record", page, f"{run.release.key}: {run.release.what}")


def publish_page(title: str, report: Report) -> None:
    """Leave the page of evidence as an artifact of the current run."""
    slug = "".join(letter if letter.isalnum() else "-" for letter in title.lower()).strip("-")
    create_markdown_artifact(
        key=f"evidence-{slug}",
        markdown=render_page(title, report.entries, way=report.way, foot=report.foot),
        description=report.sentence[:200],
    )
