"""The lab holds an application of somebody's own, and says what it cannot build."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lab.client import Lab
from lab.dockerfile import UnbuildableError, read_dockerfile
from lab.home import Home
from lab.processes import LabError
from lab.product import PORTAL, NoProductError, read_product
from tests.lab.own_product import GREETER, git, make_greeter

COMMIT = "c0ffee" * 6 + "beef"


@pytest.fixture
def greeter(tmp_path: Path) -> Path:
    """The tutorial's application in a repository of its own."""
    return make_greeter(tmp_path / "greeter")


@pytest.fixture
def own_lab(greeter: Path, tmp_path: Path) -> Iterator[Lab]:
    """A lab of three servers with that application."""
    lab = Lab.start(tmp_path / "lab", rate=5, servers=3, product=greeter)
    yield lab
    lab.stop(purge=True)


def test_three_servers_run_it_and_what_is_published_is_merged_and_built(greeter: Path, own_lab: Lab) -> None:
    first = git(greeter, "rev-parse", "HEAD")
    git(greeter, "commit", "--quiet", "--allow-empty", "-m", "Greet in the evening")

    (published,) = own_lab.publish()

    assert own_lab.versions_serving() == {f"web-server-{number}": first for number in (1, 2, 3)}
    assert published.commit == git(greeter, "rev-parse", "HEAD")
    assert published.digest
    assert own_lab.publish() == []
    assert httpx.get(own_lab.home.url("balancer"), timeout=30).json() == {"greeting": "Good morning"}
    (greeter / "Dockerfile").write_text("FROM python\nRUN pip install flask\n")
    git(greeter, "commit", "--quiet", "-am", "Use a framework")
    with pytest.raises(LabError, match=r"Dockerfile, line 2: the lab does not build 'RUN pip install flask'"):
        own_lab.publish()


def test_a_lab_remembers_its_product_when_the_owner_s_folder_is_gone_and_forgets_it_for_another(
    greeter: Path, tmp_path: Path
) -> None:
    home = Home(tmp_path / "lab")
    home.choose_company(servers=3, folder=greeter)
    (home.path / "first-refs.json").write_text("{}")
    home.host("web-server-3")
    shutil.rmtree(greeter)

    again = Home(home.path)
    assert (again.product.image, list(again.web_servers.values())) == ("greeter", ["greeter"] * 3)

    again.choose_company(servers=2)
    assert again.product is PORTAL
    assert not (home.path / "first-refs.json").exists()
    assert not (home.path / "hosts").exists()


def test_the_tutorial_s_application_is_read(greeter: Path) -> None:
    product = read_product(greeter)

    assert (product.repository, product.image, product.compose_file, product.service_of(3)) == (
        "greeter-team/greeter",
        "greeter",
        "compose.yaml",
        "greeter",
    )


def test_a_folder_that_is_no_product_is_refused_with_what_is_missing(greeter: Path, tmp_path: Path) -> None:
    with pytest.raises(NoProductError, match="is no git repository; expected one with a commit on its branch main"):
        read_product(tmp_path)
    git(greeter, "branch", "-m", "trunk")
    with pytest.raises(NoProductError, match="has no commit on a branch main; expected at least one"):
        read_product(greeter)
    git(greeter, "branch", "-m", "main")

    (greeter / "compose.yaml").write_text("services:\n  one:\n    image: a\n  two:\n    image: b\n")
    with pytest.raises(NoProductError, match=r"found 2 services, expected one: \['one', 'two'\]"):
        read_product(greeter)

    (greeter / "compose.yaml").unlink()
    with pytest.raises(NoProductError, match="found 0 Compose files"):
        read_product(greeter)


def test_a_dockerfile_is_read_as_far_as_the_lab_builds() -> None:
    built = read_dockerfile((GREETER / "Dockerfile").read_text(), {"VERSION": COMMIT})

    assert (built.command, built.environment) == (["python", "greeter.py"], {"VERSION": COMMIT})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("FROM node\n", "line 1: the lab does not build 'FROM node'"),
        ("FROM python\nUSER nobody\n", "line 2: the lab does not build 'USER nobody'"),
        ("FROM python\n", 'expected a CMD that begins with "python"'),
        ('FROM python\nCMD ["sh", "-c", "python app.py"]\n', 'expected a CMD that begins with "python"'),
        ("FROM python\nARG TOKEN\n", "line 2: the lab does not build 'ARG TOKEN'"),
    ],
)
def test_what_the_lab_cannot_build_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(UnbuildableError) as refused:
        read_dockerfile(text, {"VERSION": COMMIT})

    assert says in str(refused.value)


@pytest.mark.parametrize("servers", [0, 1, 51])
def test_a_number_of_servers_with_which_nothing_can_be_shown_is_refused(tmp_path: Path, servers: int) -> None:
    with pytest.raises(LabError, match=f"servers: expected 2 to 50, found {servers}"):
        Lab.start(tmp_path / "lab", servers=servers)
