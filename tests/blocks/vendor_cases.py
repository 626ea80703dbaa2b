"""What every vendor's block must make of a vendor that fails: the same table for all of them."""

from typing import Any, Protocol

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.errors import Misconfigured, Unreachable


class FailingWorld(Protocol):
    """A block, its stand-in, and one question that every case asks."""

    block: Any
    vendor: Any

    def ask(self) -> object:
        """Ask the vendor something that it can answer."""


class VendorCases(BlockStandardTestSuite):
    """A vendor that is ill is unreachable, one that does not know us is a wrong setting; none of it is an answer.

    A test class of a vendor names the block and its secret; its module has the fixture `world`.
    """

    kind: type[Block]
    slug: str
    secret: str

    @pytest.fixture
    def block(self) -> type[Block]:
        return self.kind

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """Ours carry no logo, since it would be fetched from the network."""
        assert block.get_block_type_slug() == self.slug

    @pytest.mark.parametrize("fault", ["error", "html", "truncated", "empty", "down", "lost"])
    def test_nonsense_and_silence_are_unreachable(self, world: FailingWorld, fault: str) -> None:
        world.vendor.break_with(fault)

        with pytest.raises(Unreachable, match=world.block.called):
            world.ask()

        world.vendor.mend()
        world.ask()

    def test_a_slow_answer_is_not_waited_for_without_end(self, world: FailingWorld) -> None:
        world.vendor.break_with("slow", seconds=5, times=1)

        with pytest.raises(Unreachable, match="no answer in time"):
            world.ask()

    def test_e2_a_rate_limit_is_waited_for_and_then_given_up(self, world: FailingWorld) -> None:
        """E2."""
        world.vendor.break_with("limited", seconds=1, times=1)
        world.ask()

        world.vendor.break_with("limited", seconds=40)
        with pytest.raises(Unreachable, match=r"too many calls at .*asked to wait (39|4\d) s, the limit is 3 s"):
            world.ask()

    def test_a_secret_that_is_not_accepted_is_named_and_never_shown(
        self, world: FailingWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(self.secret, "a-wrong-value")
        with pytest.raises(Misconfigured, match=f"does not accept the secret {self.secret}") as caught:
            world.ask()
        assert "a-wrong-value" not in str(caught.value)

        monkeypatch.delenv(self.secret)
        with pytest.raises(Misconfigured, match=f"secret {self.secret}: not in the environment"):
            world.ask()


class ScopedVendorCases(VendorCases):
    """A secret that lacks a permission is a wrong setting, and the permission is named."""

    scope: str

    def test_a_missing_permission_is_named(self, world: FailingWorld) -> None:
        world.vendor.allowed = False

        with pytest.raises(Misconfigured, match=f"the secret {self.secret} may not .*; it needs {self.scope}: "):
            world.ask()
