"""What two places of the settings share by mistake is refused, each with both fields."""

from pathlib import Path

import pytest

from blocks.errors import Misconfigured
from deployments.settings import read_settings
from tests.deployments.test_least_company import LEAST

FIRST, SECOND = LEAST.split("[[fleet.servers]]")[1], LEAST.split("[[fleet.servers]]")[2].split("[application]")[0]
STAGING = """
[staging]
name = "staging"
host = "10.0.2.11"
service = "web"
directory = "/opt/holi"
health = "http://10.0.2.11:3000/api/health"
"""


def complaint(folder: Path, text: str) -> str:
    """What is said of these settings; empty if nothing is."""
    file = folder / "countersign.toml"
    file.write_text(text)
    try:
        read_settings(file)
    except Misconfigured as error:
        return str(error).removeprefix(f"{file}: ")
    return ""


@pytest.mark.parametrize(
    ("found", "instead", "said"),
    [
        (
            'name = "web-server-2"',
            'name = "web-server-1"\nbalancer_name = "web-server-2"',
            "fleet.servers.1.name: expected one of its own, found 'web-server-1', as in fleet.servers.0",
        ),
        (
            'name = "web-server-2"',
            'name = "web-server-2"\nbalancer_name = "web-server-1"',
            "fleet.servers.1.balancer_name: expected one of its own, found 'web-server-1', as in fleet.servers.0",
        ),
        (
            'host = "10.0.0.12"',
            'host = "10.0.0.11"',
            "fleet.servers.1: expected one of its own, found '10.0.0.11:22 /opt/holi web', as in fleet.servers.0",
        ),
        (
            "http://10.0.0.12:3000",
            "http://10.0.0.11:3000",
            "fleet.servers.1.health: expected one of its own, found 'http://10.0.0.11:3000/api/health',"
            " as in fleet.servers.0",
        ),
        (
            'alerts = "C0ALERTS"',
            'alerts = "C0DEPLOYMENTS"',
            "slack.alerts: expected one of its own, found 'C0DEPLOYMENTS', as in slack.deployments",
        ),
        (
            'alerts = "C0ALERTS"',
            'alerts = "C0ALERTS"\nengineering = "C0ALERTS"',
            "slack.alerts: expected one of its own, found 'C0ALERTS', as in slack.engineering",
        ),
        (
            '"/var/lib/countersign/spool"',
            '"/var/lib/countersign/store/"',
            "spool: expected one of its own, found '/var/lib/countersign/store', as in store.folder",
        ),
    ],
)
def test_a_value_that_has_to_be_ones_own_is_refused_in_two_places(
    tmp_path: Path, found: str, instead: str, said: str
) -> None:
    assert found in LEAST

    assert complaint(tmp_path, LEAST.replace(found, instead, 1)) == said


def test_two_servers_may_share_a_host_with_another_service_or_folder_and_channels_the_announcements(
    tmp_path: Path,
) -> None:
    beside = SECOND.replace('host = "10.0.0.12"', 'host = "10.0.0.11"')
    for other in (beside.replace('"web"', '"web-2"'), beside.replace("/opt/holi", "/opt/holi-2")):
        assert complaint(tmp_path, LEAST.replace(SECOND, other)) == ""
    one = LEAST.replace('alerts = "C0ALERTS"', 'alerts = "C0ALERTS"\nengineering = "C0DEPLOYMENTS"')
    assert complaint(tmp_path, one) == ""


def test_staging_is_no_server_of_production(tmp_path: Path) -> None:
    assert complaint(tmp_path, LEAST + STAGING) == ""

    shared = STAGING.replace("10.0.2.11", "10.0.0.12")

    assert "staging: expected one of its own, found '10.0.0.12:22 /opt/holi web'" in complaint(tmp_path, LEAST + shared)
    assert "staging.health: expected one of its own" in complaint(tmp_path, LEAST + shared)
