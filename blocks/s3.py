"""How the record store and the backup store reach a bucket."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError
from pydantic import SecretStr

from blocks.errors import Refused, Unreachable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NO_LONGER_TRUE = {"PreconditionFailed", "412"}
ABSENT = {"NoSuchKey", "404", "NotFound"}
_ONE_AT_A_TIME = Lock()


class Uncertain(Unreachable):
    """The connection broke after the request was sent: what was asked for may have been done."""


def connect(
    *, endpoint: str | None, region: str, access_key: SecretStr, secret_key: SecretStr, patience: timedelta
) -> "S3Client":
    """Return a client that never repeats a request by itself, so that a lost answer is noticed."""
    config = Config(
        connect_timeout=patience.total_seconds(),
        read_timeout=patience.total_seconds(),
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path" if endpoint else "auto"},
    )
    with _ONE_AT_A_TIME:
        return _session().client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=access_key.get_secret_value(),
            aws_secret_access_key=secret_key.get_secret_value(),
            config=config,
        )


@cache
def _session() -> boto3.session.Session:
    """A session reads the description of S3 once, for a tenth of a second; it makes its clients one at a time."""
    return boto3.session.Session()


@contextmanager
def speaking_of(what: str) -> Iterator[None]:
    """Turn what boto3 raises inside into Refused, Unreachable or Uncertain, saying `what` was asked."""
    try:
        yield
    except ClientError as error:
        code, text = code_of(error), error.response.get("Error", {}).get("Message", "")
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if status >= 500:
            raise Uncertain(f"{what}: the storage answered {status} {code}") from error
        if status in {409, 429} or code in {"SlowDown", "RequestTimeout"}:
            raise Unreachable(f"{what}: the storage asks to try again later ({code})") from error
        raise Refused(f"{what}: the storage refused, {code}: {text}") from error
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        raise Unreachable(f"{what}: {error}") from error
    except BotoCoreError as error:
        raise Uncertain(f"{what}: {error}") from error


def code_of(error: ClientError) -> str:
    """Return the storage's own word for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))
