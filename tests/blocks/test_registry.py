"""The registry of images, over its real protocol."""

from typing import Any

import pytest

from blocks.errors import Refused, Unreachable
from blocks.registry import Registry
from lab.client import Lab


@pytest.fixture
def registry(settings: dict[str, Any]) -> Registry:
    """The lab's registry."""
    return Registry(**settings["registry"], secrets_folder=settings["secrets"])


def test_an_image_is_found_by_its_commit(lab: Lab, registry: Registry) -> None:
    shipped = lab.ship("4.0.0")

    assert registry.find_digest(shipped.commit) == shipped.digest
    assert registry.can_pull(str(shipped.digest))


def test_an_image_that_was_pruned_can_no_longer_be_pulled(lab: Lab, registry: Registry) -> None:
    shipped = lab.ship("4.0.1")
    lab.remove_image(shipped.commit)

    assert registry.find_digest(shipped.commit) is None
    assert not registry.can_pull(str(shipped.digest))


def test_an_image_that_lost_a_layer_can_no_longer_be_pulled(lab: Lab, registry: Registry) -> None:
    shipped = lab.ship("4.0.2")
    manifest = (lab.home.registry / "manifests" / str(shipped.digest).removeprefix("sha256:")).read_text()
    layer = manifest.rpartition("sha256:")[2][:64]
    blob = lab.home.registry / "blobs" / layer
    blob.rename(blob.with_suffix(".lost"))
    try:
        assert not registry.can_pull(str(shipped.digest))
    finally:
        blob.with_suffix(".lost").rename(blob)


def test_a_wrong_password_is_no_missing_image(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_PASSWORD", "wrong")

    with pytest.raises(Refused, match="401 for ci"):
        registry.find_digest("main")


def test_a_registry_that_nobody_serves_is_unreachable(registry: Registry) -> None:
    with pytest.raises(Unreachable, match="ConnectError"):
        registry.model_copy(update={"url": "http://127.0.0.1:9"}).find_digest("main")
