"""The backups of production: real dumps, one a night, as old as they say."""

import struct
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab.home import Home
from lab.object_store import BACKUPS, ObjectStore
from lab.postgres import PROGRAMS, Cluster
from lab.processes import LabError, marked

AGES = tuple(timedelta(hours=hours) for hours in (3, 27, 51, 75, 99))
# From one backup to the next; the product takes none of over 24 hours.
NIGHTLY = timedelta(hours=23)
TRIES = 4
NAME = "holi-%Y%m%dT%H%M%SZ.dump"


class NightlyBackups:
    """What the nightly job left in the bucket."""

    def __init__(self, home: Home, store: ObjectStore, cluster: Cluster) -> None:
        self._home = home
        self._store = store
        self._cluster = cluster
        self._dump = home.folder("backups") / "holi.dump"
        self._usual: set[str] = set()
        self.due = datetime.now(UTC) + NIGHTLY

    def dump(self) -> None:
        """Make a real dump of the production database."""
        words = [str(PROGRAMS / "pg_dump"), "--format=custom", "--no-password", f"--file={self._dump}"]
        words += ["--host=127.0.0.1", f"--port={self._cluster.port}", "--username=holi", "--dbname=holi"]
        environment = marked(self._home, {"PGPASSWORD": self._home.secret("DATABASE_PASSWORD")})
        subprocess.run(words, env=environment, check=True, capture_output=True, timeout=60)

    def reset(self) -> None:
        """Leave only the usual backups, the newest three hours old."""
        keys = self._keys()
        if not self._usual or not self._usual <= keys:
            self.renew()
        else:
            self._delete(keys - self._usual)

    def renew(self, *, older: timedelta = timedelta(0)) -> list[str]:
        """Put the usual backups there, each of them so much older."""
        if not self._dump.exists():
            self.dump()
        self._delete(self._keys())
        finished = [datetime.now(UTC) - age - older for age in AGES]
        client = self._store.client()
        content = self._dump.read_bytes()
        for at in finished:
            client.put_object(Bucket=BACKUPS, Key=at.strftime(f"%Y/%m/%d/{NAME}"), Body=content)
        self._set_times()
        self._usual = set() if older else self._keys()
        self.due = datetime.now(UTC) - AGES[0] + NIGHTLY
        return sorted(self._keys())

    def make_due(self) -> None:
        """Have tonight's backup in the bucket if its time has come."""
        now = datetime.now(UTC)
        if now < self.due:
            return
        self.dump()
        key = now.strftime(f"%Y/%m/%d/{NAME}")
        self._store.client().put_object(Bucket=BACKUPS, Key=key, Body=self._dump.read_bytes())
        self._usual.add(key)
        self.due = now + NIGHTLY

    def _keys(self) -> set[str]:
        pages = self._store.client().get_paginator("list_objects_v2").paginate(Bucket=BACKUPS)
        return {entry["Key"] for page in pages for entry in page.get("Contents", [])}

    def _delete(self, keys: set[str]) -> None:
        for key in keys:
            self._store.client().delete_object(Bucket=BACKUPS, Key=key)

    def _set_times(self) -> None:
        """Let each object be as old as its name says.

        S3 has no word for it, so the server's metadata are saved, changed and loaded again. A time has five
        bytes there, now as then: nothing else moves.
        """
        for _ in range(TRIES):
            said = self._change_times()
            entries = self._store.client().list_objects_v2(Bucket=BACKUPS).get("Contents", [])
            late = [entry["Key"] for entry in entries if entry["LastModified"] != _finished(entry["Key"])]
            if not late:
                return
        raise LabError(f"S3 does not show the age of {', '.join(late)}; its shell said: {said}")

    def _change_times(self) -> str:
        saved = self._home.folder("s3") / "metadata"
        self._store.shell(f"fs.meta.save -o {saved} /buckets/{BACKUPS}")
        entries = self._store.client().list_objects_v2(Bucket=BACKUPS).get("Contents", [])
        uploaded = {entry["Key"]: entry["LastModified"] for entry in entries}
        changed = bytearray()
        for record in _records(saved):
            for key, at in uploaded.items():
                if key.rpartition("/")[2].encode() in record:
                    content = _with_time(record, at, _finished(key))
                    changed += struct.pack(">I", len(content)) + content
        saved.write_bytes(changed)
        # The shell may end before its last entry is loaded, unless it has something else to do.
        return self._store.shell(f"fs.meta.load {saved}\nfs.ls /buckets\nfs.ls /")


def _records(file: Path) -> Iterator[bytes]:
    content = file.read_bytes()
    while content:
        size = struct.unpack(">I", content[:4])[0]
        yield content[4 : 4 + size]
        content = content[4 + size :]


def _finished(key: str) -> datetime:
    """Return when the backup was finished, by its name."""
    return datetime.strptime(key.rpartition("/")[2], NAME).replace(tzinfo=UTC)


def _with_time(record: bytes, uploaded: datetime, finished: datetime) -> bytes:
    """Return the record with its time of change, field 2, replaced; the server rounds what it shows."""
    for second in (0, -1, 1, -2, 2):
        old = b"\x10" + _varint(uploaded + timedelta(seconds=second))
        if old in record:
            return record.replace(old, b"\x10" + _varint(finished), 1)
    raise LabError(f"S3's metadata hold no time near {uploaded:%H:%M:%S}, when the backup was uploaded")


def _varint(at: datetime) -> bytes:
    """Write seconds as protocol buffers do: seven bits a byte, the lowest first."""
    seconds, out = int(at.timestamp()), bytearray()
    while seconds > 127:
        out.append(seconds & 127 | 128)
        seconds >>= 7
    return bytes([*out, seconds])
