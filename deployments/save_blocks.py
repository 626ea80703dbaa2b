"""Writes the settings as block documents: addresses and names of secrets, never a secret.

`python -m deployments.save_blocks` reads the file named in COUNTERSIGN_SETTINGS. A folder that is to be the store is
marked as such the first time; with `--new-store` also where an earlier one was lost for good.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

from prefect.blocks.core import Block
from pydantic import BaseModel

from blocks.application import Application
from blocks.backup_store import BackupStore
from blocks.company import CompanyRules
from blocks.confluence import Confluence
from blocks.doppler import Doppler
from blocks.errors import BlockError, Misconfigured
from blocks.fleet import Fleet, Server
from blocks.github import GitHub
from blocks.grafana import Grafana
from blocks.jira import Jira
from blocks.k6 import K6
from blocks.linear import Linear
from blocks.load_balancer import CommandBalancer, HAProxy
from blocks.mail import Mail
from blocks.notion import Notion
from blocks.pagerduty import PagerDuty
from blocks.pagerduty_rest import PagerDutyRest
from blocks.postgres import Postgres
from blocks.prisma import Prisma
from blocks.prometheus import Prometheus
from blocks.registry import Registry
from blocks.scratch_host import ScratchHost
from blocks.sentry import Sentry
from blocks.slack import Slack
from blocks.snyk import Snyk
from blocks.status_pages import StatusPages
from blocks.statuspage import Statuspage
from blocks.store import FolderStore, S3Store
from blocks.test_bench import TestBench
from blocks.vendor_block import VendorBlock
from deployments.migration_settings import StagingDatabaseSettings
from deployments.prefect_server import server_takes_it
from deployments.release_settings import BalancerSettings, FleetSettings, StagingSettings
from deployments.settings import Settings, read_settings
from deployments.vendor_settings import PrometheusSettings
from deployments.worker_files import refuse_absent_files
from tasks.own_checks import read_own_checks

VENDORS: dict[str, type[VendorBlock]] = {
    "on_call": PagerDutyRest,
    "statuspage": Statuspage,
    "sentry": Sentry,
    "doppler": Doppler,
    "snyk": Snyk,
    "jira": Jira,
    "linear": Linear,
    "notion": Notion,
    "confluence": Confluence,
    "grafana": Grafana,
}
PROGRAMS = {"pg_dump", "pg_restore"}


def blocks_of(settings: Settings) -> dict[str, list[Block]]:
    """Return the blocks of an environment by the name they are saved under."""
    required: list[Block] = [
        _rules(settings),
        store_of(settings),
        _fleet(settings, settings.fleet.servers),
        Application(**settings.application.model_dump(), secrets_folder=settings.secrets),
        GitHub(
            url=settings.github.url,
            repository=settings.github.repository,
            token=settings.github.token,
            secrets_folder=settings.secrets,
        ),
        Slack(**settings.slack.model_dump(exclude={"last_chance"}), secrets_folder=settings.secrets),
        Registry(**settings.registry.model_dump(), secrets_folder=settings.secrets),
    ]
    of_environment = {settings.environment: [*required, *_optional_blocks(settings)]}
    if settings.staging is None:
        return of_environment
    return {**of_environment, f"{settings.environment}-staging": _staging_blocks(settings, settings.staging)}


def save(settings: Settings, *, new_store: bool = False) -> int:
    """Save every block, over what was saved before; return how many there are."""
    made, store = blocks_of(settings), store_of(settings)
    if isinstance(store, FolderStore):
        mark_once(store, known=None if new_store else _saved_before(settings.environment))
    count = 0
    for name, blocks in made.items():
        for block in blocks:
            block.save(name, overwrite=True)
            count += 1
    return count


def mark_once(store: FolderStore, *, known: FolderStore | None) -> None:
    """The folder is marked as the store; raises Misconfigured for one that was set up before and is empty now.

    `known` is the store that was saved before: its folder without a marker and without a record is the place where
    the store should be mounted, unless a person says that it is a new one.
    """
    if store.is_marked:
        return
    if known is not None and known.folder == store.folder and store.is_empty:
        raise Misconfigured(
            f"store.folder: {store.folder} was set up before and is empty now: is it mounted? If the store was lost"
            " for good, begin a new one with python -m deployments.save_blocks --new-store"
        )
    store.mark()


def _saved_before(environment: str) -> FolderStore | None:
    try:
        found = FolderStore.load(environment)
    except ValueError:
        return None
    return found if isinstance(found, FolderStore) else None


def _rules(settings: Settings) -> CompanyRules:
    return CompanyRules(
        environment=settings.environment,
        time_zone=settings.time_zone,
        country=settings.country,
        people=[person.model_dump(mode="json", by_alias=True) for person in settings.people],
        calendar=settings.calendar,
        limits=settings.limits.model_dump(mode="json", exclude_unset=True),
        risk_rules=settings.risk.model_dump(mode="json", exclude_unset=True),
        evidence_rules=settings.evidence.model_dump(mode="json"),
        incidents=settings.incidents.model_dump(mode="json") if settings.incidents else None,
        hotfix=settings.hotfix.model_dump(mode="json", exclude_unset=True),
        pull_request_template=settings.github.pull_request_template,
        own_checks=list(settings.own_checks),
        secrets_folder=settings.secrets,
        signing_key=settings.signing.key if settings.signing else None,
        public_keys=dict(settings.signing.public_keys) if settings.signing else {},
        spool=settings.spool,
        prefect_ui=settings.prefect_ui,
        main_branch=settings.github.main,
        production_ref=settings.github.production,
        workflow=settings.github.workflow,
        systems=settings.systems,
        store="bucket" if settings.store.folder is None else "folder",
        balancer="commands" if settings.balancer and settings.balancer.commands else "haproxy",
        **({"staging_branch": settings.staging.branch} if settings.staging is not None else {}),
    )


def _optional_blocks(settings: Settings) -> Iterator[Block]:
    if settings.balancer is not None:
        yield _balancer(settings.fleet, settings.balancer)
    if settings.pagerduty is not None:
        yield PagerDuty(**settings.pagerduty.model_dump(), secrets_folder=settings.secrets)
    if settings.prometheus is not None:
        yield _prometheus(settings, settings.prometheus)
    yield from _programs_of_the_worker(settings)
    if settings.database is not None:
        programs = settings.backups.model_dump(include=PROGRAMS) if settings.backups is not None else {}
        yield Postgres(**settings.database.model_dump(), secrets_folder=settings.secrets, **programs)
    if settings.prisma is not None:
        yield Prisma(**settings.prisma.model_dump())
    if settings.scratch_database is not None:
        programs = settings.backups.model_dump(include=PROGRAMS) if settings.backups is not None else {}
        yield ScratchHost(**settings.scratch_database.model_dump(), secrets_folder=settings.secrets, **programs)
    if settings.backups is not None:
        yield BackupStore(**settings.backups.model_dump(exclude=PROGRAMS), secrets_folder=settings.secrets)
    for section, kind in VENDORS.items():
        found: BaseModel | None = getattr(settings, section)
        if found is not None:
            yield kind(**found.model_dump(), secrets_folder=settings.secrets)
    if settings.mail is not None:
        yield Mail(**settings.mail.model_dump(), secrets_folder=settings.secrets)
    if settings.status_pages is not None:
        pages = settings.status_pages
        yield StatusPages(
            pages={name: one.page for name, one in pages.items()},
            uses={name: list(one.uses) for name, one in pages.items()},
            carries={name: list(one.carries) for name, one in pages.items()},
        )


def _programs_of_the_worker(settings: Settings) -> Iterator[Block]:
    if settings.load_test is not None:
        yield K6(**settings.load_test.model_dump(exclude_none=True))
    if settings.hotfix_test is not None:
        yield TestBench(**settings.hotfix_test.model_dump())


def _prometheus(settings: Settings, section: PrometheusSettings) -> Prometheus:
    return Prometheus(
        url=section.url,
        user=section.user,
        password=section.password,
        secrets_folder=settings.secrets,
        scrape_interval=timedelta(seconds=section.scrape_interval),
        **section.queries,
    )


def _staging_blocks(settings: Settings, staging: StagingSettings) -> list[Block]:
    measured = [_prometheus(settings, settings.staging_metrics)] if settings.staging_metrics is not None else []
    database = settings.staging_database
    has_database = [] if database is None else [_staging_database(settings, database)]
    return [
        *measured,
        *has_database,
        _fleet(settings, (Server(**staging.model_dump(exclude={"branch"})),)),
        Application(
            **settings.application.model_dump(exclude={"url"}),
            url=_base_of(staging.health),
            secrets_folder=settings.secrets,
        ),
    ]


def _staging_database(settings: Settings, section: StagingDatabaseSettings) -> Postgres:
    pool = settings.database.pool if settings.database is not None else 1
    return Postgres(**section.model_dump(), pool=pool, secrets_folder=settings.secrets)


def _fleet(settings: Settings, servers: tuple[Server, ...]) -> Fleet:
    return Fleet(
        **settings.fleet.model_dump(exclude={"servers"}),
        servers=servers,
        host_header=settings.application.host_header,
    )


def store_of(settings: Settings) -> FolderStore | S3Store:
    """Return the store that the settings describe; reading from it needs no Prefect."""
    store = settings.store
    if store.folder is not None and store.bucket is None:
        return FolderStore(folder=store.folder)
    if store.bucket is None or store.folder is not None:
        raise Misconfigured("store: expected either folder or bucket, exactly one of the two")
    if store.access_key is None or store.secret_key is None:
        raise Misconfigured("store: a bucket needs access_key and secret_key, the names of two secrets")
    return S3Store(
        bucket=store.bucket,
        endpoint=store.endpoint,
        region=store.region,
        access_key=store.access_key,
        secret_key=store.secret_key,
        secrets_folder=settings.secrets,
    )


def _balancer(fleet: FleetSettings, balancer: BalancerSettings) -> HAProxy | CommandBalancer:
    host = {
        "host": balancer.host,
        "port": balancer.port,
        "user": fleet.user,
        "key_file": fleet.key_file,
        "known_hosts": fleet.known_hosts,
        "directory": balancer.directory,
    }
    if not balancer.commands:
        socket = {"socket_command": balancer.socket_command} if balancer.socket_command else {}
        return HAProxy(**host, backend=balancer.backend, **socket)
    return CommandBalancer(**host, **{f"{verb}_command": words for verb, words in balancer.commands.items()})


def _base_of(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


def main(words: list[str]) -> int:
    """Save the settings, or say what is wrong with them."""
    parser = argparse.ArgumentParser(prog="python -m deployments.save_blocks", description=__doc__)
    parser.add_argument("--new-store", action="store_true", help="the store was lost for good: begin a new one")
    asked = parser.parse_args(words)
    try:
        settings = read_settings()
        read_own_checks(settings.own_checks)
        refuse_absent_files(settings)
        with server_takes_it():
            count = save(settings, new_store=asked.new_store)
    except BlockError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{count} blocks saved for {settings.environment}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
