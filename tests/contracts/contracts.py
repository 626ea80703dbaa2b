"""Every contract there is."""

from tests.contracts.contract import Contract
from tests.contracts.doppler_contract import DOPPLER
from tests.contracts.github_contract import GITHUB
from tests.contracts.grafana_contract import GRAFANA
from tests.contracts.log_contract import CONFLUENCE, NOTION
from tests.contracts.pagerduty_events_contract import PAGERDUTY_EVENTS
from tests.contracts.pagerduty_rest_contract import PAGERDUTY_REST
from tests.contracts.prometheus_contract import PROMETHEUS
from tests.contracts.sentry_contract import SENTRY
from tests.contracts.slack_contract import SLACK
from tests.contracts.snyk_contract import SNYK
from tests.contracts.statuspage_contract import STATUSPAGE
from tests.contracts.tickets_contract import JIRA, LINEAR

CONTRACTS: tuple[Contract, ...] = (
    GITHUB,
    SLACK,
    PAGERDUTY_EVENTS,
    PROMETHEUS,
    STATUSPAGE,
    SENTRY,
    PAGERDUTY_REST,
    DOPPLER,
    SNYK,
    JIRA,
    LINEAR,
    NOTION,
    CONFLUENCE,
    GRAFANA,
)
