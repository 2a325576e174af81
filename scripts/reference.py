"""Write docs/reference from the code: commands, settings, tables. With --check, only say which pages would change."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic_core import PydanticUndefined
from typer.models import ArgumentInfo

from vitalfew import settings
from vitalfew.cli import app
from vitalfew.vocabulary import TABLES

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
NOTE = "<!-- Written by scripts/reference.py from the code: change the code, then run `make docs`. -->\n"
ROOMS = ("listen", "understand", "focus", "act", "prove", "deliveries", "evidence")
# Tables that are written outside of the rooms.
BESIDE = {"deliveries": "Beside the run before", "evidence": "The chain of evidence"}


def commands() -> str:
    """Each command, its arguments and options, as `--help` says them."""
    out = ["# Commands", "", NOTE]
    out += [
        "Exit codes: 0 done; 1 a run failed, the last good run is untouched; 2 settings or input refused, with every fault listed.",
        "",
    ]
    for command in app.registered_commands:
        assert command.callback is not None  # noqa: S101 - for the type checker
        name = command.name or command.callback.__name__
        lines, usage = [], []
        for parameter, hint in get_type_hints(command.callback, include_extras=True).items():
            if parameter == "return":
                continue
            kind, info = get_args(hint)[:2]
            given = inspect.signature(command.callback).parameters[parameter].default
            if isinstance(info, ArgumentInfo):
                label = info.metavar or parameter.upper()
                usage.append(label)
            else:
                # With Annotated, typer takes the first name of an option for its default.
                first = [info.default] if isinstance(info.default, str) else []
                label = ", ".join([*first, *(info.param_decls or ())]) or f"--{parameter.replace('_', '-')}"
            choices = [str(each) for each in get_args(kind) if isinstance(each, str)]
            default = "" if given in (None, False, inspect.Parameter.empty) else f"; default {given}"
            shown = f" ({', '.join(choices)})" if choices else ""
            lines.append(f"| `{label}` | {info.help}{shown}{default} |")
        out += [f"## `vitalfew {name} {' '.join(usage)}`", "", inspect.cleandoc(command.callback.__doc__ or ""), ""]
        out += ["| | |", "|---|---|", *lines, ""]
    return "\n".join(out)


def _kind(annotation: Any) -> str:
    text = str(annotation).replace("typing.", "").replace("vitalfew.settings.", "").replace("datetime.", "")
    if "Rule" in text or "ColumnRule" in text:
        return "table of rules"
    if "Question" in text and "Kind" not in text:
        return "tables of questions"
    for old, new in (
        ("<class '", ""),
        ("'>", ""),
        (" | None", ""),
        ("str", "text"),
        ("float", "number"),
        ("int", "whole number"),
        ("bool", "true or false"),
    ):
        text = text.replace(old, new)
    if text.startswith("Literal") or "Literal[" in text:
        return "one of " + ", ".join(str(each) for each in get_args(annotation))
    return text.replace(" | ", " or ")


def _default(field: Any) -> str:
    if field.is_required():
        return "needed"
    value = field.default if field.default is not PydanticUndefined else None
    return "" if value in (None, "", [], {}) else str(value)


def settings_page() -> str:
    """Each section of company.toml and its keys."""
    out = ["# Settings: company.toml", "", NOTE]
    out += ["Unknown keys are refused. `vitalfew check DIR` lists every fault with its line.", ""]
    classes = [
        each
        for _, each in inspect.getmembers(settings, inspect.isclass)
        if issubclass(each, settings.Section) and each is not settings.Section
    ]
    for each in sorted(classes, key=lambda found: inspect.getsourcelines(found)[1]):
        if each is settings.Company:
            continue
        out += [
            f"## {inspect.cleandoc(each.__doc__ or '').splitlines()[0]}",
            "",
            "| key | kind | meaning | default |",
            "|---|---|---|---|",
        ]
        for name, field in each.model_fields.items():
            out.append(f"| `{name}` | {_kind(field.annotation)} | {field.description or ''} | {_default(field)} |")
        out.append("")
    return "\n".join(out)


def tables() -> str:
    """Each table that passes between rooms."""
    out = ["# Tables", "", NOTE]
    out += [
        "Print any of them with `vitalfew table DIR NAME`.",
        "Shares are fractions 0 to 1; times are UTC; money is in the company's currency.",
        "",
    ]
    for room in ROOMS:
        out += [f"## {BESIDE.get(room, f'Written by {room}')}", ""]
        for table in TABLES.values():
            if table.room != room:
                continue
            read = " A `[[source]]` may fill it." if table.readable else ""
            out += [
                f"### `{table.name}`",
                "",
                f"A row is {table.row}; ordered by {', '.join(table.order)}.{read}",
                "",
                "| column | kind | meaning |",
                "|---|---|---|",
            ]
            out += [
                f"| `{column.name}` | {column.kind}{f', {column.unit}' if column.unit else ''} | {column.meaning} |"
                for column in table.columns
            ]
            out.append("")
    return "\n".join(out)


def main() -> int:
    """Write the pages, or check them; 1 when --check finds one that would change."""
    pages = {"commands.md": commands(), "settings.md": settings_page(), "tables.md": tables()}
    stale = [
        name for name, text in pages.items() if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        for name in stale:
            print(f"docs/reference/{name} is not what the code would write; run `make docs`")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (FOLDER / name).write_text(pages[name], encoding="utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
