"""A failed step shows its log, without what names a patient or holds a secret, and the advice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.checklist import ITEMS
from policy.troubleshooting import ADVICE, SHOWN_LINES, advice_for, explain, redact


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Error: Cannot find module x", "Error: Cannot find module x"),
        ("no patient ana.souza@holilabs.xyz", "no patient […]"),
        ("PASSWORD=hunter2 is wrong", "[…] is wrong"),
        ("Authorization: Bearer eyJhbGci.x was refused", "[…] was refused"),
        ("authorization=Basic aG9saQ== was refused", "[…] was refused"),
        ("bearer eyJhbGci.x was refused", "[…] was refused"),
        ("api_key: sk-12345 was refused", "[…] was refused"),
        ("called +1 555 0101 22 in vain", "called +[…] in vain"),
        ("connect postgres://holi:hunter2@db:5432/holi", "connect postgres[…]db:5432/holi"),
        ("connect postgres://holi:hun!ter2@db.internal/holi", "connect postgres[…]db.internal/holi"),
        ("connect redis://:hun/ter2@cache:6379", "connect redis[…]cache:6379"),
        ("duplicate key 'Maria Silva'", "duplicate key […]"),
        ('null value in "diagnosis" of 3', "null value in […] of 3"),
        ("   exit code 1   ", "exit code 1"),
        ("Key (curp)=(RUAA800101MDFZNN09) of patient Ana Ruiz exists", "Key (curp)[…] of patient […] exists"),
        ("RFC RUAA800101AB1 was refused", "RFC […] was refused"),
        ("paciente Ana Ruiz no existe", "paciente […] no existe"),
        ("image 5f2b1c9d0e7a has no patient service", "image 5f2b1c9d0e7a has no patient service"),
    ],
)
def test_what_may_be_private_is_blanked_out(line: str, shown: str) -> None:
    assert redact([line]) == [shown]


def test_empty_lines_are_left_out() -> None:
    assert redact(["", "  ", "stopped"]) == ["stopped"]


@given(st.emails(), st.text(max_size=20))
def test_no_address_is_ever_shown(address: str, around: str) -> None:
    name = "ana.souza@holilabs.xyz"

    assert name not in " ".join(redact([f"{around} {name} {address}"]))


def test_the_last_lines_and_the_advice_are_given() -> None:
    log = "\n".join(f"line {number}" for number in range(30))

    said = explain("10.2", log)

    assert said.startswith(f"line {30 - SHOWN_LINES} / ")
    assert said.endswith("line 29. Check the container's log: usually a missing environment variable or dependency.")


def test_an_empty_log_is_said_to_be_empty() -> None:
    assert explain("10.3", "\n \n").startswith("the log is empty. Check the log of the health endpoint")


def test_the_advice_is_that_of_section_10() -> None:
    assert set(ADVICE) == {number for number in ITEMS if number.startswith("10.")}
    assert "Escalate to the DevOps lead" in advice_for("10.4")
