"""Writes docs/settings.md from the model that reads the settings file.

`python -m deployments.settings_page` writes the page; with `--check` it only says whether the page is up to date.
"""

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, PlainSerializer
from pydantic.fields import FieldInfo

from deployments.generated_page import write_or_check
from deployments.settings import VARIABLE, Settings
from policy.windows import Calendar

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "settings.md"
HEAD = f"""# Settings

This page is written by `python -m deployments.settings_page`; a test fails when it is out of date.

One TOML file describes one environment.
`{VARIABLE}` names it; without the variable it is `countersign.toml` in the current folder.
An unknown key, a missing one and a value of the wrong type are refused, and the field is named.
Where a key asks for a secret, the file holds the secret's *name*: letters, digits and underscores.
Anything else there, and what looks like a token, is refused and not repeated.
The value is read on the worker: from an environment variable of that name, or from a file of that name and mode 0600
in the folder that `secrets` names.
Paths are absolute; an address begins with `http://` or `https://` and holds no user and no password.
A name, login, mail address and Slack id belongs to one person; two servers may share a host, but neither a name nor a
health address, nor host, folder and service together.
A section that may be left out and is left out is a system that the company does not have.
Durations are seconds, or text such as `PT10M`.
"""


def render() -> str:
    """Return the page; the calendar is read together with zone and country, which stand at the top of the file."""
    return HEAD + "".join((*_tables("", Settings), *_tables("calendar", Calendar, without=("time_zone", "country"))))


def _tables(prefix: str, model: type[BaseModel], *, without: Collection[str] = ()) -> Iterator[str]:
    fields = {name: field for name, field in model.model_fields.items() if name not in without}
    summary = (model.__doc__ or "").strip().splitlines()[0]
    yield f"\n## {f'`[{prefix}]`' if prefix else 'At the top of the file'}\n\n{summary}\n\n"
    yield "| key | type | default | meaning |\n|---|---|---|---|\n"
    for name, field in fields.items():
        cells = (f"`{field.alias or name}`", type_of(field.annotation), default_of(field), field.description or "")
        yield f"| {' | '.join(cells)} |\n"
    for name, field in fields.items():
        if (inner := model_of(field.annotation)) is not None:
            yield from _tables(f"{prefix}.{name}" if prefix else name, inner)


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a type names, within whatever it is wrapped in; None for other types."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := model_of(part)) is not None), None)


def type_of(annotation: Any) -> str:
    """Say a type as the pages do."""
    if (model := model_of(annotation)) is not None:
        return "tables" if get_origin(annotation) is tuple else f"table, {model.__name__}"
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(type_of(part) for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) is Literal:
        return "str"
    if get_origin(annotation) in (tuple, list, frozenset):
        return f"list of {type_of(get_args(annotation)[0])}"
    if get_origin(annotation) is Annotated:
        return type_of(get_args(annotation)[0])
    return getattr(annotation, "__name__", str(annotation)) if get_origin(annotation) is None else "table"


def default_of(field: FieldInfo) -> str:
    """Say what counts where a field is left out."""
    spelled = next((one.func for one in field.metadata if isinstance(one, PlainSerializer)), None)
    if spelled is not None and not field.is_required():
        return f"`{cast('Callable[[Any], str]', spelled)(field.default)}`"
    if field.is_required():
        return "required"
    if model_of(field.annotation) is not None or field.default_factory is not None:
        return "may be left out"
    default = field.default
    if default is None or default in ("", (), {}):
        return "empty"
    seconds = getattr(default, "total_seconds", None)
    if seconds is not None:
        return f"`{seconds():.10g}`"
    if isinstance(default, Mapping):
        words = ", ".join(f"{key} = {value}" for key, value in default.items())
    elif isinstance(default, tuple | frozenset):
        words = ", ".join(map(str, default if isinstance(default, tuple) else sorted(default)))
    else:
        # A page reads the same whichever checkout it was written in.
        words = str(default).removeprefix(f"{ROOT}/")
    return f"`{words}`".replace("|", "\\|")


def main(words: list[str]) -> int:
    """Write the page, or say whether it is up to date."""
    return write_or_check(PAGE, render(), words, module="settings_page")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
