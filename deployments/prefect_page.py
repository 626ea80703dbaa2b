"""Writes docs/prefect.md: what `prefect deploy` and `save_blocks` put into Prefect, from prefect.yaml and the classes.

`python -m deployments.prefect_page` writes the page; with `--check` it only says whether the page is up to date.
"""

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml
from prefect import Flow
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from blocks.company_block import CompanyBlock
from blocks.vendor_block import VendorBlock
from deployments import save_blocks
from deployments.generated_page import write_or_check
from deployments.settings_page import default_of, model_of, type_of
from policy.form import Form
from policy.page import as_cell

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "prefect.md"
OFFERED = ROOT / "prefect.yaml"
HEAD = """# Deployments and blocks

This page is written by `python -m deployments.prefect_page`; a test fails when it is out of date.
`prefect --no-prompt deploy --all` writes the deployments, as [prefect.yaml](../prefect.yaml) has them.
`python -m deployments.save_blocks` writes the blocks, from the [settings](settings.md).
Nobody edits either of them in Prefect: the next command takes it back.
"""
FORMS = """
## Forms

What a deployment asks for under `request`, in the UI or as `--param request='{…}'`.
"""
BLOCKS = """
## Blocks

Each is saved under the name of the environment; staging's have `-staging` behind it.
No block holds a secret: where one is needed, the block has its name.
Durations are seconds.
"""


def render() -> str:
    """Return the page."""
    offered: list[dict[str, Any]] = yaml.safe_load(OFFERED.read_text(encoding="utf-8"))["deployments"]
    forms: dict[type[BaseModel], None] = {}
    deployments = "".join(part for one in offered for part in _deployment(one, forms))
    blocks = (_section(kind.__name__, _summary(kind), _own_fields(kind), more=_slug(kind)) for kind in _kinds())
    asked = (_section(form.__name__, _summary(form), *_fields_of_form(form, forms)) for form in forms)
    return "".join((HEAD, "\n## Deployments\n", deployments, FORMS, *asked, BLOCKS, *blocks))


def _deployment(offered: Mapping[str, Any], forms: dict[type[BaseModel], None]) -> Iterator[str]:
    module, _, function = str(offered["entrypoint"]).rpartition(".")
    flow: Flow[Any, Any] = getattr(import_module(module), function)
    yield f"\n### {flow.name}/{offered['name']}\n\n{' '.join(str(offered['description']).split())}\n\n"
    yield f"- flow: [`{offered['entrypoint']}`](../{module.replace('.', '/')}.py)\n"
    hints = get_type_hints(flow.fn)
    for name, parameter in inspect.signature(flow.fn).parameters.items():
        given = offered.get("parameters", {}).get(name, parameter.default)
        if (form := model_of(hints[name])) is not None:
            forms[form] = None
            may = ", may be left out" if given is None else ""
            yield f"- `{name}`: the form [{form.__name__}](#{form.__name__.lower()}){may}\n"
        else:
            otherwise = "required" if given is parameter.empty else f"`{given}` unless given"
            yield f"- `{name}`: {_say_type(hints[name])}, {otherwise}\n"
    yield f"- tags: {', '.join(f'`{tag}`' for tag in offered['tags'])}\n"
    for schedule in offered.get("schedules", ()):
        yield f"- schedule: {_say_schedule(schedule)}\n"


def _say_schedule(schedule: Mapping[str, Any]) -> str:
    if "cron" in schedule:
        return f"`{schedule['cron']}`, in {schedule['timezone']}; put your own zone there"
    state = "on" if schedule["active"] else "off until a release switches it on"
    return f"every {schedule['interval']} s, {state}"


def _kinds() -> Iterator[type[CompanyBlock]]:
    """Every kind of block that the settings can make, by name."""
    found = {one for one in vars(save_blocks).values() if isinstance(one, type) and issubclass(one, CompanyBlock)}
    return iter(sorted(found - {VendorBlock}, key=lambda kind: kind.__name__))


def _own_fields(kind: type[CompanyBlock]) -> dict[str, FieldInfo]:
    return {name: field for name, field in kind.model_fields.items() if name in kind.__pydantic_fields__}


def _fields_of_form(form: type[BaseModel], forms: Iterable[type[BaseModel]]) -> tuple[dict[str, FieldInfo], str]:
    """Only what it has beyond the form that it is made from, or says otherwise, as the UI asks for it."""
    base = next((one for one in forms if one is not form and issubclass(form, one)), None)
    known: Mapping[str, FieldInfo] = base.model_fields if base is not None else {}
    names = form.list_fields() if issubclass(form, Form) else list(form.model_fields)
    added = {
        name: field
        for name, field in ((name, form.model_fields[name]) for name in names)
        if name not in known or field.description != known[name].description
    }
    return added, f"All of [{base.__name__}](#{base.__name__.lower()}), and:\n\n" if base is not None else ""


def _say_type(annotation: Any) -> str:
    """Name the choices of a list to choose from."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{choice.value}`" for choice in annotation)
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    return type_of(annotation)


def _section(title: str, summary: str, fields: Mapping[str, FieldInfo], more: str = "") -> str:
    rows = (
        f"| `{name}` | {_say_type(field.annotation)} | {default_of(field)} | {as_cell(field.description or '')} |\n"
        for name, field in fields.items()
    )
    table = "".join(("| field | type | default | meaning |\n|---|---|---|---|\n", *rows))
    return f"\n### {title}\n\n{summary}\n\n{more}{table}"


def _summary(kind: type[BaseModel]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _slug(kind: type[CompanyBlock]) -> str:
    file = (kind.__module__).replace(".", "/")
    place = f"../{file}.py" if (ROOT / f"{file}.py").exists() else f"../{file}/__init__.py"
    return f"`{kind.get_block_type_slug()}`, in [{kind.__module__}]({place})\n\n"


def main(words: list[str]) -> int:
    """Write the page, or say whether it is up to date."""
    return write_or_check(PAGE, render(), words, module="prefect_page")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
