"""What a release leaves behind proves itself, with what its thread in Slack says."""

import re

from blocks.record import list_records, verify_record
from deployments.settings import read_settings
from deployments.verify_record import known_keys
from tests.stories.stage import Stage


def test_a_record_is_proved_by_its_signature_and_by_the_line_in_its_thread(stage: Stage) -> None:
    shipped = stage.lab.ship("2.0.9", fault="unhealthy")

    ending = stage.release(stage.request(shipped))

    key = list_records(stage.store)[-1]
    said = stage.said_in("C0DEPLOYMENTS")
    line = re.search(rf"Record {key} sealed, signed by worker-1: .*verify_record {key} --head (\w+)", said)
    assert ending.outcome == "stopped", ending.sentence
    assert line is not None, said
    known = known_keys(read_settings(stage.lab.settings_path))
    found = verify_record(stage.store, key, known=known, head=line[1])
    assert found.sentence == f"{len(ending.rows)} rows, unbroken, sealed, signed by worker-1"
