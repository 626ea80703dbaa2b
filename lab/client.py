"""The lab in the hands of a test or a demonstration: start it, break it by name, look at the world."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lab.authenticator import Authenticator
from lab.claim import claimed
from lab.docker_engine import clear_after_death
from lab.home import LEAST_SERVERS, READY, STAND_IN, Home, is_free
from lab.processes import LabError, end_all, marked
from lab.product import NoProductError

ROOT = Path(__file__).parent.parent
START_SECONDS = 180.0
# A connection that was kept may be closed by the other side in the very moment in which it is used again.
FRESH = httpx.Limits(max_keepalive_connections=0)


@dataclass(frozen=True, slots=True)
class Shipped:
    """A version that is committed; its image is in the registry once it is merged."""

    version: str
    commit: str
    digest: str | None
    pull_request: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the steady traffic saw since the last mark."""

    sent: int
    ok: int
    failed: int
    lost: int
    slowest: float
    losses: tuple[str, ...]


class Lab:
    """One running lab."""

    def __init__(self, home: Home, process: subprocess.Popen[bytes] | None = None) -> None:
        self.home = home
        self._process = process
        self._supervisor = process.pid if process else home.supervisor
        self._authenticator = Authenticator(home)
        self._control = httpx.Client(base_url=home.url("control"), timeout=60, limits=FRESH)
        self._traffic = httpx.Client(base_url=home.url("traffic"), timeout=60)

    @classmethod
    def start(
        cls,
        home: Path,
        *,
        rate: float = 20,
        engine: str = STAND_IN,
        servers: int = LEAST_SERVERS,
        product: Path | None = None,
    ) -> "Lab":
        """Start the lab in this folder, however the one before died; return when it is ready.

        `product` is the folder of an application of one's own; without one the lab's portal runs on so many `servers`.
        Between choosing a port and using it another lab may take it, so a start that fails is tried once more.
        Raises LabError, and changes nothing, while a lab lives there.
        """
        place = Home(home)
        with claimed(place) as claim:
            try:
                place.choose_company(servers=servers, folder=product)
            except NoProductError as problem:
                raise LabError(f"PRODUCT: {problem}") from None
            except ValueError as problem:
                raise LabError(str(problem)) from None
            try:
                return cls._start(place, rate, engine, claim)
            except LabError:
                place.renew_ports()
                return cls._start(place, rate, engine, claim)

    @classmethod
    def _start(cls, place: Home, rate: float, engine: str, claim: int) -> "Lab":
        end_all(place)
        clear_after_death(place)
        place.choose_engine(engine)
        if not all(is_free(port) for port in place.ports.values()):
            place.renew_ports()
        (place.path / READY).unlink(missing_ok=True)
        with (place.logs / "supervisor.log").open("ab") as log:
            before = log.tell()
            process = subprocess.Popen(
                [sys.executable, "-m", "lab.supervisor", str(place.path), str(rate)],
                cwd=ROOT,
                env=marked(place),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(claim,),
            )
        deadline = time.monotonic() + START_SECONDS
        while not (place.path / READY).exists():
            if process.poll() is not None or time.monotonic() > deadline:
                ended = process.poll() is not None
                end_all(place)
                clear_after_death(place)
                why = "its supervisor ended" if ended else f"it was not ready after {START_SECONDS:.0f} s"
                said = (place.logs / "supervisor.log").read_bytes()[before:].decode(errors="replace")[-2000:]
                raise LabError(f"the lab in {place.path} did not start: {why}; the logs are in {place.logs}\n{said}")
            time.sleep(0.02)
        return cls(place, process)

    @classmethod
    def attach(cls, home: Path) -> "Lab":
        """Return the lab that runs in this folder."""
        if not (home / READY).exists():
            raise LabError(f"no lab runs in {home}; start one with `make lab`")
        lab = cls(Home(home))
        lab.do("ping")
        return lab

    @property
    def is_up(self) -> bool:
        """True while the lab that was started or found here runs, and no other one has taken its folder."""
        ended = self._process is not None and self._process.poll() is not None
        return not ended and self.holds_folder

    @property
    def holds_folder(self) -> bool:
        """True until this lab is stopped, here or elsewhere; one that died still holds its folder."""
        return self._supervisor is not None and self.home.supervisor == self._supervisor

    def leave(self) -> None:
        """Stop it, unless that was done elsewhere: what is in the folder by now is somebody else's."""
        if self.holds_folder:
            self.stop()

    def stop(self, *, purge: bool = False) -> None:
        """Stop everything; with `purge` the folder goes too."""
        if pid := self.home.supervisor:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 10
            while (self.home.path / READY).exists() and time.monotonic() < deadline:
                time.sleep(0.02)
        end_all(self.home, grace=4)
        clear_after_death(self.home)
        if self._process:
            self._process.wait()
        self._control.close()
        self._traffic.close()
        for socket in self.home.scratch.glob("*.sock*"):
            socket.unlink(missing_ok=True)
        if purge:
            shutil.rmtree(self.home.scratch, ignore_errors=True)
            shutil.rmtree(self.home.path, ignore_errors=True)

    def do(self, command: str, **words: Any) -> Any:
        """Give a command to the supervisor and return its answer."""
        try:
            answer = self._control.post(f"/do/{command}", json=words)
        except httpx.HTTPError as problem:
            raise LabError(f"the lab in {self.home.path} did not carry out {command}: {problem!r}") from problem
        content = json.loads(answer.content)
        if "problem" in content:
            raise LabError(str(content["problem"]))
        return content["answer"]

    @property
    def settings_path(self) -> Path:
        """The settings with which flows find this lab."""
        return self.home.path / "countersign.toml"

    def environment(self) -> dict[str, str]:
        """Return what a process needs to use this lab: settings, secrets, addresses of Prefect."""
        password = self.home.secret("PREFECT_DATABASE_PASSWORD")
        port = self.home.ports["prefect_postgres"]
        return {
            "COUNTERSIGN_SETTINGS": str(self.settings_path),
            "COUNTERSIGN_SECRETS": str(self.home.secrets),
            "PREFECT_HOME": str(self.home.folder("prefect")),
            "PREFECT_API_DATABASE_CONNECTION_URL": (
                f"postgresql+asyncpg://prefect:{password}@127.0.0.1:{port}/prefect"
            ),
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": str(self.home.ports["prefect"]),
            "PREFECT_API_URL": self.home.url("prefect") + "/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }

    def reset(self) -> None:
        """Bring everything back to the first state."""
        self._authenticator.forget()
        self.set_traffic(self.do("reset"))
        self.mark_traffic()

    def ship(
        self,
        version: str,
        fault: str | None = None,
        boot_seconds: float = 0,
        *,
        merged: bool = True,
        conclusion: str = "success",
        files: Mapping[str, str | None] | None = None,
        labels: tuple[str, ...] = (),
        author: dict[str, str] | None = None,
        title: str = "",
    ) -> Shipped:
        """Commit a version; merged, it is built and pushed; else it waits as an open pull request."""
        answer = self.do(
            "ship",
            version=version,
            fault=fault,
            boot_seconds=boot_seconds,
            merged=merged,
            conclusion=conclusion,
            files=files or {},
            labels=labels,
            author=author,
            title=title,
        )
        return Shipped(**answer)

    def publish(self) -> list[Shipped]:
        """Let what was committed to the product's own main be reviewed, merged and built; the portal gets a version."""
        return [Shipped(**one) for one in self.do("publish")]

    def versions_serving(self) -> dict[str, str | None]:
        """Return the commit that each web server itself says it serves; None without an answer."""
        return dict(self.do("versions_serving"))

    def version_of(self, server: str) -> str | None:
        """Return the commit that one server says it serves."""
        answer = self.do("version_of", name=server)
        return None if answer is None else str(answer)

    def in_rotation(self) -> dict[str, bool]:
        """Return for each web server whether the balancer gives it requests."""
        return dict(self.do("in_rotation"))

    def traffic(self) -> Counts:
        """Return what the traffic saw since the last mark."""
        seen = self._traffic.get("/counts").json()
        return Counts(seen["sent"], seen["ok"], seen["failed"], seen["lost"], seen["slowest"], tuple(seen["losses"]))

    def mark_traffic(self) -> None:
        """Count anew from here."""
        self._traffic.post("/mark")

    def set_traffic(self, rate: float) -> None:
        """Send so many requests a second from here."""
        self._traffic.post(f"/rate/{rate}")

    def cut(self, host: str) -> None:
        """Make a host unreachable."""
        self.do("cut", host=host)

    def mend(self, host: str) -> None:
        """Undo a cut."""
        self.do("mend", host=host)

    def grow(self, patients: int) -> None:
        """Let the databases have so many patients more."""
        self.do("grow", patients=patients)

    def execute(self, statement: str, *, database: str = "holi") -> None:
        """Let somebody change a database by hand, production's unless another is named."""
        self.do("execute", database=database, statement=statement)

    def stop_database(self) -> None:
        """Stop production's database."""
        self.do("stop_database")

    def start_database(self) -> None:
        """Start production's database."""
        self.do("start_database")

    def stop_metrics(self) -> None:
        """Stop the metrics system."""
        self.do("stop_metrics")

    def start_metrics(self) -> None:
        """Start the metrics system."""
        self.do("start_metrics")

    def stop_store(self) -> None:
        """Stop S3."""
        self.do("stop_store")

    def start_store(self) -> None:
        """Start S3."""
        self.do("start_store")

    def remove_image(self, commit: str) -> None:
        """Remove an image from the registry and from the hosts that do not use it."""
        self.do("remove_image", commit=commit)

    def age_backups(self, hours: float) -> list[str]:
        """Make every backup so many hours older; return the keys."""
        return list(self.do("age_backups", hours=hours))

    def kill_app(self, server: str) -> None:
        """Kill the application on a server; nothing starts it again."""
        self.do("kill_app", server=server)

    def deploy(self, server: str, digest: str) -> None:
        """Run an image on a server, as its owner does by hand."""
        self.do("deploy", server=server, digest=digest)

    def fill_disk(self, host: str) -> None:
        """Let the next pull on a host find no space."""
        self.do("fill_disk", host=host)

    def set_clock(self, host: str, *, ahead: float) -> None:
        """Let a server's clock be so many seconds ahead, for its applications too; less than 0 is slow."""
        self.do("set_clock", host=host, ahead=ahead)

    def delay_shutdown(self, seconds: float) -> None:
        """Let the application on each web server say on SIGTERM that it leaves, and answer on for so long."""
        self.do("delay_shutdown", seconds=seconds)

    def kill_at_next_change(self, pid: int) -> None:
        """Kill a process as soon as its next change reaches a host; the change itself goes on."""
        self.do("kill_at_next_change", pid=pid)

    def rotate_host_key(self, host: str) -> None:
        """Give a host another key than the one in known_hosts."""
        self.do("rotate_host_key", host=host)

    def balancer_say(self, line: str) -> str:
        """Say a line to the balancer's socket and return the answer."""
        return str(self.do("balancer_say", line=line))

    def code_of(self, name: str) -> str:
        """Return the code that this person's authenticator app shows now, one that was not given before."""
        return self._authenticator.code_of(name)

    def slack_messages(self, channel: str) -> list[dict[str, Any]]:
        """Return the messages of a channel or to a person, oldest first."""
        return list(self.do("slack_messages", channel=channel))

    def scheduled_messages(self) -> list[dict[str, Any]]:
        """Return the messages that Slack will post by itself, the next one first."""
        return list(self.do("scheduled_messages"))

    def mails(self) -> list[dict[str, str]]:
        """Return what the mail server took, oldest first."""
        return list(self.do("mails"))

    def pages(self) -> list[dict[str, Any]]:
        """Return PagerDuty's incidents, oldest first."""
        return list(self.do("pages"))

    def issues(self) -> list[dict[str, Any]]:
        """Return GitHub's issues, oldest first."""
        return list(self.do("issues"))
