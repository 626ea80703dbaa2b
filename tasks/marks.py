"""What other systems show of a release beside the checklist: its deployment, its updates on graphs, its commits.

GitHub's pages show a deployment and its state, Sentry knows which errors came with which release, and Grafana's graphs
carry a mark for each update of a server. All of it is advice: it is taken from the record, may be repeated, and nothing
waits for it or fails because of it.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from blocks.errors import BlockError
from blocks.github_deployments import State as Shown
from policy.endings import ending_of
from policy.items import Way
from policy.metrics import Ending
from policy.record import Event, Row, last
from policy.wording import short
from tasks.run import Run

UPDATES = {"2.1.2": "updated to", "2.1.5": "updated to", "4.2.2": "put back to"}
LEFT_OUT = "Left out"
SHOWN: dict[Ending, Shown] = {
    Ending.SIGNED_OFF: "success",
    Ending.STAYED: "success",
    Ending.STOPPED: "inactive",
    Ending.PREPARED: "inactive",
    Ending.PROPOSED: "inactive",
    Ending.ROLLED_BACK: "failure",
    Ending.STUCK: "failure",
}


def show_beginning(run: Run) -> None:
    """GitHub shows the deployment as under way, and Sentry knows the release with its commits."""
    release = run.release
    _advise("deployment shown on GitHub", lambda: _show_deployment(run, "in_progress"))
    if (sentry := run.company.sentry) is not None:
        commits = [(one.sha, one.subject) for one in release.commits]
        _advise("release known to Sentry", lambda: sentry.create_release(release.commit, commits, url=run.link))


def show_updates(run: Run) -> None:
    """Grafana's graphs carry a mark from start to end of each update that the record holds."""
    if (grafana := run.company.grafana) is None:
        return
    for number, server, start, end in list_updates(run.record.seen):
        commit = run.release.previous_commit if number == "4.2.2" else run.release.commit
        text = f"{server} {UPDATES[number]} {short(commit)}: {run.release.what}"
        key = f"{run.release.key}/{number}/{server}"
        tags = [run.release.environment, server]
        mark = partial(grafana.annotate, key, text, tags=tags, start=start, end=end)
        if not _advise(f"update of {server} shown on Grafana", mark):
            return


def show_ending(run: Run) -> None:
    """GitHub shows how a release that is sealed ended, Sentry where it is live, and Grafana's graphs every update.

    By then the hold was given back: nobody waits for what only informs.
    """
    rows = run.record.seen
    if (sealed := last(rows, Event.SEALED)) is None:
        return
    shown = SHOWN[ending_of(sealed)]
    show_updates(run)
    _advise("ending shown on GitHub", lambda: _show_deployment(run, shown))
    sentry, live = run.company.sentry, last(rows, Event.LIVE)
    if sentry is None or live is None or shown != "success":
        return
    since = min((start for _, _, start, _ in list_updates(rows)), default=live.at)
    _advise(
        "deploy known to Sentry",
        lambda: sentry.record_deploy(
            run.release.commit, run.release.environment, run.release.key, since=since, until=live.at
        ),
    )


def list_updates(rows: tuple[Row, ...]) -> Iterator[tuple[str, str, datetime, datetime]]:
    """Yield item, server, first intent and last confirmation of each update of a server that began and ended."""
    for number in UPDATES:
        about = [row for row in rows if row.item == number and row.subject]
        for server in dict.fromkeys(row.subject for row in about):
            of_server = [row for row in about if row.subject == server]
            began = next((row.at for row in of_server if row.event is Event.INTENDED), None)
            done = last(of_server, Event.CONFIRMED)
            if began is not None and done is not None:
                yield number, server, began, done.at


def _show_deployment(run: Run, state: Shown) -> None:
    """A migration alone brings no commit to any server."""
    release = run.release
    if release.way is Way.MIGRATION:
        return
    run.company.github.show_deployment(
        release.environment,
        # A roll-back shows what became of the release that it undoes.
        release.kept_under,
        state,
        commit=release.commit,
        description=release.what,
        link=run.link,
        address=run.company.application.url,
    )


def _advise(name: str, act: Callable[[], object]) -> bool:
    state = as_task(name, act)(return_state=True)
    return state is None or state.name != LEFT_OUT


def as_task(name: str, act: Callable[[], object]) -> Callable[..., State[None] | None]:
    """Return the task that says what it could not do and never fails."""

    @task(name=name, cache_policy=NO_CACHE, persist_result=False)
    def carry() -> State[None]:
        try:
            act()
        except BlockError as error:
            return Completed(name=LEFT_OUT, message=str(error))
        return Completed(message="done")

    return carry
