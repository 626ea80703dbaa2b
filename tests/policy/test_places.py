"""An address of the web and a path on a machine are taken, and nothing that only looks like one."""

import pytest
from pydantic import TypeAdapter, ValidationError

from policy.places import AbsolutePath, Program, Url, UrlOrNothing
from policy.typed import explain


@pytest.mark.parametrize(
    "url",
    ["https://sentry.io", "http://127.0.0.1:4200", "http://[::1]:9090/x", "https://slack.com/api/", "http://web/a@b"],
)
def test_an_address_of_the_web_is_taken_as_it_is(url: str) -> None:
    assert TypeAdapter(Url).validate_python(url) == url


@pytest.mark.parametrize(
    "url",
    [
        *("ftp:/x", "ftp://host", "https://", "http:///path", "//host", "host:80", "https:host", ""),
        *("http://host:eighty", "http://host:70000", "http://host:0", "http://[::1", "http://a b", " http://host"),
    ],
)
def test_anything_else_is_no_address(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Url).validate_python(url)

    assert explain(caught.value).endswith(f"names a host, found {url!r}")


@pytest.mark.parametrize("url", ["https://me:hunter2@host", "https://hunter2@host/x", "ftp://me:hunter2@host"])
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Url).validate_python(url)

    assert "without user and password, found one with both, which is not shown" in explain(caught.value)
    assert "hunter2" not in explain(caught.value)


def test_an_address_that_may_be_left_out_may_be_empty() -> None:
    assert TypeAdapter(UrlOrNothing).validate_python("") == ""
    with pytest.raises(ValidationError, match="found 'ftp:/x'"):
        TypeAdapter(UrlOrNothing).validate_python("ftp:/x")


@pytest.mark.parametrize("path", ["spool", "./spool", "~/spool", "", "C:\\spool"])
def test_a_path_that_depends_on_who_asks_is_refused(path: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(AbsolutePath).validate_python(path)

    assert "expected an absolute path, which begins with /, found" in explain(caught.value)
    assert TypeAdapter(AbsolutePath).validate_python("/srv/spool") == "/srv/spool"


def test_a_program_is_looked_for_by_its_name_or_is_where_its_path_says() -> None:
    for program in ("pg_dump", "/usr/lib/postgresql/17/bin/pg_dump"):
        assert TypeAdapter(Program).validate_python(program) == program
    with pytest.raises(ValidationError, match="found 'bin/pg_dump'"):
        TypeAdapter(Program).validate_python("bin/pg_dump")
