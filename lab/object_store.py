"""The lab's S3: a genuine server (SeaweedFS) that checks signatures."""

import contextlib
import socket
import subprocess
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from lab.home import Home
from lab.processes import LabError, end, marked, program, spawn, wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BACKUPS = "holi-database-backups"
RECORDS = "countersign"


class ObjectStore:
    """One S3 server with the buckets for backups and for records."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """True while the server's process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server, unless it runs, and wait until it answers."""
        if self.running:
            return
        ports = self._home.ports
        data = self._home.folder("s3/data")
        sockets = self._home.sockets()
        words = [program("weed"), f"-logdir={self._home.folder('s3/logs')}", "mini", f"-dir={data}"]
        words += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-webdav=false", "-admin.ui=false"]
        words += [
            f"-s3.port={ports['s3']}",
            f"-master.port={ports['master']}",
            f"-filer.port={ports['filer']}",
        ]
        # Servers that nobody here needs; their usual ports would let only one lab start on a machine.
        words += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        words += [
            f"-volume.port={ports['volume']}",
            f"-admin.port={ports['admin']}",
            "-master.telemetry=false",
        ]
        words += [f"-{name}.port.grpc={ports[f'{name}_grpc']}" for name in ("master", "filer", "volume", "admin")]
        words += [f"-filer.localSocket={sockets}/filer.sock", f"-s3.localSocket={sockets}/s3.sock"]
        environment = {
            "AWS_ACCESS_KEY_ID": self._home.secret("BACKUP_ACCESS_KEY"),
            "AWS_SECRET_ACCESS_KEY": self._home.secret("BACKUP_SECRET_KEY"),
            "S3_BUCKET": f"{BACKUPS},{RECORDS}",
        }
        self._process = spawn(self._home, "s3", words, environment=environment, cwd=data)
        wait_until("S3 answers", self._answers, seconds=60, home=self._home)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._home.ports["s3"]), 1):
            names = {bucket["Name"] for bucket in self.client().list_buckets()["Buckets"]}
            return {BACKUPS, RECORDS} <= names
        return False

    def client(self) -> "S3Client":
        """Return a client with the lab's keys."""
        return boto3.client(
            "s3",
            endpoint_url=self._home.url("s3"),
            region_name="us-east-1",
            aws_access_key_id=self._home.secret("BACKUP_ACCESS_KEY"),
            aws_secret_access_key=self._home.secret("BACKUP_SECRET_KEY"),
            config=Config(connect_timeout=2, read_timeout=10, retries={"max_attempts": 1}),
        )

    def shell(self, line: str) -> str:
        """Give one line to the server's own administration shell; return what it said."""
        ports = self._home.ports
        words = [program("weed"), "shell", f"-master=127.0.0.1:{ports['master']}.{ports['master_grpc']}"]
        words.append(f"-filer=127.0.0.1:{ports['filer']}.{ports['filer_grpc']}")
        done = subprocess.run(
            words,
            input=line + "\n",
            env=marked(self._home),
            cwd=self._home.folder("s3"),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if done.returncode or "error:" in done.stdout + done.stderr:
            raise LabError(f"weed shell: {line}: {done.stdout.strip()} {done.stderr.strip()}")
        return f"{done.stdout.strip()} {done.stderr.strip()}"

    def make_reader(self) -> None:
        """Let there be keys with which the buckets can be read and not written: BACKUP_READER_…."""
        access, secret = (self._home.secret(f"BACKUP_READER_{kind}_KEY") for kind in ("ACCESS", "SECRET"))
        rights = "-actions Read,List -apply"
        self.shell(f"s3.configure -user reader -access_key {access} -secret_key {secret} {rights}")

    def stop(self) -> None:
        """Stop the server; what it holds stays."""
        end(self._process, grace=2)
