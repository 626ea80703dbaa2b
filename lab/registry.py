"""A Docker registry: the part of the distribution specification (v2) that pulling and looking need.

Follows https://distribution.github.io/distribution/spec/api/.
"""

import base64
import hashlib
import json
import re
import secrets

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lab.image_builder import MANIFEST, Shelf

VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}
REFERENCE = re.compile(r"sha256:[0-9a-f]{64}|[\w][\w.-]{0,127}")


def build_registry(shelf: Shelf, user: str, password: str, *, repository: str) -> Starlette:
    """Return the registry as an application; every call needs the user's password."""
    expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def refusal(request: Request) -> Response | None:
        given = request.headers.get("authorization", "")
        if secrets.compare_digest(given.encode(), expected.encode()):
            return None
        headers = {"WWW-Authenticate": 'Basic realm="Registry Realm"'}
        return _error(401, "UNAUTHORIZED", "authentication required", headers)

    async def base(request: Request) -> Response:
        return refusal(request) or Response("{}", media_type="application/json", headers=VERSION)

    async def tags(request: Request) -> Response:
        if no := refusal(request) or _unknown_name(request, repository):
            return no
        body = json.dumps({"name": repository, "tags": shelf.tags()})
        return Response(body, media_type="application/json", headers=VERSION)

    async def manifest(request: Request) -> Response:
        if no := refusal(request) or _unknown_name(request, repository):
            return no
        reference = str(request.path_params["reference"])
        content = shelf.manifest(reference) if REFERENCE.fullmatch(reference) else None
        if content is None:
            return _error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        headers = {**VERSION, "Docker-Content-Digest": digest, "ETag": f'"{digest}"'}
        return Response(content, media_type=MANIFEST, headers=headers)

    async def blob(request: Request) -> Response:
        if no := refusal(request) or _unknown_name(request, repository):
            return no
        digest = str(request.path_params["digest"])
        content = shelf.blob(digest) if REFERENCE.fullmatch(digest) else None
        if content is None:
            return _error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        headers = {**VERSION, "Docker-Content-Digest": digest}
        return Response(content, media_type="application/octet-stream", headers=headers)

    return Starlette(
        routes=[
            Route("/v2/", base),
            Route("/v2/{name:path}/tags/list", tags),
            Route("/v2/{name:path}/manifests/{reference}", manifest),
            Route("/v2/{name:path}/blobs/{digest}", blob),
        ]
    )


def _unknown_name(request: Request, repository: str) -> Response | None:
    if request.path_params["name"] == repository:
        return None
    return _error(404, "NAME_UNKNOWN", "repository name not known to registry")


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps({"errors": [{"code": code, "message": message, "detail": None}]})
    return Response(body, status, {**VERSION, **(headers or {})}, "application/json")
