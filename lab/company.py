"""The whole company on one machine: its parts, started together, broken and mended by name."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from lab.application_database import PEOPLE as PEOPLE_OF_THE_APPLICATION
from lab.application_database import ApplicationDatabases
from lab.authenticator import Authenticator
from lab.balancer import Balancer
from lab.ci import Ci
from lab.history import History
from lab.home import Home, is_free
from lab.nightly_backups import NightlyBackups
from lab.object_store import ObjectStore
from lab.outside import Outside
from lab.postgres import Cluster
from lab.processes import end, spawn, wait_until
from lab.product import PORTAL
from lab.prometheus import prepare
from lab.servers import Servers
from lab.settings_file import CHANNELS, ON_CALL, SLACK_LAST_CHANCE, as_toml, of_own_product, people, settings
from lab.site import site_of
from lab.vendors.core import Vendor
from lab.vendors.github import GitHub
from lab.vendors.pagerduty import KEY_LENGTH, PagerDuty
from lab.vendors.slack import Slack
from lab.web import WebServers

ROOT = Path(__file__).parent.parent
JOBS_SECONDS = 2


class Company:
    """Every part of one lab."""

    def __init__(self, home: Home, rate: float) -> None:
        self.home = home
        self.rate = rate
        self.site = site_of(home)
        self._began = time.monotonic()
        statistics = {"shared_preload_libraries": "pg_stat_statements", "log_timezone": "UTC"}
        chosen = {**statistics, **self.site.engine.database_settings()}
        self.database = Cluster(home, "application", "postgres", chosen)
        self.databases = ApplicationDatabases(home, self.database)
        self.prefect_database = Cluster(home, "prefect", "prefect_postgres")
        self.store = ObjectStore(home)
        self.backups = NightlyBackups(home, self.store, self.database)
        self.balancer = Balancer(home)
        self.hosts = self.site.hosts
        self.servers = Servers(home, self.site.engine)
        self.shelf = self.site.storage
        self.web = WebServers(home)
        self._metrics: subprocess.Popen[bytes] | None = None
        self._words: list[str] = []
        self._traffic: subprocess.Popen[bytes] | None = None
        self.ci: Ci
        self.slack: Slack
        self.pagerduty: PagerDuty
        self.outside: Outside

    async def start(self) -> None:
        """Start everything; a part that needs another waits for it."""
        for name in PEOPLE_OF_THE_APPLICATION.values():
            self.home.secret(name)
        Authenticator(self.home).enrol_everybody()
        self._make_vendors()
        await self.web.serve("github", self.ci.github.app)
        await self.web.serve("slack", self.slack.app)
        await self.web.serve("pagerduty", self.pagerduty.app)
        await self.outside.serve(self.web)
        await self.site.start(self.web)
        self._say("vendors, registry and hosts")
        await asyncio.gather(
            asyncio.to_thread(self._start_application),
            asyncio.to_thread(self._start_prefect_database),
            asyncio.to_thread(self._start_store),
            self.start_metrics(),
        )
        await asyncio.to_thread(self.backups.renew)
        self._say("backups")
        self._start_traffic()
        known = settings(self.home, self.balancer, self.hosts)
        text = as_toml(known | self.outside.settings() if self.home.product is PORTAL else of_own_product(known))
        (self.home.path / "countersign.toml").write_text(text)

    def _say(self, what: str) -> None:
        print(f"{what}: up after {time.monotonic() - self._began:.1f} s", flush=True)

    def _make_vendors(self) -> None:
        folder = self.home.path / "repository.git"
        first = self.home.path / "first-refs.json"
        if first.exists():
            history = History(folder)
            history.restore(json.loads(first.read_text()))
        else:
            shutil.rmtree(folder, ignore_errors=True)
            owned = self.home.product.folder
            history = History.make(folder) if owned is None else History.clone(owned, folder)
            first.write_text(json.dumps(history.refs()))
        github = GitHub(
            history,
            self.home.secret("GITHUB_TOKEN"),
            repository=self.home.product.repository,
            site=self.home.url("github"),
        )
        self.ci = Ci(history, github, self.shelf, self.servers, self.databases, product=self.home.product)
        emails = {person["emails"][0]: person["slack"] for person in people()}
        self.slack = Slack(
            self.home.secret("SLACK_TOKEN"), channels=CHANNELS, people=emails, last_chance=SLACK_LAST_CHANCE
        )
        self.slack.agreeing = frozenset({ON_CALL})
        self.outside = Outside(self.home)
        self.pagerduty = PagerDuty(self.home.secret("PAGERDUTY_ROUTING_KEY", length=KEY_LENGTH))

    def vendors(self) -> dict[str, Vendor]:
        """Return the vendors that can misbehave on command."""
        named = {"github": self.ci.github, "slack": self.slack, "pagerduty": self.pagerduty}
        return {**named, **self.outside.vendors()}

    def _start_application(self) -> None:
        if self.database.start():
            self.databases.fill()
        self._say("application's database")
        self.balancer.start()
        first = self.ci.first_image()
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: self._reset_server(name, first.digest), self.home.servers))
        self.balancer.wait_until_up()
        self._say("servers and balancer")

    def _start_prefect_database(self) -> None:
        if self.prefect_database.start():
            password = self.home.secret("PREFECT_DATABASE_PASSWORD")
            self.prefect_database.make_database("prefect", "prefect", password)
            with self.prefect_database.connect("prefect") as connection:
                connection.execute("CREATE EXTENSION pg_trgm")
        # Another server than production's is there already: it lends itself for scratch databases.
        self.prefect_database.make_maker("scratch", self.home.secret("SCRATCH_PASSWORD"))

    def _start_store(self) -> None:
        self.store.start()
        self._say("S3")

    async def start_metrics(self) -> None:
        """Start the metrics system on the servers of production."""
        if self._metrics is None:
            at = {name: self.home.url("app_" + name).removeprefix("http://") for name in self.home.servers}
            targets = {name: at[name] for name in self.home.web_servers}
            staging = {name: at[name] for name in self.home.servers if name not in targets}
            folder, port = self.home.folder("prometheus"), self.home.ports["prometheus"]
            rate = self.rate / len(targets)
            self._words = self._words or await asyncio.to_thread(
                prepare, folder, port, targets, rate=rate, staging=staging
            )
            self._metrics = spawn(self.home, "prometheus", self._words, cwd=ROOT)
            await asyncio.to_thread(wait_until, "Prometheus answers", self._metrics_answer, seconds=60, home=self.home)
            self._say("metrics")

    def _metrics_answer(self) -> bool:
        return not is_free(self.home.ports["prometheus"])

    async def stop_metrics(self) -> None:
        """Stop the metrics system."""
        await asyncio.to_thread(end, self._metrics, grace=3)
        self._metrics = None

    def _start_traffic(self) -> None:
        environment = {
            "BALANCER_PORT": str(self.home.ports["balancer"]),
            "CONTROL_PORT": str(self.home.ports["traffic"]),
            "TRAFFIC_RATE": str(self.rate),
            "TRAFFIC_PASSWORD": self.home.secret("TRAFFIC_PASSWORD"),
            "TRAFFIC_PATH": "" if self.home.product is PORTAL else "/",
        }
        words = [sys.executable, "-m", "lab.traffic"]
        self._traffic = spawn(self.home, "traffic", words, environment=environment, cwd=ROOT)

    async def keep_working(self) -> None:
        """Do what the company's own jobs do while it is up; one that fails is tried again."""
        while True:
            await asyncio.sleep(JOBS_SECONDS)
            try:
                await asyncio.to_thread(self.backups.make_due)
            except (OSError, subprocess.SubprocessError, BotoCoreError, ClientError) as problem:
                print(f"the nightly backup: {problem}", flush=True)

    async def reset(self) -> None:
        """Bring everything back to the first state."""
        for name in self.hosts.all():
            await self.mend(name)
        self.hosts.write_known_hosts()
        await self.start_metrics()
        self.ci.github.reset()
        self.ci.forget()
        self.slack.reset()
        self.pagerduty.reset()
        self.outside.reset()
        await asyncio.to_thread(self._reset_parts)

    def _reset_parts(self) -> None:
        self.database.start()
        self.store.start()
        self.databases.reset()
        first = self.ci.first_image()
        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(self._reset_server, name, first.digest) for name in self.home.servers]
            jobs.append(pool.submit(self.backups.reset))
            for job in jobs:
                job.result()
        # What a server wrote while its clock was ahead would be the newest for minutes.
        with self.database.connect("holi") as connection:
            connection.execute("DELETE FROM audit_logs WHERE timestamp > now() + interval '1 second'")
        self.balancer.wait_until_up()

    def _reset_server(self, name: str, digest: str) -> None:
        self.servers.tidy(name)
        self.servers.furnish(name)
        self.servers.check_out(name, self.ci.history.resolve("production"))
        self.servers.deploy(name, digest)
        self.servers.wait_until_healthy(name)
        if name in self.home.web_servers:
            self.balancer.make_ready(name)

    async def cut(self, name: str) -> None:
        """Make a host unreachable: SSH is refused, the application hangs."""
        await self.hosts.close(name)
        if name in self.home.servers:
            self.servers.signal(name, signal.SIGSTOP)

    async def mend(self, name: str) -> None:
        """Undo a cut."""
        if name in self.home.servers:
            self.servers.signal(name, signal.SIGCONT)
        if not self.hosts.is_open(name):
            await self.hosts.open(name)

    async def stop(self) -> None:
        """Stop everything, each part in its own way."""
        end(self._traffic, grace=1)
        await self.stop_metrics()
        await self.site.stop()
        await self.outside.stop()
        await self.web.stop()
        parts = [self.balancer.stop, self.store.stop, self.database.stop, self.prefect_database.stop]
        await asyncio.gather(*(asyncio.to_thread(part) for part in parts))
