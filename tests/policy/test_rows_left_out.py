"""What the database quotes of a row is not repeated."""

import pytest

from policy.rows_left_out import leave_rows_out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('invalid input syntax for type integer: "Zoe Twin"', "invalid input syntax for type integer: […]"),
        ('invalid input syntax for type integer: "Zoe', "invalid input syntax for type integer: […]"),
        ('invalid input syntax for type date: "Zoe\nTwin"', "invalid input syntax for type date: […]"),
        ('invalid input syntax for type date: "Zoe "the" Twin"', "invalid input syntax for type date: […]"),
        ('value "Zoe" is out of range for type integer', "value […] is out of range for type integer"),
        ('invalid input value for enum "Role": "Zoe"', 'invalid input value for enum "Role": […]'),
        ("Failing row contains (1, Zoe, null).", "Failing row contains […]."),
        ("Failing row contains (1, Zoe", "Failing row contains […]"),
        ("Key (name)=(Zoe) is duplicated.", "Key (name)=[…] is duplicated."),
        ("Key (name)=(Zoe", "Key (name)=[…]"),
        ('relation "Patient" does not exist', 'relation "Patient" does not exist'),
        (
            'column "a" of relation "Patient" contains null values',
            'column "a" of relation "Patient" contains null values',
        ),
        ("permission denied for table Patient", "permission denied for table Patient"),
    ],
)
def test_what_stood_in_a_row_is_left_out(words: str, said: str) -> None:
    assert leave_rows_out(words) == said
