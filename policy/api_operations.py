"""The operations of an OpenAPI description, by what a client knows them by on the wire (1.2.3)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policy.api_description import Description, Node

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
# What begins with $ is an expression, such as the address that a callback is sent to.
_VARIABLE = re.compile(r"\{(?!\$)[^}]*\}")
WEBHOOK = "webhook "


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path, with the parameters of both; path parameters are known by their order."""

    title: str
    node: Node
    parameters: Mapping[tuple[str, str], Node]
    servers: Sequence[Node] | None = None


Operations = Mapping[tuple[str, str], Operation]


def list_callbacks(description: Description, operation: Operation) -> Operations:
    """Return what an operation has its clients called by, under its title and the callback's own name."""
    found: dict[tuple[str, str], Operation] = {}
    for name, callback in operation.node.get("callbacks", {}).items():
        listed = list_operations(description, description.follow(callback), f"{operation.title} callback {name} ")
        found |= {(name + method, path): one for (method, path), one in listed.items()}
    return found


def list_operations(description: Description, items: Node, title: str = "") -> Operations:
    """Return every operation by method and path, the names of path parameters left out."""
    found = {}
    for path, item in items.items():
        if path.startswith("x-") and not title.startswith(WEBHOOK):
            continue
        whole = description.follow(item)
        operations = {method: whole[method] for method in _METHODS if method in whole}
        for method, node in (operations | whole.get("additionalOperations", {})).items():
            parameters = {}
            for one in (*whole.get("parameters", ()), *node.get("parameters", ())):
                parameter = description.follow(one)
                parameters[parameter["in"], _known_as(parameter, path)] = parameter
            servers = node.get("servers") or whole.get("servers")
            known_as = method, _VARIABLE.sub("{}", path)
            found[known_as] = Operation(f"{title}{method.upper()} {path}", node, parameters, servers)
    return found


def _known_as(parameter: Node, path: str) -> str:
    """Return the name on the wire: a path parameter has none, so its place counts."""
    name = str(parameter["name"])
    if parameter["in"] == "path":
        return str([one[1:-1] for one in _VARIABLE.findall(path)].index(name))
    return name.casefold() if parameter["in"] == "header" else name


def list_ways_in(description: Description, operation: Node) -> list[frozenset[str]]:
    """Return what must be shown to get in, one set for each way; an empty set where nothing is asked."""
    ways = operation.get("security", description.root.get("security")) or [{}]
    schemes = description.root.get("components", {}).get("securitySchemes", {})
    found = []
    for way in ways:
        shown = set[str]()
        for name, scopes in way.items():
            scheme = description.follow(schemes[name])
            shown |= {_say_scheme(scheme), *(f"scope {scope}" for scope in scopes)}
        found.append(frozenset(shown))
    return found


def _say_scheme(scheme: Node) -> str:
    """Name what is shown to get in; neither a header nor a scheme of HTTP has a case."""
    kind = {key: str(scheme[key]) for key in ("type", "scheme", "in", "name", "openIdConnectUrl") if key in scheme}
    if kind.get("in") == "header":
        kind["name"] = kind["name"].lower()
    return " ".join(value.lower() if key == "scheme" else value for key, value in kind.items())


def writing_of(parameter: Node) -> Mapping[str, object]:
    """Return how a parameter or a header is written, with what is so where nothing is said (OAS 3.0.3)."""
    style = parameter.get("style") or ("form" if parameter.get("in") in ("query", "cookie") else "simple")
    explode = parameter.get("explode")
    return {"style": style, "explode": style == "form" if explode is None else explode}


def plain_media(media: str) -> str:
    """Return a media type without what changes nothing: its case, and that JSON is UTF-8 (RFC 8259)."""
    kind, *parameters = (part.strip() for part in media.split(";"))
    kind = kind.lower()
    said = [_plain_parameter(one) for one in parameters if one]
    if kind.endswith(("/json", "+json")):
        said = [one for one in said if one != "charset=utf-8"]
    return ";".join((kind, *sorted(said)))


def _plain_parameter(parameter: str) -> str:
    name, _, value = parameter.partition("=")
    name, value = name.strip().lower(), value.strip().strip('"')
    return f"{name}={value.lower() if name == 'charset' else value}"


def base_of(server: Node) -> str:
    """Return the address with the defaults of its variables."""
    base = str(server.get("url"))
    for name, variable in server.get("variables", {}).items():
        base = base.replace(f"{{{name}}}", str(variable.get("default")))
    return base
