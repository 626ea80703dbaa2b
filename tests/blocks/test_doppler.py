"""The Doppler block against the stand-in, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from blocks.doppler import Doppler
from blocks.errors import Misconfigured
from lab.vendors.doppler import Doppler as StandIn
from tests.blocks.vendor_cases import ScopedVendorCases
from tests.serving import served


@dataclass(slots=True)
class World:
    """The block under test and the config it reads."""

    block: Doppler
    vendor: StandIn

    def ask(self) -> object:
        """Ask for the names."""
        return self.block.list_names()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("DOPPLER_TOKEN", "right")
    secrets = {"FEATURE_ROTA": "true", "FEATURE_EMPTY": "", "DATABASE_URL": "postgres://secret"}
    vendor = StandIn("right", project="holi", config="prd", secrets=secrets)
    with served(vendor.app) as url:
        block = Doppler(url=url, project="holi", config="prd", read_timeout=2, patience=3)
        yield World(block, vendor)
        block.close()


def test_secrets_are_listed_by_name_only(world: World) -> None:
    assert world.block.list_names() == ("DATABASE_URL", "FEATURE_EMPTY", "FEATURE_ROTA")
    assert [call.path for call, _ in world.vendor.calls] == ["/v3/configs/config/secrets/names"]


def test_a_wanted_flag_has_its_value_an_empty_one_is_empty_and_an_absent_one_is_not_there(world: World) -> None:
    assert world.block.read_flags(["FEATURE_ROTA", "FEATURE_EMPTY", "FEATURE_NEW"]) == {
        "FEATURE_ROTA": "true",
        "FEATURE_EMPTY": "",
        "DATABASE_URL": None,
    }


def test_the_value_of_what_is_no_flag_or_not_wanted_is_never_asked_for(world: World) -> None:
    assert world.block.read_flags(["DATABASE_URL"]) == dict.fromkeys(("DATABASE_URL", "FEATURE_EMPTY", "FEATURE_ROTA"))

    assert [call.path for call, _ in world.vendor.calls] == ["/v3/configs/config/secrets/names"]


def test_a_config_that_is_not_there_is_a_wrong_setting(world: World) -> None:
    world.block.config = "production"
    with pytest.raises(Misconfigured, match="no config production in a project holi that the secret DOPPLER_TOKEN"):
        world.block.list_names()


class TestFailures(ScopedVendorCases):
    kind = Doppler
    slug = "countersign-doppler"
    secret = "DOPPLER_TOKEN"
    scope = "read access to the config"
