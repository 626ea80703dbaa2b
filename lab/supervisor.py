"""The process that holds one lab: it starts the company, listens to commands and stops it in order."""

import asyncio
import dataclasses
import inspect
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from lab.company import Company
from lab.dockerfile import UnbuildableError
from lab.engine import machine
from lab.history import DEV, Author, GitError
from lab.home import READY, Home
from lab.image_builder import UnknownFaultError
from lab.processes import LabError
from lab.ssh_hosts import SshHosts

# What the lab itself refuses, in words for a person.
SENTENCES = (LabError, GitError, UnbuildableError, UnknownFaultError)


class Control:
    """The commands that the client gives; each is one method, its arguments are JSON."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def ping(self) -> dict[str, Any]:
        """Say which process this is."""
        return {"pid": os.getpid(), "home": str(self._company.home.path), "ports": self._company.home.ports}

    async def reset(self) -> float:
        """Bring everything back to the first state; return the rate of the traffic then."""
        await self._company.reset()
        return self._company.rate

    def ship(self, **words: Any) -> dict[str, Any]:
        """Commit, build and push a version."""
        words["labels"] = tuple(words.get("labels", ()))
        words["author"] = Author(**words["author"]) if words.get("author") else DEV
        return self._company.ci.ship(words.pop("version"), **words)

    def publish(self) -> list[dict[str, Any]]:
        """Bring to main what the product's owner committed in their own clone, or one more version of the portal."""
        return self._company.ci.publish()

    def versions_serving(self) -> dict[str, str | None]:
        """Ask each web server itself which version it is."""
        found: dict[str, str | None] = {}
        for name in self._company.home.web_servers:
            found[name] = self.version_of(name)
        return found

    def version_of(self, name: str) -> str | None:
        """Ask one server which version it is; None without an answer."""
        answer = self._company.servers.ask_health(name)
        try:
            return str(answer.json()["version"]) if answer is not None else None
        except (ValueError, KeyError):
            return None

    def in_rotation(self) -> dict[str, bool]:
        """Ask the balancer which servers are given requests."""
        return self._company.balancer.in_rotation()

    def balancer_say(self, line: str) -> str:
        """Say a line to the balancer's socket."""
        return self._company.balancer.say(line)

    async def cut(self, host: str) -> None:
        """Make a host unreachable."""
        await self._company.cut(host)

    async def mend(self, host: str) -> None:
        """Undo a cut."""
        await self._company.mend(host)

    def grow(self, patients: int) -> None:
        """Let both databases have so many patients more."""
        self._company.databases.grow(patients)

    def execute(self, database: str, statement: str) -> None:
        """Let somebody change a database by hand."""
        self._company.databases.execute(database, statement)

    def stop_database(self) -> None:
        """Stop production's database."""
        self._company.database.stop()

    def start_database(self) -> None:
        """Start production's database."""
        self._company.database.start()

    def stop_store(self) -> None:
        """Stop S3."""
        self._company.store.stop()

    def start_store(self) -> None:
        """Start S3."""
        self._company.store.start()

    async def stop_metrics(self) -> None:
        """Stop the metrics system."""
        await self._company.stop_metrics()

    async def start_metrics(self) -> None:
        """Start the metrics system."""
        await self._company.start_metrics()

    def remove_image(self, commit: str) -> str | None:
        """Remove an image from the registry and from hosts that do not use it."""
        digest = self._company.shelf.remove(commit)
        for name in self._company.home.servers if digest else ():
            self._company.servers.forget_image(name, str(digest))
        return digest

    def age_backups(self, hours: float) -> list[str]:
        """Make every backup older."""
        return self._company.backups.renew(older=timedelta(hours=hours))

    def let_night_fall(self) -> None:
        """Let the time of the next nightly backup have come."""
        self._company.backups.due = datetime.now(UTC)

    def kill_app(self, server: str) -> int:
        """Kill the application on a server."""
        return self._company.servers.signal(server, signal.SIGKILL)

    def deploy(self, server: str, digest: str) -> None:
        """Run an image on a server, by hand as its owner would."""
        self._company.servers.deploy(server, digest)

    def fill_disk(self, host: str) -> None:
        """Let the next pull on a host find no space."""
        self._company.servers.fill_disk(host)

    def run_on_host(self, host: str, process: str) -> None:
        """Let a command line be among what runs on a host."""
        machine.run_also(self._company.home.host(host), process)

    def use_disk(self, host: str, share: float) -> None:
        """Let a host's disk be in use by this share."""
        machine.use_disk(self._company.home.host(host), share)

    def lose_compose(self, host: str) -> None:
        """Let a host's Docker be without Compose."""
        machine.lose_compose(self._company.home.host(host))

    def put_bot_out(self, channel: str) -> None:
        """Put our bot out of a channel of Slack."""
        self._company.slack.put_out(channel)

    def take_writing(self) -> None:
        """Let our account on GitHub only read."""
        self._company.ci.github.state.may_push = False

    def forbid(self, vendor: str) -> None:
        """Let our secret at a vendor no longer have its permission."""
        self._company.vendors()[vendor].allowed = False

    def set_clock(self, host: str, ahead: float) -> None:
        """Let a server's clock be off."""
        self._company.servers.set_clock(host, ahead)
        self._company.balancer.wait_until_up()

    def delay_shutdown(self, seconds: float) -> None:
        """Let the application on each web server answer on for so long after SIGTERM."""
        for name in self._company.home.web_servers:
            self._company.servers.delay_shutdown(name, seconds)
            self._company.balancer.wait_until_up()

    def kill_at_next_change(self, pid: int) -> None:
        """Kill a process as soon as its next change reaches a host."""
        if not isinstance(self._company.hosts, SshHosts):
            raise LabError("genuine SSH servers kill nobody")
        self._company.hosts.victim = pid

    async def rotate_host_key(self, host: str) -> None:
        """Give a host another key."""
        await self._company.hosts.rotate_key(host)

    def slack_messages(self, channel: str) -> list[dict[str, Any]]:
        """Return the messages of a channel or a person."""
        return self._company.slack.messages(channel)

    def scheduled_messages(self) -> list[dict[str, Any]]:
        """Return what Slack will post by itself."""
        return self._company.slack.schedule.waiting()

    def mails(self) -> list[dict[str, str]]:
        """Return what the mail server took, as its readers see it."""
        taken = self._company.outside.mail.messages
        return [{"to": str(one["To"]), "subject": str(one["Subject"]), "text": one.get_content()} for one in taken]

    def issues(self) -> list[dict[str, Any]]:
        """Return GitHub's issues, oldest first; pull requests are none here."""
        return [dataclasses.asdict(one) for one in self._company.ci.github.state.issues]

    def pages(self) -> list[dict[str, Any]]:
        """Return PagerDuty's incidents."""
        return self._company.pagerduty.pages()

    def break_vendor(self, vendor: str, kind: str, **words: Any) -> None:
        """Let a vendor misbehave."""
        self._company.vendors()[vendor].break_with(kind, **words)

    def count_calls(self) -> dict[str, int]:
        """Say how many calls each vendor has seen."""
        return {name: len(vendor.calls) for name, vendor in self._company.vendors().items()}

    def mend_vendor(self, vendor: str) -> None:
        """Let a vendor behave."""
        self._company.vendors()[vendor].mend()


