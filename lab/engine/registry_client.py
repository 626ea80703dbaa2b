"""What a pull needs: one request to the registry, and a layer unpacked."""

import http.client
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

from lab.engine.refusal import RefusedError


def get(registry: str, path: str, headers: Mapping[str, str]) -> bytes:
    """Return what the registry answers; its refusals are said as Docker says them."""
    connection = http.client.HTTPConnection(registry, timeout=10)
    try:
        connection.request("GET", path, headers=dict(headers))
        response = connection.getresponse()
        body = response.read()
    except OSError as problem:
        reason = os.strerror(problem.errno).lower() if problem.errno else str(problem)
        raise RefusedError(f'Error response from daemon: Get "http://{registry}/v2/": {reason}') from None
    finally:
        connection.close()
    if response.status == http.client.OK:
        return body
    if response.status == http.client.UNAUTHORIZED and "Authorization" not in headers:
        raise RefusedError(f'Error response from daemon: Get "http://{registry}{path}": no basic auth credentials')
    errors = {401: "unauthorized: authentication required", 404: "manifest unknown: manifest unknown"}
    status = f"received unexpected HTTP status: {response.status}"
    raise RefusedError(f"Error response from daemon: {errors.get(response.status, status)}")


def unpack(layer: bytes, folder: Path) -> None:
    """Unpack plain files that stay inside the folder; anything else is no layer of ours."""
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        for member in archive:
            path = (folder / member.name).resolve()
            content = archive.extractfile(member)
            if content is None or folder.resolve() not in path.parents:
                raise RefusedError(f"failed to register layer: {member.name}: not a plain file of the image")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read())
