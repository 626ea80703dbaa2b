"""A record says of its release and of its build what this version can read, or that another version wrote it."""

import pytest

from policy.record import Event, Unreadable
from policy.recorded import build_of, release_of
from tests.policy.releases import release
from tests.policy.rows import numbered, row


def test_a_record_without_rows_has_neither_release_nor_build() -> None:
    assert (release_of(()), build_of(())) == (None, None)


def test_the_release_of_a_record_is_the_one_that_opened_it() -> None:
    opened = release()

    assert release_of(numbered((row(Event.OPENED, release=opened.model_dump(mode="json")),))) == opened


def test_what_another_version_wrote_is_named_by_its_field() -> None:
    written = {**release().model_dump(mode="json"), "way": "new"}
    rows = numbered((row(Event.OPENED, release=written), row(Event.BUILT, item="2.1.1", digest=7)))

    with pytest.raises(Unreadable, match="written by another version: way is not as this one has it"):
        release_of(rows)
    with pytest.raises(Unreadable, match="written by another version: "):
        build_of(rows)