def build_control(control: Control, stop: asyncio.Event) -> Starlette:
    """Return the control API: POST /do/METHOD with JSON arguments."""

    async def carry_out(request: Request) -> JSONResponse:
        name = str(request.path_params["name"])
        method: Callable[..., Any] | None = None if name.startswith("_") else getattr(control, name, None)
        if method is None:
            return JSONResponse({"problem": f"there is no command {name}"}, 404)
        words = await request.json()
        try:
            if inspect.iscoroutinefunction(method):
                return JSONResponse({"answer": await method(**words)})
            return JSONResponse({"answer": await asyncio.to_thread(method, **words)})
        except SENTENCES as problem:
            return JSONResponse({"problem": str(problem)}, 422)
        except (ValueError, TypeError, KeyError, OSError) as problem:
            return JSONResponse({"problem": f"{name}: {type(problem).__name__}: {problem}"}, 422)

    async def end(_request: Request) -> JSONResponse:
        stop.set()
        return JSONResponse({"answer": None})

    return Starlette(
        routes=[Route("/do/stop", end, methods=["POST"]), Route("/do/{name}", carry_out, methods=["POST"])]
    )


async def main(path: Path, rate: float) -> int:
    """Hold the lab until somebody says stop."""
    began = time.monotonic()
    home = Home(path)
    (home.path / READY).unlink(missing_ok=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    company = Company(home, rate)
    jobs: asyncio.Task[None] | None = None
    try:
        await company.start()
        await company.web.serve("control", build_control(Control(company), stop))
        jobs = asyncio.create_task(company.keep_working())
        (home.path / READY).write_text(f"{os.getpid()}\n")
        print(f"ready after {time.monotonic() - began:.1f} s", flush=True)
        await stop.wait()
    except SENTENCES as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        (home.path / READY).unlink(missing_ok=True)
        if jobs is not None:
            jobs.cancel()
        await company.stop()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]))))
