"""Secrets by name: where they are looked for, and what is refused."""

from pathlib import Path

import pytest

from blocks.credentials import read_secret
from blocks.errors import Misconfigured


def secret(folder: Path, name: str, value: str, mode: int = 0o600) -> None:
    path = folder / name
    path.write_text(value)
    path.chmod(mode)


def test_a_secret_comes_from_its_file_without_the_line_end(tmp_path: Path) -> None:
    secret(tmp_path, "SOME_TOKEN", " with blanks \n")

    found = read_secret("SOME_TOKEN", tmp_path)

    assert found.get_secret_value() == " with blanks "
    assert "blanks" not in repr(found)


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret(tmp_path, "SOME_TOKEN", "from the file")
    monkeypatch.setenv("SOME_TOKEN", "from the environment")

    assert read_secret("SOME_TOKEN", tmp_path).get_secret_value() == "from the environment"
    assert read_secret("SOME_TOKEN", None).get_secret_value() == "from the environment"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o400, 0o700])
def test_a_file_of_another_mode_is_refused_by_name_and_mode(tmp_path: Path, mode: int) -> None:
    secret(tmp_path, "SOME_TOKEN", "s3cret", mode)

    with pytest.raises(Misconfigured, match=rf"SOME_TOKEN: .*SOME_TOKEN has mode {mode:04o}, expected 0600") as caught:
        read_secret("SOME_TOKEN", tmp_path)
    assert "s3cret" not in str(caught.value)


def test_a_missing_secret_names_both_places(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=f"neither in the environment nor in the file {tmp_path}/SOME_TOKEN"):
        read_secret("SOME_TOKEN", tmp_path)
    with pytest.raises(Misconfigured, match="not in the environment, and no secrets folder is set"):
        read_secret("SOME_TOKEN", None)


def test_an_empty_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    secret(tmp_path, "EMPTY_TOKEN", "\n")
    (tmp_path / "FOLDER_TOKEN").mkdir()

    with pytest.raises(Misconfigured, match="EMPTY_TOKEN is empty"):
        read_secret("EMPTY_TOKEN", tmp_path)
    with pytest.raises(Misconfigured, match="FOLDER_TOKEN is not a file"):
        read_secret("FOLDER_TOKEN", tmp_path)


@pytest.mark.parametrize("name", ["../SOME_TOKEN", "a/b", "", "."])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misconfigured, match="expected letters, digits and underscores"):
        read_secret(name, tmp_path)


def test_what_is_no_name_may_be_the_secret_itself_and_is_not_repeated() -> None:
    with pytest.raises(Misconfigured, match="found something of 21 characters that is not shown") as caught:
        read_secret("hunter2 secret value!", None)

    assert "hunter2" not in f"{caught.value}{caught.value.cause}"
