"""An OpenAPI 3 description as it is compared: references followed, `allOf` merged, alternatives told apart."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import yaml

from policy.breaks import Unreadable

Node = Mapping[str, Any]

# The key under which a shape remembers which component it is.
COMPONENT = "x-component"
_SCHEMAS = "#/components/schemas/"
_UNIONS = ("oneOf", "anyOf")
_WORDS = ("$ref", "$comment", "title", "summary", "description", "deprecated", "example", "examples", "externalDocs")
ANYTHING: Node = {}
_NOTHING: Node = {"not": {}}
_TYPE_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


@dataclass(slots=True)
class Description:
    """One description, and what was worked out from its nodes so far, each kept beside its node."""

    root: Node
    _merged: dict[int, tuple[Node, Node]] = field(default_factory=dict)
    _shapes: dict[int, tuple[Node, tuple[Node, ...]]] = field(default_factory=dict)
    _beside: dict[int, tuple[Node, Node]] = field(default_factory=dict)

    def follow(self, node: object) -> Node:
        """Return what a node stands for, through any number of references within the description."""
        seen: set[str] = set()
        while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
            reference = node["$ref"]
            if reference in seen:
                raise Unreadable(f"{reference} refers to itself")
            seen.add(reference)
            node = self._find(reference)
        if isinstance(node, bool):
            return ANYTHING if node else _NOTHING
        if not isinstance(node, Mapping):
            raise Unreadable(f"{str(node)[:40]!r} stands where a table is expected")
        return node

    def schema(self, node: object) -> Node:
        """Return what a schema stands for: 3.1 asks for what stands beside a reference too, 3.0 passes it over."""
        seen: set[str] = set()
        while isinstance(node, Mapping) and isinstance(node.get("$ref"), str) and node["$ref"] not in seen:
            asked = {key: value for key, value in node.items() if key not in _WORDS and not key.startswith("x-")}
            if asked and not str(self.root.get("openapi")).startswith("3.0"):
                parts = [*node.get("allOf", ()), {"$ref": node["$ref"]}]
                return self._beside.setdefault(id(node), (node, {**asked, "allOf": parts}))[1]
            seen.add(node["$ref"])
            node = self._find(node["$ref"])
        return self.follow(node)

    def _find(self, reference: str) -> object:
        if not reference.startswith("#/"):
            raise Unreadable(f"{reference} lies outside of the description")
        node: object = self.root
        for part in reference[2:].split("/"):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(node, Mapping) and name in node:
                node = node[name]
            elif isinstance(node, list) and name.isdecimal() and int(name) < len(node):
                node = node[int(name)]
            else:
                raise Unreadable(f"{reference} leads nowhere")
        return node

    def merge(self, schema: object) -> Node:
        """Return the schema with everything that its `allOf` adds; one that adds itself adds nothing."""
        node = self.schema(schema)
        if "allOf" not in node:
            return node
        if id(node) not in self._merged:
            whole: Node = {key: value for key, value in node.items() if key != "allOf"}
            self._merged[id(node)] = (node, whole)
            for part in node["allOf"]:
                whole = _both(whole, self.merge(part))
            self._merged[id(node)] = (node, whole)
        return self._merged[id(node)][1]

    def list_shapes(self, schema: object) -> tuple[Node, ...]:
        """Return the shapes a value may have: one for each alternative of `oneOf` and `anyOf` and for each type."""
        node = self.merge(schema)
        if id(node) not in self._shapes:
            self._shapes[id(node)] = (node, ())
            rest = {key: value for key, value in node.items() if key not in _UNIONS}
            parts = [part for key in _UNIONS for part in node.get(key, ())]
            inner = [_both(rest | _named(part), shape) for part in parts for shape in self.list_shapes(part)] or (
                [] if parts else [node]
            )
            found = [shape for one in inner for shape in _one_type_each(one)]
            self._shapes[id(node)] = (node, tuple(found))
        return self._shapes[id(node)][1]


def read_description(path: str, text: str) -> Description:
    """Return the description in JSON or YAML; Unreadable when it is none of OpenAPI 3."""
    try:
        content = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, Loader=yaml.CSafeLoader)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise Unreadable(f"{path} cannot be read: {type(error).__name__}") from error
    if not isinstance(content, Mapping) or not str(content.get("openapi", "")).startswith("3."):
        raise Unreadable(f"{path} is no OpenAPI 3 description")
    return Description(content)


def component_name(schema: object) -> str | None:
    """Return the name of the component that a schema refers to, also where only words are added to it."""
    if not isinstance(schema, Mapping):
        return None
    reference, parts = schema.get("$ref"), schema.get("allOf", ())
    if len(parts) == 1 and "properties" not in schema:
        return component_name(parts[0])
    return reference.removeprefix(_SCHEMAS) if isinstance(reference, str) and reference.startswith(_SCHEMAS) else None


def _named(schema: object) -> dict[str, str]:
    """Return the mark by which a shape remembers the component it was an alternative as."""
    name = component_name(schema)
    return {COMPONENT: name} if name else {}


def type_of(shape: Node) -> str:
    """Return the one type of a shape, said or implied; `anything` where nothing implies one."""
    if "type" in shape:
        return str(shape["type"])
    values = shape.get("enum", [shape["const"]] if "const" in shape else [])
    implied = {_TYPE_NAMES.get(type(value), "null") for value in values}
    if "properties" in shape or "additionalProperties" in shape:
        implied.add("object")
    if "items" in shape:
        implied.add("array")
    return implied.pop() if len(implied) == 1 else "anything"


def _both(one: Node, other: Node) -> Node:
    """Return a schema that asks for what both ask; where both name a property it must be as both say."""
    merged = {**one, **other}
    if "required" in one and "required" in other:
        merged["required"] = [*one["required"], *other["required"]]
    if "properties" in one and "properties" in other:
        shared = {
            name: {"allOf": [one["properties"][name], schema]}
            for name, schema in other["properties"].items()
            if name in one["properties"]
        }
        merged["properties"] = {**one["properties"], **other["properties"], **shared}
    for union in _UNIONS:
        if union in one and union in other:
            raise Unreadable(f"two {union} in one allOf are not compared")
    return merged


def _one_type_each(node: Node) -> Iterator[Node]:
    """Give the shape once for each type that it may have, `null` as a shape of its own."""
    said = node.get("type")
    types = said if isinstance(said, list) else [said]
    rest = {key: value for key, value in node.items() if key not in ("type", "nullable")}
    for one in types:
        if one == "null":
            continue
        yield {**rest, "type": one} if one is not None else rest
    if "null" in types or node.get("nullable") is True:
        yield {"type": "null"}
