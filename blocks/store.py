"""Where records, holds, used codes and red flags live: a folder, or S3."""

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError
from pydantic import Field

from blocks import s3
from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.errors import Absent, Misconfigured, Refused, Unreachable
from policy.next_step import Cause, Kind

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MARKER = ".countersign-store"
_MARKED = b"Records and holds are kept here. A folder without this file is taken for one that is not mounted.\n"
_PART = re.compile(r"[^/\\\x00-\x1f.][^/\\\x00-\x1f]*")
_LOST_ANSWERS = 3


class Exists(Refused):
    """The key is taken: somebody created it first."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies under a key, and how old it is by the store's own clock."""

    body: bytes
    age: timedelta


class Store(Protocol):
    """Keys are paths with `/` between the parts; a body is whole or not there."""

    def create(self, key: str, body: bytes) -> None:
        """Keep `body` under `key` for good; raise Exists if the key is taken."""

    def read(self, key: str) -> Stored:
        """Return what lies under `key`; raise Absent if nothing does."""

    def replace(self, key: str, body: bytes) -> None:
        """Keep `body` under `key`, whatever lay there before."""

    def list(self, prefix: str) -> tuple[str, ...]:
        """Return every key that begins with `prefix`, sorted."""


class FolderStore(CompanyBlock):
    """A folder of one machine, or one that several machines mount; a marker in it says that it is the store."""

    _block_type_name = "Countersign folder store"
    _block_type_slug = "countersign-folder-store"

    folder: str = Field(description="The absolute path of an existing folder.")

    @property
    def is_marked(self) -> bool:
        """Whether the folder is known to be the store; the place where it would be mounted is not."""
        with self._speaking_of(_MARKER):
            return Path(self.folder, _MARKER).is_file()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever kept here; raises Unreachable if there is no folder."""
        with self._speaking_of("its content"):
            return not any(path.is_dir() and not path.name.startswith(".") for path in Path(self.folder).iterdir())

    def mark(self) -> None:
        """Make the folder the store: done once and on purpose, never by whoever reads or writes it."""
        with self._speaking_of(_MARKER), suppress(FileExistsError):
            with Path(self.folder, _MARKER).open("xb") as file:
                file.write(_MARKED)
                os.fsync(file.fileno())
            _flush_folder(Path(self.folder))

    def create(self, key: str, body: bytes) -> None:
        """Keep `body` under `key` for good; raise Exists if the key is taken."""
        path = self._path(key)
        with self._reaching(key), self._written_aside(body) as aside:
            self._make_folders(path.parent)
            try:
                os.link(aside, path)
            except FileExistsError as error:
                raise Exists(f"{key} exists in {self.folder}") from error
            _flush_folder(path.parent)

    def read(self, key: str) -> Stored:
        """Return what lies under `key`; raise Absent if nothing does."""
        path = self._path(key)
        with self._reaching(key):
            try:
                with path.open("rb") as file:
                    body, written = file.read(), os.fstat(file.fileno()).st_mtime_ns
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                raise Absent(f"{key} is not in {self.folder}") from error
            return Stored(body, timedelta(microseconds=max(0, self._clock() - written) // 1000))

    def replace(self, key: str, body: bytes) -> None:
        """Keep `body` under `key`, whatever lay there before."""
        path = self._path(key)
        with self._reaching(key), self._written_aside(body) as aside:
            self._make_folders(path.parent)
            aside.replace(path)
            _flush_folder(path.parent)

    def list(self, prefix: str) -> tuple[str, ...]:
        """Return every key that begins with `prefix`, sorted."""
        with self._reaching(prefix):
            start = prefix.rpartition("/")[0]
            top = self._path(start) if start else Path(self.folder)
            return tuple(sorted(key for key in self._keys_below(top) if key.startswith(prefix)))

    def _keys_below(self, top: Path) -> Iterator[str]:
        for folder, folders, files in os.walk(top):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in files:
                if not name.startswith("."):
                    yield (Path(folder) / name).relative_to(self.folder).as_posix()

    def _path(self, key: str) -> Path:
        return Path(self.folder, *_parts(key))

    def _make_folders(self, folder: Path) -> None:
        """Make the folders below the store's own, which is never made anew: it may just have been unmounted."""
        if folder != Path(self.folder):
            self._make_folders(folder.parent)
            folder.mkdir(exist_ok=True)

    @contextmanager
    def _reaching(self, key: str) -> Iterator[None]:
        """What happens inside happens in the store; if it was unmounted meanwhile, nothing of it is believed."""
        self._require_marker()
        try:
            with self._speaking_of(key):
                yield
        except Refused:
            self._require_marker()
            raise
        self._require_marker()

    def _require_marker(self) -> None:
        if not self.is_marked:
            raise Unreachable(
                f"{self.folder} is not the store: the folder or its marker {_MARKER} is not there. Is it mounted?"
                " A new store is made once, by saving the settings",
                cause=Cause(Kind.STORE_UNMARKED, self.folder),
            )

    @contextmanager
    def _speaking_of(self, key: str) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise Misconfigured(f"{self.folder}: no permission for {key}: {error}") from error
        except OSError as error:
            raise Unreachable(f"{self.folder}: {key} could not be reached: {error}") from error

    @contextmanager
    def _written_aside(self, body: bytes) -> Iterator[Path]:
        """A file that nobody lists, whole and on the disk, in the same file system; gone afterwards."""
        aside = Path(self.folder, ".incoming", uuid.uuid4().hex)
        aside.parent.mkdir(exist_ok=True)
        try:
            with aside.open("xb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            yield aside
        finally:
            with suppress(FileNotFoundError):
                aside.unlink()

    def _clock(self) -> int:
        """The time of the machine that keeps the folder, which need not be this one; works on a full disk."""
        clock = Path(self.folder, ".clock")
        clock.touch()
        return clock.stat().st_mtime_ns


class S3Store(CompanyBlock):
    """A bucket of a storage that keeps its word on `If-None-Match`."""

    _block_type_name = "Countersign S3 store"
    _block_type_slug = "countersign-s3-store"

    bucket: str = Field(description="The bucket; it exists already.")
    endpoint: str | None = Field(default=None, description="The storage's address; empty for AWS itself.")
    region: str = Field(default="us-east-1", description="The region of the bucket.")
    access_key: str = Field(description="The name of the secret that holds the access key.")
    secret_key: str = Field(description="The name of the secret that holds the secret key.")
    secrets_folder: str | None = Field(default=None, description="The folder of secret files on the worker.")
    patience: timedelta = Field(default=timedelta(seconds=10), description="How long one answer may take.")

    @cached_property
    def _s3(self) -> "S3Client":
        folder = Path(self.secrets_folder) if self.secrets_folder else None
        return s3.connect(
            endpoint=self.endpoint,
            region=self.region,
            access_key=read_secret(self.access_key, folder),
            secret_key=read_secret(self.secret_key, folder),
            patience=self.patience,
        )

    def create(self, key: str, body: bytes) -> None:
        """Keep `body` under `key` for good; raise Exists if the key is taken by another body."""
        lost: s3.Uncertain | None = None
        for _ in range(_LOST_ANSWERS):
            try:
                self._put_new(key, body)
            except Exists:
                if lost and self.read(key).body == body:
                    return
                raise
            except s3.Uncertain as uncertain:
                lost = uncertain
            else:
                return
        raise Unreachable(f"{key} may have been created, no answer came {_LOST_ANSWERS} times: {lost}") from lost

    def _put_new(self, key: str, body: bytes) -> None:
        _parts(key)
        with s3.speaking_of(f"creating {key} in {self.bucket}"):
            try:
                self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, IfNoneMatch="*")
            except ClientError as error:
                if s3.code_of(error) in s3.NO_LONGER_TRUE:
                    raise Exists(f"{key} exists in {self.bucket}") from error
                raise

    def read(self, key: str) -> Stored:
        """Return what lies under `key`; raise Absent if nothing does."""
        _parts(key)
        with s3.speaking_of(f"reading {key} in {self.bucket}"):
            try:
                answer = self._s3.get_object(Bucket=self.bucket, Key=key)
                body = answer["Body"].read()
            except ClientError as error:
                if s3.code_of(error) in s3.ABSENT:
                    raise Absent(f"{key} is not in {self.bucket}") from error
                raise
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return Stored(body, max(timedelta(0), now - answer["LastModified"]))

    def replace(self, key: str, body: bytes) -> None:
        """Keep `body` under `key`, whatever lay there before."""
        _parts(key)
        with s3.speaking_of(f"replacing {key} in {self.bucket}"):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def list(self, prefix: str) -> tuple[str, ...]:
        """Return every key that begins with `prefix`, sorted."""
        with s3.speaking_of(f"listing {prefix} in {self.bucket}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return tuple(sorted(entry["Key"] for page in pages for entry in page.get("Contents", ())))


def _parts(key: str) -> tuple[str, ...]:
    parts = tuple(key.split("/"))
    if not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(f"key {key!r}: expected parts between slashes, none empty or beginning with a dot")
    return parts


def _flush_folder(folder: Path) -> None:
    """Make the folder's entries survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
