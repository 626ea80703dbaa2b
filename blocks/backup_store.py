"""The bucket of database backups."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, Protocol, cast

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from pydantic import Field

from blocks import s3
from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.errors import Refused
from policy.backups import Backup, part_size

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHUNK = 1024 * 1024
_UPLOADS = 4
_LONGEST = timedelta(days=62)


class Readable(Protocol):
    """Anything that is read in pieces; nothing means the end."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next piece."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What lies under a key, measured while it passed by."""

    key: str
    size_bytes: int
    sha256: str


class BackupStore(CompanyBlock):
    """Backups in folders by day, `2026/11/25/`, and those made by hand beside them."""

    _block_type_name = "Countersign backup store"
    _block_type_slug = "countersign-backup-store"

    bucket: str = Field(description="The bucket of the backups.")
    endpoint: str | None = Field(default=None, description="The storage's address; empty for AWS itself.")
    region: str = Field(default="us-east-1", description="The region of the bucket.")
    access_key: str = Field(description="The name of the secret that holds the access key.")
    secret_key: str = Field(description="The name of the secret that holds the secret key.")
    secrets_folder: str | None = Field(default=None, description="The folder of secret files on the worker.")
    names: list[str] = Field(
        default_factory=list,
        description="Patterns of the file names of production's backups, or with a slash of what follows the folder of"
        " the day, such as prod/*; empty: by their endings.",
    )
    manual_prefix: str = Field(default="manual-backups/", description="Where backups made by hand lie.")
    encryption: Literal["AES256", "aws:kms"] | None = Field(
        default=None, description="How the storage is asked to encrypt a dump at rest; empty: as the bucket is set."
    )
    kms_key: str | None = Field(default=None, description="The key for aws:kms; empty: the account's own.")
    patience: timedelta = Field(default=timedelta(seconds=30), description="How long one answer may take.")

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

    def list_backups(self, since: datetime) -> tuple[Backup, ...]:
        """Return every object that was finished at or after `since`, the oldest first."""
        with s3.speaking_of(f"listing the backups in {self.bucket}"):
            found = {backup for prefix in self._prefixes(since) for backup in self._list(prefix)}
        return tuple(
            sorted(
                (backup for backup in found if backup.finished_at >= since),
                key=lambda backup: (backup.finished_at, backup.key),
            )
        )

    def check(self) -> None:
        """Return when the bucket can be listed; else say what is wrong."""
        with s3.speaking_of(f"listing the backups in {self.bucket}"):
            self._s3.list_objects_v2(Bucket=self.bucket, MaxKeys=1)

    def upload(self, stream: Readable, key: str, *, about_bytes: int = 0) -> Uploaded:
        """Keep everything the stream gives under a new `key`; nothing is kept if the stream raises.

        `about_bytes` is how large it may become: the parts are as large as that needs, and few are in memory.
        """
        parts = TransferConfig(multipart_chunksize=part_size(about_bytes), max_concurrency=_UPLOADS)
        measured = _Measured(stream)
        with s3.speaking_of(f"keeping {key} in {self.bucket}"):
            if self._s3.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1).get("KeyCount"):
                raise Refused(f"{key} is in {self.bucket} already; a backup is never overwritten")
            self._s3.upload_fileobj(
                cast("IO[bytes]", measured), self.bucket, key, ExtraArgs=self._encryption_asked(), Config=parts
            )
        return Uploaded(key, measured.size_bytes, measured.sha256)

    def _encryption_asked(self) -> dict[str, str]:
        if self.encryption is None:
            return {}
        key = {"SSEKMSKeyId": self.kms_key} if self.kms_key else {}
        return {"ServerSideEncryption": self.encryption, **key}

    def read_encryption(self, key: str) -> str | None:
        """Return how the storage itself says that it keeps the object encrypted; None where it says nothing."""
        with s3.speaking_of(f"asking how {key} in {self.bucket} is kept"):
            return self._s3.head_object(Bucket=self.bucket, Key=key).get("ServerSideEncryption")

    def read_back(self, key: str) -> Uploaded:
        """Read the whole object again and return what came."""
        digest, size = hashlib.sha256(), 0
        for chunk in self.read_chunks(key):
            digest.update(chunk)
            size += len(chunk)
        return Uploaded(key, size, digest.hexdigest())

    def read_chunks(self, key: str) -> Iterator[bytes]:
        """Yield the object piece by piece."""
        with s3.speaking_of(f"reading {key} in {self.bucket}"):
            try:
                body = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"]
            except ClientError as error:
                if s3.code_of(error) in s3.ABSENT:
                    raise Refused(f"{key} is not in {self.bucket}") from error
                raise
            # Who only looks at a dump's table of contents does not read it to its end.
            with closing(body):
                yield from body.iter_chunks(_CHUNK)

    def _prefixes(self, since: datetime) -> tuple[str, ...]:
        """A day's folder may be named by a local clock, so the days around are looked at too."""
        now = datetime.now(UTC)
        if now - since > _LONGEST:
            raise Refused(f"backups since {since:%Y-%m-%d} are too many; at most {_LONGEST.days} days are read")
        first, last = since.astimezone(UTC).date() - timedelta(days=1), now.date() + timedelta(days=1)
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return (*(f"{day:%Y/%m/%d}/" for day in days), self.manual_prefix)

    def _list(self, prefix: str) -> Iterator[Backup]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        for page in pages:
            for entry in page.get("Contents", ()):
                by_hand = prefix == self.manual_prefix
                kept_in = entry.get("StorageClass", "STANDARD")
                yield Backup(entry["Key"], entry["Size"], entry["LastModified"], by_hand, kept_in)


@dataclass(slots=True)
class _Measured:
    """A stream that counts what passes and hashes it."""

    _stream: Readable
    size_bytes: int = field(default=0, init=False)
    _digest: "hashlib._Hash" = field(default_factory=hashlib.sha256, init=False)

    def read(self, size: int = -1) -> bytes:
        """Return the next piece."""
        chunk = self._stream.read(size)
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        return chunk

    @property
    def sha256(self) -> str:
        """The hash of all that has passed."""
        return self._digest.hexdigest()
