"""Every configured system is tried before anybody needs it, and nothing is changed anywhere."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.company import Company
from policy.diagnosis import Finding, one_per_cause
from tasks.doctor_at_rest import try_balancer, try_store, try_versions
from tasks.doctor_hosts import try_server
from tasks.doctor_systems import (
    try_application,
    try_github,
    try_people,
    try_registry,
    try_slack,
    try_test_bench,
    try_worker,
)
from tasks.doctor_vendors import try_backups, try_database, try_metrics, try_vendors

_PARALLEL = 8
Group = Callable[[], Iterator[Finding]]


@task(name="Doctor", task_run_name="Doctor", cache_policy=NO_CACHE, persist_result=False)
def systems_tried(company: Company) -> tuple[Finding, ...]:
    """As `examine` says."""
    return examine(company)


def examine(company: Company) -> tuple[Finding, ...]:
    """Return what was found of each system in the settings, several at once, in the order in which they are needed."""
    with ThreadPoolExecutor(_PARALLEL) as pool:
        found = pool.map(lambda group: list(group()), _groups(company))
        return one_per_cause(finding for one in found for finding in one)


def _groups(company: Company) -> list[Group]:
    servers = [(company.fleet, server) for server in company.fleet.servers]
    if company.staging is not None:
        servers += [(company.staging.fleet, server) for server in company.staging.fleet.servers]
    before = (try_store, try_worker, try_people, try_github, try_registry)
    after = (
        try_versions,
        try_balancer,
        try_application,
        try_database,
        try_backups,
        try_metrics,
        try_slack,
        try_test_bench,
        try_vendors,
    )
    return [
        *(partial(one, company) for one in before),
        *(partial(try_server, fleet, server, company.limits) for fleet, server in servers),
        *(partial(one, company) for one in after),
    ]
