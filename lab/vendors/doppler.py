"""A stand-in for Doppler: one config with its secrets.

Follows Doppler's API description (core v4). It describes neither refusals nor limits, so those here have a status and
no body: a client must not rely on one.
"""

from collections.abc import Mapping

from lab.vendors.core import Answer, Call, Operation, RefusalError, Vendor

_AT = "/v3/configs/config"


class Doppler(Vendor):
    """One project with one config."""

    def __init__(self, token: str, *, project: str, config: str, secrets: Mapping[str, str]) -> None:
        self.project, self.config = project, config
        self.secrets = dict(secrets)
        super().__init__(token)

    def operations(self) -> tuple[Operation, ...]:
        """What a release asks."""
        return (
            Operation("GET", f"{_AT}/secrets/names", self._list_names),
            Operation("GET", f"{_AT}/secret", self._get),
        )

    def check_caller(self, call: Call) -> None:
        """Refuse an unknown token, one without access, and a config that is not there."""
        if call.headers.get("authorization") != f"Bearer {self.token}":
            raise RefusalError(Answer(401))
        if not self.allowed:
            raise RefusalError(Answer(403))
        if (call.query.get("project"), call.query.get("config")) != (self.project, self.config):
            raise RefusalError(Answer(404))

    def unknown(self, call: Call) -> Answer:
        """An unknown path."""
        del call
        return Answer(404)

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """No operation here takes a body."""
        del call, names
        return Answer(400)

    def limited(self, seconds: float) -> Answer:
        """Too many calls."""
        return Answer(429, headers={"Retry-After": f"{seconds:.0f}"} if seconds else {})

    def _list_names(self, call: Call) -> Answer:
        del call
        return Answer(body={"names": list(self.secrets)})

    def _get(self, call: Call) -> Answer:
        name = call.query.get("name", "")
        if name not in self.secrets:
            raise RefusalError(Answer(404))
        value = self.secrets[name]
        kept = {"raw": value, "computed": value, "note": ""}
        return Answer(body={"name": name, "value": kept})
