"""What the Markdown files name exists: paths, headings, commands, modules, deployments, variables, rights."""

import json
import re
import tomllib
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_type_hints

import prefect.settings
import pytest
import yaml
from prefect.cli._app import _app as cli
from pydantic import TypeAdapter

from deployments.save_blocks import blocks_of
from deployments.settings import Settings, read_settings
from policy.contacts import judge_contacts
from policy.limits import Risk
from policy.roles import Role, Roster
from policy.windows import read_calendar

ROOT = Path(__file__).parents[1]
TODAY = date(2026, 11, 26)
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
SOURCES = "".join(
    file.read_text(encoding="utf-8")
    for folder in ("deployments", "flows", "blocks", "lab", "tests/contracts")
    for file in sorted((ROOT / folder).rglob("*.py"))
)
DOCS = ROOT / "docs"
# What a bucket asks a key for, by the call of boto3.
RIGHTS = {
    "put_object": {"s3:PutObject"},
    "get_object": {"s3:GetObject"},
    "head_object": {"s3:GetObject"},
    "list_objects_v2": {"s3:ListBucket"},
    "get_paginator": {"s3:ListBucket"},
    "upload_fileobj": {"s3:PutObject", "s3:AbortMultipartUpload"},
}
TESTS = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "tests").rglob("test_*.py")))


def named(pattern: str) -> list[tuple[str, str]]:
    """Every match in every page, with the page."""
    return sorted(
        {
            (str(page.relative_to(ROOT)), match)
            for page in PAGES
            for match in re.findall(pattern, page.read_text(encoding="utf-8"))
        }
    )


def offered() -> list[dict[str, Any]]:
    """The deployments as they are written for Prefect."""
    return list(yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"])


def deployments() -> dict[str, Any]:
    """The flow of each deployment, by flow and deployment as Prefect spells them."""
    flows = {}
    for deployment in offered():
        module, _, function = deployment["entrypoint"].rpartition(".")
        flow = getattr(import_module(module), function)
        flows[f"{flow.name}/{deployment['name']}"] = flow
    return flows


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    lines = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


def examples(language: str) -> list[tuple[str, str]]:
    """Every block of code in this language, with its page."""
    return named(rf"```{language}\n([^`]*)```")


@pytest.mark.parametrize(("page", "link"), named(r"\]\((?!https?://)([^)#]+)"))
def test_a_link_leads_to_a_file(page: str, link: str) -> None:
    assert ((ROOT / page).parent / link).exists()


@pytest.mark.parametrize(("page", "link"), named(r"\]\(([^)#:]*\.md#[^)]+|#[^)]+)\)"))
def test_a_link_into_a_page_leads_to_a_heading(page: str, link: str) -> None:
    file, _, anchor = link.partition("#")

    assert anchor in headings((ROOT / page).parent / file if file else ROOT / page)


def test_every_page_stands_in_the_list_of_pages() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"\]\(([^)]+\.md)\)", index))
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}

    assert {page for page in pages if not page.startswith("adr/")} - {"README.md"} <= listed


@pytest.mark.parametrize(("page", "example"), examples("toml"))
def test_an_example_of_settings_can_be_read(page: str, example: str) -> None:
    assert tomllib.loads(example), page


@pytest.mark.parametrize(("page", "command"), named(r"(?m)(?:^\s*|`|/)prefect ((?:--no-prompt )?[a-z][a-z -]*[a-z])"))
def test_a_command_of_prefect_exists(page: str, command: str) -> None:
    found = cli
    for word in (word for word in command.split() if not word.startswith("-")):
        try:
            found = found[word]
        except KeyError:
            # What comes behind a command is a name of ours.
            is_whole = found is not cli and found.default_command is not None
            assert is_whole, page
            return


@pytest.mark.parametrize(
    ("page", "run"), named(r"prefect deployment run '?([A-Z][A-Za-z ]*/[a-z-]+'? --param request='\{[^\n]*?\})'")
)
def test_a_request_that_is_shown_is_taken(page: str, run: str) -> None:
    name, _, request = run.partition(" --param request='")

    hints = get_type_hints(deployments()[name.rstrip("'")].fn)

    assert TypeAdapter(hints["request"]).validate_python(json.loads(request)), page


