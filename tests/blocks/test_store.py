"""One contract for every store: the folder and a genuine S3 server."""

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from blocks.errors import Absent, Misconfigured, Refused, Unreachable
from blocks.one_time_codes import OneTimeCodes
from blocks.store import Exists, FolderStore, S3Store, Store
from lab.home import Home
from lab.object_store import ObjectStore
from policy.roles import Person
from tests.wire import Proxy


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A genuine S3 server, for this session."""
    home = Home(tmp_path_factory.mktemp("s3"))
    server = ObjectStore(home)
    server.start()
    yield home
    server.stop()


def s3_store(home: Home, bucket: str) -> S3Store:
    return S3Store(
        bucket=bucket,
        endpoint=home.url("s3"),
        access_key="BACKUP_ACCESS_KEY",
        secret_key="BACKUP_SECRET_KEY",
        secrets_folder=str(home.secrets),
    )


class LosingProxy(Proxy):
    """Passes everything on to the storage, and loses as many answers as it is told to."""

    def __init__(self, port: int) -> None:
        self.lose = 0
        super().__init__(port, answer=self._lose_or_pass)

    def _lose_or_pass(self, _asked: bytes, _answer: bytes) -> bool:
        if self.lose:
            self.lose -= 1
            return False
        return True


@pytest.fixture
def proxy(object_store: Home) -> Iterator[LosingProxy]:
    """A way to the storage that loses answers."""
    proxy = LosingProxy(object_store.ports["s3"])
    yield proxy
    proxy.close()


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store."""
    if request.param == "folder":
        folder = FolderStore(folder=str(tmp_path))
        folder.mark()
        return folder
    home: Home = request.getfixturevalue("object_store")
    bucket = f"test-{uuid.uuid4().hex}"
    boto3.client(
        "s3",
        endpoint_url=home.url("s3"),
        region_name="us-east-1",
        aws_access_key_id=home.secret("BACKUP_ACCESS_KEY"),
        aws_secret_access_key=home.secret("BACKUP_SECRET_KEY"),
    ).create_bucket(Bucket=bucket)
    return s3_store(home, bucket)


def test_what_was_created_is_read_back_whole(store: Store) -> None:
    body = bytes(range(256)) * 500
    store.create("records/2026-11-25.a1/000000.json", body)

    assert store.read("records/2026-11-25.a1/000000.json").body == body


def test_a_key_is_created_once_and_keeps_its_first_body(store: Store) -> None:
    store.create("locks/production/000042", b"first")

    with pytest.raises(Exists, match="locks/production/000042"):
        store.create("locks/production/000042", b"second")
    with pytest.raises(Exists):
        store.create("locks/production/000042", b"first")

    assert store.read("locks/production/000042").body == b"first"


def test_of_eight_writers_exactly_one_creates_the_key(store: Store) -> None:
    def race(key: str) -> list[bytes]:
        def write(body: bytes) -> bytes | None:
            try:
                store.create(key, body)
            except Exists:
                return None
            return body

        with ThreadPoolExecutor(8) as writers:
            return [won for won in writers.map(write, [b"%d" % n for n in range(8)]) if won]

    for number in range(10):
        winners = race(f"locks/race/{number:06}")
        assert len(winners) == 1
        assert store.read(f"locks/race/{number:06}").body == winners[0]


def test_what_is_not_there_is_absent(store: Store) -> None:
    store.create("records/a/000000.json", b"row")

    for key in ("records/b", "records/a", "records/a/000000.json/more"):
        with pytest.raises(Absent, match=key):
            store.read(key)


def test_keys_are_listed_sorted_and_by_prefix(store: Store) -> None:
    for key in ("records/b/000001", "records/a/000010", "records/a/000002", "records/ab/000001", "locks/x"):
        store.create(key, b"")

    assert store.list("records/a/") == ("records/a/000002", "records/a/000010")
    assert store.list("records/a") == ("records/a/000002", "records/a/000010", "records/ab/000001")
    assert store.list("nothing/") == ()
    assert len(store.list("")) == 5


