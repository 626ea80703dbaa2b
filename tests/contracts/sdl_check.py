"""Whether one exchange is as a GraphQL schema says: the question, its variables, and the data that came back."""

import json
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, execute_sync, parse, validate
from graphql.execution.values import get_variable_values

from tests.contracts.descriptions import read_schema
from tests.contracts.exchange import Exchange
from tests.contracts.openapi_check import Finding


@dataclass(frozen=True)
class SdlDescription:
    """A GraphQL schema."""

    file: str

    def check(self, exchange: Exchange) -> Finding:
        """The exchange held against the schema."""
        schema = read_schema(self.file)
        asked = json.loads(exchange.body)
        document = parse(asked["query"])
        [operation] = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
        variables: dict[str, Any] = asked.get("variables") or {}
        named = operation.name.value if operation.name else "?"
        spoken = f"{operation.operation.value} {named}: {exchange.status}"
        wrong = [f"{spoken}: request: {error.message}" for error in validate(schema, document)]
        coerced = get_variable_values(schema, operation.variable_definitions or (), variables)
        if isinstance(coerced, list):
            wrong += [f"{spoken}: request: {error.message}" for error in coerced]
        answer = json.loads(exchange.answer) if exchange.answer else {}
        if answer.get("data") is None:
            return Finding(spoken, tuple(wrong), (f"`{spoken}`: the body of an error is not described",))
        wrong += [f"{spoken}: answer: {text}" for text in _answered(schema, document, answer["data"], variables)]
        return Finding(spoken, tuple(wrong), ())


def _answered(schema: GraphQLSchema, document: Any, data: Any, variables: dict[str, Any]) -> list[str]:
    """What is wrong with the data: answered again from itself by the schema, it must come out the same."""
    again = execute_sync(schema, document, root_value=data, variable_values=variables)
    errors: list[GraphQLError] = again.errors or []
    if errors:
        return [error.message for error in errors]
    return [] if again.data == data else [f"{data} is not what the question asks for, which would be {again.data}"]
