"""The least company that works: GitHub, servers, where images and records are, a health address, Slack, people."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from blocks.application import Application
from blocks.company import CompanyRules
from blocks.errors import Misconfigured
from blocks.fleet import Fleet
from blocks.prometheus import Prometheus
from deployments.save_blocks import blocks_of
from deployments.settings import Settings, read_settings

LEAST = """
environment = "production"
time_zone = "America/Los_Angeles"
country = "US"
secrets = "/etc/countersign/secrets"
spool = "/var/lib/countersign/spool"

[store]
folder = "/var/lib/countersign/store"

[[people]]
name = "Tomas Lima"
roles = ["tech lead"]

[[people]]
name = "Carla Ortiz"
roles = ["cto", "devops lead", "security lead"]

[fleet]
user = "deploy"
key_file = "/etc/countersign/id_ed25519"
known_hosts = "/etc/countersign/known_hosts"

[[fleet.servers]]
name = "web-server-1"
host = "10.0.0.11"
service = "web"
directory = "/opt/holi"
health = "http://10.0.0.11:3000/api/health"

[[fleet.servers]]
name = "web-server-2"
host = "10.0.0.12"
service = "web"
directory = "/opt/holi"
health = "http://10.0.0.12:3000/api/health"

[application]
url = "https://api.holilabs.xyz"
demo_user = "demo@holilabs.xyz"
demo_password = "DEMO_PASSWORD"

[github]
repository = "holilabs/holilabsv2"
token = "GITHUB_TOKEN"

[slack]
token = "SLACK_TOKEN"
deployments = "C0DEPLOYMENTS"
alerts = "C0ALERTS"

[registry]
url = "https://registry.holilabs.xyz"
name = "registry.holilabs.xyz/holi-web"
user = "ci"
password = "REGISTRY_PASSWORD"
"""
REQUIRED = ("store", "fleet", "application", "github", "slack", "registry")
PROMETHEUS = '\n[prometheus]\nurl = "http://10.0.0.20:9090"\n'
DATABASE = '\n[database]\nhost = "10.0.0.30"\nname = "holi"\nuser = "holi"\npassword = "DB"\npool = 20\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file with the required sections only."""
    path = tmp_path / "countersign.toml"
    path.write_text(LEAST)
    return path


def kinds(settings: Settings) -> dict[str, set[str]]:
    """The kinds of blocks by the name they are saved under."""
    return {
        name: {block.get_block_type_slug().removeprefix("countersign-") for block in blocks}
        for name, blocks in blocks_of(settings).items()
    }


def rules(settings: Settings) -> CompanyRules:
    """The rules that are saved."""
    return next(block for block in blocks_of(settings)["production"] if isinstance(block, CompanyRules))


def systems(settings: Settings) -> list[str]:
    """The optional systems that the saved rules name."""
    return list(rules(settings).systems)


def test_the_required_sections_are_enough_and_nothing_else_is_saved(file: Path) -> None:
    settings = read_settings(file)

    assert kinds(settings) == {
        "production": {"company-rules", "folder-store", "fleet", "application", "github", "slack", "registry"}
    }
    assert systems(settings) == []


@pytest.mark.parametrize("section", REQUIRED)
def test_a_required_section_that_is_missing_is_named(file: Path, section: str) -> None:
    file.write_text(LEAST.replace(f"[{section}]", "[unknown]").replace(f"[[{section}.", "[[unknown."))

    with pytest.raises(Misconfigured, match=rf"{section}: expected a value, found none"):
        read_settings(file)


def test_one_server_alone_is_refused_since_nobody_would_serve_meanwhile(file: Path) -> None:
    first, second = LEAST.index("[[fleet.servers]]"), LEAST.rindex("[[fleet.servers]]")
    file.write_text(LEAST[:first] + LEAST[second:])

    with pytest.raises(Misconfigured, match=r"fleet\.servers: .* at least 2 items"):
        read_settings(file)


def test_the_rules_name_the_kind_of_store_so_that_one_saved_earlier_is_not_used(file: Path) -> None:
    bucket = '[store]\nbucket = "records"\naccess_key = "A"\nsecret_key = "B"'
    assert rules(read_settings(file)).store == "folder"

    file.write_text(re.sub(r"\[store\]\nfolder = .*", bucket, LEAST))

    assert rules(read_settings(file)).store == "bucket"


def test_a_system_that_is_described_is_saved_and_named_in_the_rules(file: Path) -> None:
    file.write_text(LEAST + PROMETHEUS + DATABASE)

    settings = read_settings(file)

    assert {"prometheus", "postgres"} <= kinds(settings)["production"]
    assert systems(settings) == ["prometheus", "database"]


def test_a_prometheus_that_asks_for_a_password_is_told_which_secret_it_is(file: Path) -> None:
    file.write_text(f'{LEAST}{PROMETHEUS}user = "countersign"\npassword = "PROMETHEUS_PASSWORD"\n')

    (saved,) = (block for block in blocks_of(read_settings(file))["production"] if isinstance(block, Prometheus))

    assert (saved.user, saved.password) == ("countersign", "PROMETHEUS_PASSWORD")
    assert saved.secrets_folder == "/etc/countersign/secrets"


def test_an_optional_section_that_is_wrong_is_refused_and_not_taken_for_absent(file: Path) -> None:
    file.write_text(LEAST + PROMETHEUS.replace("url", "address"))

    with pytest.raises(Misconfigured, match=r"prometheus\.url: expected a value, found none"):
        read_settings(file)


SCRATCH = '\n[scratch_database]\nhost = "10.0.0.30"\nuser = "scratch"\npassword = "SCRATCH"\n'


def test_scratch_databases_on_productions_own_server_are_refused_unless_that_is_meant(file: Path) -> None:
    file.write_text(LEAST + DATABASE + SCRATCH)
    with pytest.raises(Misconfigured, match=r"10\.0\.0\.30:5432 serves production.*shares_production"):
        read_settings(file)

    file.write_text(LEAST + DATABASE + SCRATCH + "shares_production = true\n")
    assert "scratch-host" in kinds(read_settings(file))["production"]

    file.write_text(LEAST + DATABASE + SCRATCH.replace("10.0.0.30", "10.0.0.31"))
    assert systems(read_settings(file)) == ["database", "scratch_database"]


def test_what_an_application_needs_otherwise_is_saved_as_the_settings_say(file: Path) -> None:
    text = LEAST.replace("[fleet]\n", "[fleet]\nstop_grace = 90\n")
    file.write_text(text.replace("[application]\n", "[application]\ndemo_patient = 17\n"))

    saved = {type(one): one for one in blocks_of(read_settings(file))["production"]}

    fleet, application = saved[Fleet], saved[Application]
    assert isinstance(fleet, Fleet)
    assert isinstance(application, Application)
    assert (fleet.stop_grace, application.demo_patient) == (timedelta(seconds=90), 17)
