"""What the vendors' stand-ins refuse, asked without any block of ours: one that takes everything proves nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest

from lab.vendors.confluence import Confluence
from lab.vendors.core import Vendor
from lab.vendors.doppler import Doppler
from lab.vendors.grafana import Grafana
from lab.vendors.jira import Jira
from lab.vendors.linear import Linear
from lab.vendors.notion import Notion
from lab.vendors.pagerduty_rest import PagerDutyRest
from lab.vendors.sentry import Sentry
from lab.vendors.snyk import Snyk
from lab.vendors.statuspage import Statuspage
from tests.serving import served

ORGANIZATION = str(UUID(int=7))
BASIC = {"authorization": "Basic Y2k6cmlnaHQ="}
BEARER = {"authorization": "Bearer right"}
OAUTH = {"authorization": "OAuth right"}
PAGER = {"authorization": "Token token=right", "content-type": "application/json"}
NOTION = BEARER | {"notion-version": "2025-09-03"}
PAGES, SENTRY = "/v1/pages/p1/incidents", "/api/0/organizations/holilabs"
LOG = {"type": "data_source_id", "data_source_id": "log"}


def jira() -> Vendor:
    vendor = Jira("right", user="ci")
    vendor.open("HOLI-1", "Show the rota", status="To Do")
    return vendor


def confluence() -> Vendor:
    return Confluence("right", user="ci", space="42")


def doppler() -> Vendor:
    return Doppler("right", project="holi", config="prd", secrets={"FLAG_A": "1"})


def notion() -> Vendor:
    return Notion("right", data_source="log")


def sentry() -> Vendor:
    return Sentry("right", organization="holilabs", project="web")


def snyk() -> Vendor:
    return Snyk("right", organization=ORGANIZATION)


def statuspage() -> Vendor:
    return Statuspage("right", page="p1")


def grafana() -> Vendor:
    return Grafana("right")


def linear() -> Vendor:
    return Linear("right")


def pagerduty() -> Vendor:
    return PagerDutyRest("right")


@dataclass(frozen=True)
class Case:
    """A request, and the refusal that it must meet."""

    make: Callable[[], Vendor]
    method: str
    path: str
    status: int
    words: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


CASES = {
    "statuspage: no token": Case(statuspage, "GET", PAGES, 401, "Could not authenticate"),
    "statuspage: another page": Case(statuspage, "GET", "/v1/pages/p2/incidents", 404, "Not found", OAUTH),
    "statuspage: no name": Case(statuspage, "POST", PAGES, 422, "can't be blank", OAUTH, {"incident": {"body": "x"}}),
    "statuspage: name too long": Case(
        statuspage, "POST", PAGES, 422, "maximum is 255", OAUTH, {"incident": {"name": "x" * 256}}
    ),
    "statuspage: not wrapped": Case(statuspage, "POST", PAGES, 422, "unknown: name", OAUTH, {"name": "x"}),
    "statuspage: strange status": Case(
        statuspage, "POST", PAGES, 422, "not included", OAUTH, {"incident": {"name": "x", "status": "done"}}
    ),
    "sentry: no token": Case(sentry, "GET", f"{SENTRY}/issues/", 401, "Invalid token"),
    "sentry: no last slash": Case(sentry, "GET", f"{SENTRY}/issues", 404, "does not exist", BEARER),
    "sentry: a search it cannot read": Case(
        sentry, "GET", f"{SENTRY}/issues/?query=colour:red", 400, "Error parsing search query", BEARER
    ),
    "sentry: a release without project": Case(
        sentry, "POST", f"{SENTRY}/releases/", 400, "This field is required", BEARER, {"version": "b2"}
    ),
    "sentry: a slip of the pen": Case(
        sentry, "POST", f"{SENTRY}/releases/", 400, "Unknown field", BEARER, {"verison": "b2"}
    ),
    "pagerduty: no token": Case(pagerduty, "GET", "/incidents", 401, "Unauthorized"),
    "pagerduty: no type": Case(
        pagerduty, "GET", "/incidents", 400, "Content-Type", {"authorization": "Token token=right"}
    ),
    "pagerduty: beyond the last row": Case(
        pagerduty, "GET", "/incidents?offset=9990&limit=25", 400, "at most 10000", PAGER
    ),
    "doppler: no token": Case(doppler, "GET", "/v3/configs/config/secrets/names?project=holi&config=prd", 401),
    "doppler: another config": Case(
        doppler, "GET", "/v3/configs/config/secrets/names?project=holi&config=dev", 404, headers=BEARER
    ),
    "snyk: no version": Case(
        snyk, "GET", f"/rest/orgs/{ORGANIZATION}/issues", 400, "version", {"authorization": "token right"}
    ),
    "snyk: a page of 15": Case(
        snyk,
        "GET",
        f"/rest/orgs/{ORGANIZATION}/issues?version=2024-10-15&limit=15",
        400,
        "multiple of 10",
        {"authorization": "token right"},
    ),
    "jira: no token": Case(jira, "GET", "/rest/api/3/issue/HOLI-1", 401),
    "jira: another ticket": Case(jira, "GET", "/rest/api/3/issue/HOLI-2", 404, "does not exist", BASIC),
    "jira: a transition that does not lead on": Case(
        jira, "POST", "/rest/api/3/issue/HOLI-1/transitions", 400, "not valid", BASIC, {"transition": {"id": "41"}}
    ),
    "jira: a link without title": Case(
        jira, "POST", "/rest/api/3/issue/HOLI-1/remotelink", 400, "required", BASIC, {"object": {"url": "https://x"}}
    ),
    "linear: no token": Case(linear, "POST", "/graphql", 401, "AUTHENTICATION_ERROR", body={"query": "query Ticket"}),
    "linear: no question": Case(linear, "POST", "/graphql", 400, "non-empty", {"authorization": "right"}, {}),
    "linear: another ticket": Case(
        linear,
        "POST",
        "/graphql",
        400,
        "Entity not found",
        {"authorization": "right"},
        {"query": "query Ticket { }", "variables": {"id": "HOLI-9"}},
    ),
    "notion: no version": Case(notion, "POST", "/v1/pages", 400, "missing_version", BEARER, {}),
    "notion: not shared": Case(notion, "POST", "/v1/data_sources/other/query", 404, "object_not_found", NOTION, {}),
    "notion: a text too long": Case(
        notion,
        "POST",
        "/v1/pages",
        400,
        "validation_error",
        NOTION,
        {"parent": LOG, "properties": {"Name": {"title": [{"text": {"content": "x" * 2001}}]}}},
    ),
    "notion: 101 blocks": Case(
        notion,
        "POST",
        "/v1/pages",
        400,
        "children.length",
        NOTION,
        {"parent": LOG, "properties": {}, "children": [{}] * 101},
    ),
    "notion: a property of another type": Case(
        notion,
        "POST",
        "/v1/pages",
        400,
        "expected to be title",
        NOTION,
        {"parent": LOG, "properties": {"Name": {"rich_text": []}}},
    ),
    "confluence: another space": Case(
        confluence, "POST", "/wiki/api/v2/pages", 404, "Space not found", BASIC, {"spaceId": "43", "title": "x"}
    ),
    "confluence: no title": Case(
        confluence, "POST", "/wiki/api/v2/pages", 400, "Title must have", BASIC, {"spaceId": "42"}
    ),
    "grafana: no token": Case(grafana, "GET", "/api/annotations", 401, "Invalid API key"),
    "grafana: no text": Case(grafana, "POST", "/api/annotations", 400, "should not be empty", BEARER, {"tags": ["x"]}),
    "grafana: a slip of the pen": Case(
        grafana, "POST", "/api/annotations", 400, "txet", BEARER, {"text": "x", "txet": "y"}
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_stand_in_refuses_as_its_vendor_does(name: str) -> None:
    case = CASES[name]
    with served(case.make().app) as url:
        answer = httpx.request(case.method, f"{url}{case.path}", headers=case.headers, json=case.body)

    assert answer.status_code == case.status
    assert case.words in answer.text


def test_a_title_that_is_taken_is_refused_by_confluence() -> None:
    with served(confluence().app) as url:
        page = {"spaceId": "42", "title": "Release 7"}
        answers = [httpx.post(f"{url}/wiki/api/v2/pages", headers=BASIC, json=page) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert "already exists" in answers[1].text