def test_a_key_of_a_bucket_may_what_is_called_and_no_more() -> None:
    calls = set(re.findall(r"_s3\.(\w+)\(", SOURCES))
    ((_, example),) = examples("json")
    allowed = [statement["Action"] for statement in json.loads(example)["Statement"]]

    assert {right for call in calls for right in RIGHTS[call]} == {
        right for action in allowed for right in ([action] if isinstance(action, str) else action)
    }


def test_the_example_of_a_calendar_is_read() -> None:
    (example,) = re.findall(
        r"```toml\n(\[calendar\].*?)```", (ROOT / "docs" / "your-company.md").read_text(), re.DOTALL
    )

    assert read_calendar(tomllib.loads(example)["calendar"], time_zone="America/Los_Angeles", country="US")


def test_the_example_of_a_settings_file_is_read_and_makes_every_block() -> None:
    settings = read_settings(ROOT / "docs" / "example.toml")

    assert {name for name, field in Settings.model_fields.items() if field.is_required()} <= settings.model_fields_set
    assert blocks_of(settings)


def test_the_example_of_a_settings_file_shows_every_section_and_each_can_be_switched_on(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "example.toml").read_text(encoding="utf-8")
    everything = re.sub(r"^#(?=[\[a-z])", "", text, flags=re.MULTILINE)
    # Of two systems for one purpose a company has one.
    either = re.sub(r"^\[(?:linear|confluence)\](?:.|\n)*?\n\n", "", everything, flags=re.MULTILINE)
    (tmp_path / "countersign.toml").write_text(either, encoding="utf-8")

    settings = read_settings(tmp_path / "countersign.toml")

    assert set(tomllib.loads(everything)) == set(Settings.model_fields)
    assert set(Settings.model_fields) - settings.model_fields_set == {"linear", "confluence"}
    assert blocks_of(settings)


def test_the_example_of_a_settings_file_names_everybody_whom_a_release_needs() -> None:
    """1.4.4, with the role where there is no PagerDuty that says who is on call."""
    people = Roster.model_validate(
        {
            "people": [
                person.model_dump(by_alias=True) for person in read_settings(ROOT / "docs" / "example.toml").people
            ]
        }
    )
    on_call = people.holders(Role.ON_CALL, on=TODAY)

    assert judge_contacts(people, on=TODAY, on_call=on_call, risk=Risk.MEDIUM, confirmed=False).verdict.lets_pass


def test_the_worker_s_unit_starts_a_worker_of_the_pool_that_the_deployments_name() -> None:
    unit = (ROOT / "docs" / "countersign-worker.service").read_text(encoding="utf-8")
    pools = {one["work_pool"]["name"] for one in offered()}

    (started,) = re.findall(r"prefect worker start --pool (\S+)", unit)
    assert {started} == pools


@pytest.mark.parametrize(("page", "target"), named(r"(?:`|^)make ([a-z-]+)"))
def test_a_make_target_exists(page: str, target: str) -> None:
    assert target in TARGETS, page


@pytest.mark.parametrize(("page", "module"), named(r"python -m ([a-z_.]+[a-z_])"))
def test_a_module_exists(page: str, module: str) -> None:
    assert find_spec(module), page


@pytest.mark.parametrize(("page", "test"), named(r"`(test_[a-z_]{12,})`"))
def test_a_test_exists(page: str, test: str) -> None:
    assert f"def {test}(" in TESTS, page


@pytest.mark.parametrize(("page", "name"), named(r"`([A-Z][A-Za-z ]+/[a-z-]+)`"))
def test_a_deployment_exists(page: str, name: str) -> None:
    assert name in deployments(), page


@pytest.mark.parametrize(("page", "variable"), named(r"\b((?:COUNTERSIGN|PREFECT)_[A-Z_]*[A-Z])\b"))
def test_an_environment_variable_is_read(page: str, variable: str) -> None:
    assert variable in SOURCES or hasattr(prefect.settings, variable), page
