"""The lab's registry: the protocol's answers and refusals."""

import hashlib

import httpx
import pytest

from lab.client import Lab


def ask(lab: Lab, path: str, *, method: str = "GET", password: str | None = None) -> httpx.Response:
    secret = password or lab.home.secret("REGISTRY_PASSWORD")
    return httpx.request(method, lab.home.url("registry") + path, auth=("ci", secret), timeout=30)


def test_a_tag_leads_to_the_digest(lab: Lab) -> None:
    shipped = lab.ship("1.5.0")

    head = ask(lab, f"/v2/holi-web/manifests/{shipped.commit}", method="HEAD")
    body = ask(lab, f"/v2/holi-web/manifests/{shipped.digest}").content

    assert head.headers["Docker-Content-Digest"] == shipped.digest
    assert "sha256:" + hashlib.sha256(body).hexdigest() == shipped.digest
    assert shipped.commit in ask(lab, "/v2/holi-web/tags/list").json()["tags"]


def test_the_configuration_names_the_commit(lab: Lab) -> None:
    shipped = lab.ship("1.5.0")
    manifest = ask(lab, f"/v2/holi-web/manifests/{shipped.digest}").json()

    config = ask(lab, f"/v2/holi-web/blobs/{manifest['config']['digest']}").json()

    assert config["config"]["Labels"]["org.opencontainers.image.revision"] == shipped.commit


@pytest.mark.parametrize("path", ["/v2/", "/v2/holi-web/tags/list", "/v2/holi-web/manifests/1.4.0"])
def test_a_wrong_password_is_refused(running_lab: Lab, path: str) -> None:
    answer = ask(running_lab, path, password="wrong")

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "UNAUTHORIZED"
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v2/holi-web/manifests/9.9.9", "MANIFEST_UNKNOWN"),
        ("/v2/holi-web/manifests/sha256:" + "0" * 64, "MANIFEST_UNKNOWN"),
        ("/v2/holi-web/manifests/..%2f..%2fports.json", "MANIFEST_UNKNOWN"),
        ("/v2/holi-web/blobs/sha256:" + "0" * 64, "BLOB_UNKNOWN"),
        ("/v2/other/tags/list", "NAME_UNKNOWN"),
    ],
)
def test_what_is_not_there_is_named(running_lab: Lab, path: str, code: str) -> None:
    answer = ask(running_lab, path)

    assert answer.status_code == 404
    if answer.headers.get("content-type") == "application/json":
        assert answer.json()["errors"][0]["code"] == code
