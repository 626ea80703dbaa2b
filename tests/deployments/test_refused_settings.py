"""Whatever stands in a field by mistake is refused wherever the settings are read, and before anything is saved."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo

from blocks.errors import Misconfigured
from deployments.save_blocks import main, save
from deployments.settings import VARIABLE, Settings, read_settings
from deployments.settings_page import model_of
from policy.typed import explain
from tests.deployments.test_least_company import LEAST, PROMETHEUS

VALUE = "hunter2 secret value!"


def fields_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every field of the settings, those of its tables too."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}", field
        if (inner := model_of(field.annotation)) is not None:
            yield from fields_of(inner, f"{prefix}{name}.")


FIELDS = dict(fields_of(Settings))
SECRETS = sorted(name for name, field in FIELDS.items() if "name of the secret" in str(field.description))
URLS = sorted(
    name
    for name, field in FIELDS.items()
    if name.endswith((".url", ".endpoint", "servers.health", "staging.health", "prefect_ui", "status_pages.page"))
)
PATHS = ["secrets", "spool", "store.folder", "fleet.key_file", "fleet.known_hosts", "balancer.directory"]
PATHS += ["prisma.directory", "hotfix_test.clone", "load_test.script", "mail.certificates", "fleet.servers.directory"]
PATHS += ["application.health", "application.metrics"]
PROGRAMS = ["load_test.program", "backups.pg_dump", "backups.pg_restore"]


def said_of(field: str, value: object) -> str:
    """What is said of the value in this field; empty if it is taken."""
    found = FIELDS[field]
    field_of_one: Any = (found.annotation, found)
    one = create_model("One", value=field_of_one)
    try:
        one.model_validate({"value": value})
    except ValidationError as error:
        return explain(error)
    return ""


def complaint(folder: Path, text: str) -> str:
    """What is said of a settings file of this text."""
    file = folder / "countersign.toml"
    file.write_text(text)
    with pytest.raises(Misconfigured) as caught:
        read_settings(file)
    return str(caught.value).removeprefix(f"{file}: ")


@pytest.mark.parametrize("field", SECRETS)
def test_every_name_of_a_secret_is_one_and_a_value_is_not_repeated(field: str) -> None:
    assert len(SECRETS) > 20
    assert said_of(field, "SOME_TOKEN") == ""

    said = said_of(field, VALUE)

    assert "expected the name of a secret" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("field", URLS)
def test_every_address_is_one(field: str) -> None:
    assert len(URLS) > 20
    assert said_of(field, "https://host.example") == ""
    assert "expected an address that begins with http:// or https://" in said_of(field, "ftp:/x")


@pytest.mark.parametrize("field", PATHS)
def test_every_path_of_a_machine_or_a_server_is_absolute(field: str) -> None:
    assert said_of(field, "/srv/some") == ""
    assert "found 'some'" in said_of(field, "some")


@pytest.mark.parametrize("field", PROGRAMS)
def test_every_program_is_a_name_or_an_absolute_path(field: str) -> None:
    assert said_of(field, "/srv/some") == said_of(field, "some") == ""
    assert "found 'bin/some'" in said_of(field, "bin/some")


def test_a_secret_that_was_typed_into_the_settings_is_refused_before_anything_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    file = tmp_path / "countersign.toml"
    file.write_text(LEAST.replace("/var/lib/countersign/store", str(store)).replace("REGISTRY_PASSWORD", VALUE))
    monkeypatch.setenv(VARIABLE, str(file))

    assert main([]) == 1

    said = capsys.readouterr()
    assert f"{file}: registry.password: expected the name of a secret" in said.err
    assert "hunter2" not in said.err + said.out
    assert list(store.iterdir()) == []


@pytest.mark.parametrize(
    ("found", "instead", "said"),
    [
        ('spool = "/var/lib/countersign/spool"', "", "spool: expected a value, found none"),
        (
            'token = "GITHUB_TOKEN"',
            f'tokn = "{VALUE}"',
            "github.token: expected a value, found none; github.tokn: there is no such key",
        ),
        ('token = "GITHUB_TOKEN"', "token = 20261127", "github.token: expected the name of a secret"),
        ('name = "Carla Ortiz"', 'name = "Tomas Lima"', "people: 'tomas lima' belongs to both Tomas Lima (people.0)"),
        ('roles = ["tech lead"]', "", "people: nobody is tech lead"),
        ('country = "US"', 'country = ["US", ["CA"]]', "country: Input should be a valid string, found a list of 2"),
        ('country = "US"', "country = { US = 1 }", "country: Input should be a valid string, found a table"),
    ],
)
def test_a_refusal_repeats_neither_the_whole_file_nor_what_may_be_a_secret(
    tmp_path: Path, found: str, instead: str, said: str
) -> None:
    assert found in LEAST
    secretive = LEAST.replace('name = "Carla Ortiz"', 'name = "Carla Ortiz"\nphone = "+1 555 0199"', 1)
    answer = complaint(tmp_path, secretive.replace(found, instead, 1))

    assert answer.startswith(said)
    for piece in ("hunter2", "20261127", "555 0199", "demo@holilabs.xyz"):
        assert piece not in answer


@pytest.mark.parametrize(
    ("found", "instead", "said"),
    [
        (
            'country = "US"',
            'country = "XX"\ncalendar = { holidays = false }',
            "country: the public holidays of country 'XX' are",
        ),
        (
            'country = "US"',
            'country = "US"\ncalendar = { subdivision = "XYZ" }',
            "calendar.subdivision: the public holidays of country 'US, XYZ'",
        ),
        ('"America/Los_Angeles"', '"America/Los_Angelos"', "time_zone: 'America/Los_Angelos' is no time"),
    ],
)
def test_a_country_or_a_zone_that_nobody_knows_is_refused(tmp_path: Path, found: str, instead: str, said: str) -> None:
    assert said in complaint(tmp_path, LEAST.replace(found, instead, 1))


def test_a_pattern_that_is_none_is_refused() -> None:
    assert said_of("doppler.flags", "^(FLAG)_") == ""
    assert said_of("doppler.flags", "^(FLAG_").endswith(
        "expected a regular expression, found '^(FLAG_' (missing ), unterminated subpattern at position 1)"
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            PROMETHEUS + '[prometheus.queries]\neror_query = "up"\n',
            "prometheus.queries: expected names of queries (requests_query",
        ),
        (PROMETHEUS + 'user = "me"\n', "expected both user and password, or none, found user without password"),
        (
            '[balancer]\nhost = "10.0.0.1"\ndirectory = "/opt/b"\n[balancer.commands]\nstate = ["show"]\n',
            "balancer.commands: expected a command for each of state, drain, ready, cut, found 'state'",
        ),
    ],
)
def test_what_would_have_no_effect_or_no_block_is_refused(tmp_path: Path, more: str, said: str) -> None:
    assert said in complaint(tmp_path, LEAST + more)


def test_a_file_that_holds_no_settings_is_named_with_what_it_is(tmp_path: Path) -> None:
    binary, empty, closed = (tmp_path / name for name in ("binary.toml", "empty.toml", "below.toml"))
    binary.write_bytes(b"\x7fELF\xff")
    empty.write_text("# nothing yet\n")
    for file, found in (
        (tmp_path, "found a folder"),
        (binary, "found what is no text (byte 5)"),
        (empty, "found an empty one"),
        (empty / closed.name, "found one that cannot be read (Not a directory)"),
    ):
        with pytest.raises(Misconfigured) as caught:
            read_settings(file)
        assert str(caught.value) == f"{file}: expected a settings file, as {VARIABLE} names it, {found}"
        assert caught.value.cause is not None


def test_a_store_is_not_marked_by_settings_that_make_no_blocks(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    file = tmp_path / "countersign.toml"
    file.write_text(LEAST.replace("/var/lib/countersign/store", str(store)))
    settings = read_settings(file)
    broken = settings.model_copy(update={"github": settings.github.model_copy(update={"repository": "nobody"})})

    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}), pytest.raises(ValidationError):
        save(broken)

    assert list(store.iterdir()) == []