def test_more_than_a_thousand_keys_are_all_listed(store: Store) -> None:
    keys = [f"records/many/{number:06}" for number in range(1105)]
    with ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda key: store.create(key, b"."), keys))

    assert store.list("records/many/") == tuple(keys)


def test_replacing_changes_the_body_and_makes_it_young_again(store: Store) -> None:
    store.replace("locks/production/000042.heartbeat", b"one")
    wait_until(lambda: store.read("locks/production/000042.heartbeat").age >= timedelta(seconds=2))
    renewing = datetime.now(UTC)
    store.replace("locks/production/000042.heartbeat", b"")

    stored = store.read("locks/production/000042.heartbeat")
    assert stored.body == b""
    # A store that counts in seconds is off by up to one.
    assert stored.age <= datetime.now(UTC) - renewing + timedelta(seconds=1)


@pytest.mark.parametrize("key", ["", "/a", "a//b", "a/../b", "a/", ".hidden", "a/.b", "a\nb", "a\\b"])
def test_a_key_that_could_leave_its_place_is_refused(store: Store, key: str) -> None:
    for verb in (lambda: store.create(key, b""), lambda: store.read(key), lambda: store.replace(key, b"")):
        with pytest.raises(ValueError, match="key"):
            verb()


def test_a_store_that_nobody_serves_is_unreachable(object_store: Home) -> None:
    store = s3_store(object_store, "records").model_copy(update={"endpoint": "http://127.0.0.1:9"})

    with pytest.raises(Unreachable, match="reading a in records"):
        store.read("a")
    with pytest.raises(Unreachable):
        store.create("a", b"")


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_answer_is_asked_for_again_and_creates_once(object_store: Home, proxy: LosingProxy, lost: int) -> None:
    store = s3_store(object_store, "countersign").model_copy(update={"endpoint": proxy.url})
    proxy.lose = lost
    store.create(f"records/lost/{lost}", b"row")

    assert proxy.lose == 0
    assert store.read(f"records/lost/{lost}").body == b"row"


def test_a_lost_answer_never_hides_that_somebody_else_was_first(object_store: Home, proxy: LosingProxy) -> None:
    store = s3_store(object_store, "countersign").model_copy(update={"endpoint": proxy.url})
    store.create("records/taken", b"theirs")
    proxy.lose = 1

    with pytest.raises(Exists):
        store.create("records/taken", b"ours")


def test_a_code_that_was_used_is_not_good_again_because_an_answer_was_lost(
    object_store: Home, proxy: LosingProxy
) -> None:
    store = s3_store(object_store, "countersign").model_copy(update={"endpoint": proxy.url})
    codes = OneTimeCodes(store, None)
    person = Person.model_validate({"name": "Tomas Lima", "roles": ["tech lead"]})
    proxy.lose = 1
    assert codes.use(person, 58_000_000)

    proxy.lose = 1

    assert not codes.use(person, 58_000_000)


def test_answers_that_are_always_lost_are_unreachable_and_said_to_be_uncertain(
    object_store: Home, proxy: LosingProxy
) -> None:
    store = s3_store(object_store, "countersign").model_copy(update={"endpoint": proxy.url})
    proxy.lose = 99

    with pytest.raises(Unreachable, match="may have been created"):
        store.create("records/uncertain", b"row")


def test_a_wrong_secret_and_a_missing_bucket_are_refused(
    object_store: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="NoSuchBucket"):
        s3_store(object_store, "not-there").list("a")
    with pytest.raises(Misconfigured, match="BACKUP_ACCESS_KEY"):
        s3_store(object_store, "records").model_copy(update={"secrets_folder": str(tmp_path)}).read("a")
    monkeypatch.setenv("BACKUP_SECRET_KEY", "wrong")
    with pytest.raises(Refused, match="SignatureDoesNotMatch"):
        s3_store(object_store, "countersign").create("a", b"")


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
