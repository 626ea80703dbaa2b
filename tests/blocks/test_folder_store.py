"""A store in a folder: which folder is one, and what remains of a writer that was killed or unmounted."""

import itertools
import json
import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from blocks.errors import Unreachable
from blocks.store import FolderStore
from tests.blocks.test_store import wait_until


def marked(folder: Path) -> FolderStore:
    """A folder that was made a store."""
    store = FolderStore(folder=str(folder))
    store.mark()
    return store


def _write_rows(folder: str) -> None:
    store, number = FolderStore(folder=folder), 0
    while True:
        store.create(f"records/killed/{number:06}", json.dumps({"number": number, "text": "x" * 20_000}).encode())
        number += 1


def test_a_writer_that_is_killed_leaves_no_half_row(tmp_path: Path) -> None:
    store = marked(tmp_path)
    writer = multiprocessing.get_context("spawn").Process(target=_write_rows, args=(str(tmp_path),), daemon=True)
    writer.start()
    wait_until(lambda: len(store.list("records/killed/")) > 20, seconds=120)
    os.kill(writer.pid or 0, signal.SIGKILL)
    writer.join()

    for number, key in enumerate(store.list("records/")):
        assert json.loads(store.read(key).body)["number"] == number


def test_a_folder_that_is_not_mounted_is_unreachable_and_not_empty(tmp_path: Path) -> None:
    store = FolderStore(folder=str(tmp_path / "away"))

    for verb in (lambda: store.list("records/"), lambda: store.read("a"), lambda: store.create("a", b"")):
        with pytest.raises(Unreachable, match=r"Is it mounted\?"):
            verb()


@contextmanager
def written_all_the_time(write: Callable[[str], None]) -> Iterator[tuple[Future[None], Event]]:
    """Let a thread write one row after the other until the block ends; the event says that one was Unreachable."""
    over, refused = Event(), Event()

    def write_on() -> None:
        for number in itertools.count():
            if over.is_set():
                return
            try:
                write(f"records/{number}/000001.json")
            except Unreachable:
                refused.set()

    with ThreadPoolExecutor() as pool:
        writer = pool.submit(write_on)
        try:
            yield writer, refused
        finally:
            over.set()
        writer.result()


def test_a_folder_that_is_unmounted_while_a_row_is_written_is_never_made_anew(tmp_path: Path) -> None:
    folder, away = tmp_path / "store", tmp_path / "away"
    folder.mkdir()
    store = marked(folder)

    def write(key: str) -> None:
        store.create(key, b"row")

    with written_all_the_time(write) as (_, refused):
        for _ in range(40):
            refused.clear()
            folder.rename(away)
            wait_until(lambda: refused.is_set() or folder.exists())
            assert not folder.exists()
            away.rename(folder)


def test_an_empty_folder_where_a_store_would_be_mounted_is_unreachable(tmp_path: Path) -> None:
    store = FolderStore(folder=str(tmp_path))

    for verb in (
        lambda: store.list("locks/"),
        lambda: store.read("a"),
        lambda: store.create("a", b""),
        lambda: store.replace("a", b""),
    ):
        with pytest.raises(Unreachable, match=r"is not the store.* Is it mounted\?"):
            verb()

    assert list(tmp_path.iterdir()) == []


def test_a_store_whose_mount_point_appears_in_the_middle_believes_nothing_of_it(tmp_path: Path) -> None:
    folder, away = tmp_path / "store", tmp_path / "away"
    folder.mkdir()
    store, written = marked(folder), list[str]()

    def write(key: str) -> None:
        store.create(key, b"row")
        written.append(key)
        assert set(store.list("records/")) >= set(written)

    with written_all_the_time(write) as (writer, refused):
        for _ in range(40):
            refused.clear()
            folder.rename(away)
            folder.mkdir()
            wait_until(lambda: refused.is_set() or writer.done())
            shutil.rmtree(folder)
            away.rename(folder)

    assert set(store.list("records/")) >= set(written)


def test_a_folder_is_made_a_store_once_and_on_purpose(tmp_path: Path) -> None:
    store = FolderStore(folder=str(tmp_path))
    assert (store.is_marked, store.is_empty) == (False, True)

    store.mark()
    store.mark()
    assert (store.is_marked, store.is_empty) == (True, True)
    assert store.list("") == ()

    store.create("records/a/000001.json", b"row")
    assert not store.is_empty


def test_a_folder_that_is_not_there_is_made_no_store(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="nowhere"):
        FolderStore(folder=str(tmp_path / "nowhere")).mark()


def test_a_file_dated_in_the_future_is_not_younger_than_new(tmp_path: Path) -> None:
    store = marked(tmp_path)
    store.create("a", b"")
    os.utime(tmp_path / "a", (time.time() + 500, time.time() + 500))

    assert store.read("a").age == timedelta(0)
