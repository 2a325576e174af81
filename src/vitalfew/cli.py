"""The commands, nothing else. Heavy imports wait for the command that needs them, so that `--help` answers at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from vitalfew.edits import Edit

app = typer.Typer(
    name="vitalfew",
    help="Of everything your customers tell you, the few things to do.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="the workspace: the folder of company.toml")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="no progress, only the result")]


def main() -> None:
    """Run a command and leave with its code: 0 done, 1 a run failed, 2 settings or input refused."""
    from vitalfew.faults import Refused, RunFailed

    try:
        app()
    except Refused as refused:
        for fault in refused.faults:
            typer.echo(str(fault), err=True)
        count = len(refused.faults)
        typer.echo(f"{count} fault{'s' if count != 1 else ''}; nothing was changed.", err=True)
        sys.exit(2)
    except RunFailed as failed:
        typer.echo(f"{failed}", err=True)
        typer.echo("The last good run, if there is one, is untouched.", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _version(wanted: bool) -> None:
    if wanted:
        from vitalfew import __version__

        typer.echo(f"vitalfew {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="say the version and leave")] = False,
) -> None:
    """Of everything your customers tell you, the few things to do."""


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="where to write it")] = Path("demo-company"),
    seed: Annotated[int, typer.Option(help="another seed, another world")] = 1,
    size: Annotated[
        Literal["small", "medium", "large"], typer.Option(help="how many customers: 2,400, 50,000 or 1,000,000")
    ] = "small",
    no_serve: Annotated[bool, typer.Option("--no-serve", help="do not start the application on it")] = False,
    port: Annotated[int, typer.Option(help="port of the application", min=0, max=65535)] = 8642,
    quiet: Quiet = False,
) -> None:
    """Write the demo company, run the chain and start the application."""
    from vitalfew import demo as generator
    from vitalfew.faults import Fault, Refused

    if folder.exists() and any(folder.iterdir()) and not (folder / "truth.json").exists():
        raise Refused([Fault(str(folder), 1, "this folder has other files in it", "name an empty or a new folder")])
    with _progress(quiet) as report:
        report("writing the demo company's exports", 0, 1)
        generator.write(folder, seed=seed, size=size)
    _run(folder, None, quiet)
    if not no_serve:
        # A new process in place of this one: the engines that drew the charts and read the data keep threads, which do not
        # survive the fork by which the server makes its workers.
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, "-m", "vitalfew", "serve", str(folder), "--port", str(port)])  # noqa: S606 - our own


@app.command()
def check(folder: Folder) -> None:
    """Check settings and sources and list every fault; exit 2 if any."""
    from vitalfew.company import load
    from vitalfew.listen.stage import faults_of

    loaded = load(folder, faults_of, _edits(folder))
    company = loaded.company
    edited = len(loaded.edits)
    on_top = f" {edited} {'entries' if edited != 1 else 'entry'} as edited in the application." if edited else ""
    typer.echo(
        f"{folder / 'company.toml'}: no faults in {len(company.source)} sources, {len(company.questions)} questions, "
        f"{len(company.group)} groups, {len(company.promise)} promises, {len(company.initiative)} initiatives.{on_top}"
    )


@app.command()
def run(
    folder: Folder,
    engine: Annotated[Literal["duckdb", "spark"], typer.Option(help="where the heavy work is done")] = "duckdb",
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day the strategy is made for")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="read databases and web addresses anew from their beginning, not only what is new")
    ] = False,
    quiet: Quiet = False,
    progress: Annotated[Literal["text", "json"], typer.Option(help="how progress is told: to people, or to a program")] = "text",
) -> None:
    """Run the chain: listen, understand, focus, act, prove."""
    day = as_of.date() if as_of else None
    if progress == "json":
        _run_for_a_program(folder, day, full, engine)
    else:
        _run(folder, day, quiet, full, engine)


def _run_for_a_program(folder: Path, as_of: date | None, full: bool, engine: str) -> None:
    from vitalfew import telling

    telling.leave_with_parent()
    from vitalfew import pipeline
    from vitalfew.company import load
    from vitalfew.listen.stage import faults_of
    from vitalfew.runs import Workspace

    with telling.endings():
        before = Workspace(folder).current()
        finished = pipeline.run(load(folder, faults_of, _edits(folder)), folder, as_of, telling.progress, full, engine)
        telling.tell("done", run=finished.id, same=before is not None and before.id == finished.id)


def _edits(folder: Path) -> Sequence[Edit]:
    """What people wrote in the application, where this workspace has one."""
    if not (folder / ".vitalfew" / "vitalfew.db").exists() and not (
        os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE")
    ):
        return ()
    from vitalfew.web.authoring.overlay import edits_of

    return edits_of(folder)


def _run(folder: Path, as_of: date | None, quiet: bool, full: bool = False, engine_name: str = "duckdb") -> None:
    from vitalfew import deliveries, pipeline
    from vitalfew.company import load
    from vitalfew.documents.summary import ten_lines
    from vitalfew.engine import DuckEngine, Tables
    from vitalfew.listen.stage import faults_of

    loaded = load(folder, faults_of, _edits(folder))
    with _progress(quiet) as report:
        finished = pipeline.run(loaded, folder, as_of, report, full, engine_name)
    if not quiet:
        for line in deliveries.told(finished, folder):
            typer.echo(line, err=True)
    engine = DuckEngine()
    try:
        for line in ten_lines(Tables(engine, finished.paths()), loaded.company, folder):
            typer.echo(line)
    finally:
        engine.close()


@app.command()
def serve(
    folder: Folder,
    port: Annotated[int, typer.Option(help="port to listen on", min=0, max=65535)] = 8642,
    host: Annotated[str, typer.Option(help="address to listen on; only this machine unless changed")] = "127.0.0.1",
    workers: Annotated[int, typer.Option(help="processes that answer", min=1, max=64)] = 2,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="do not do runs in the background; `vitalfew work` does them")
    ] = False,
) -> None:
    """Start the application on this workspace."""
    _serve(folder, host, port, workers, with_worker=not no_worker)


def _serve(folder: Path, host: str, port: int, workers: int, with_worker: bool = True) -> None:
    """Start the application and print the ways in; on a terminal the demo company's is opened."""
    from vitalfew.web import serving

    company = serving.prepare(folder)
    port = serving.free_port(port)
    lines = serving.ways_in(company, host, port)
    link = lines[-1].rpartition(" ")[2] if company.is_demo else ""

    def ready() -> None:
        for line in lines:
            typer.echo(line)
        sys.stdout.flush()
        if link and sys.stdout.isatty():
            typer.launch(link)

    serving.serve(host, port, workers, serving.Helper(folder) if with_worker else None, ready)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="the folder that holds your exports, or whose folder exports does")],
    force: Annotated[bool, typer.Option("--force", help="keep the company.toml there is as company.toml.before-N")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print what would be written, and write nothing")] = False,
    quiet: Quiet = False,
) -> None:
    """Propose company.toml from the exports in DIR; ask where unsure."""
    from vitalfew.faults import Fault, Refused
    from vitalfew.listen.proposing import propose
    from vitalfew.listen.proposing.telling import summary, write

    target = folder / "company.toml"
    if target.exists() and not (force or dry_run):
        mend = "correct that one, or keep it as company.toml.before-1 with --force"
        raise Refused([Fault(str(target), 1, "there is a company.toml already", mend)])
    with _progress(quiet) as report:
        proposed = propose(folder, report)
    if dry_run:
        typer.echo(proposed.text, nl=False)
        return
    kept = write(target, proposed.text)
    for line in summary(proposed, folder, kept):
        typer.echo(line)


@app.command()
def password(
    folder: Folder,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="whose password is forgotten")],
    port: Annotated[int, typer.Option(help="port of the application", min=1, max=65535)] = 8642,
    host: Annotated[str, typer.Option(help="host people reach the application by")] = "127.0.0.1",
) -> None:
    """Print a link with which somebody chooses a new password, where no e-mail is sent."""
    from vitalfew.web import serving

    serving.prepare(folder)
    typer.echo(serving.password_link(email, host, port))


@app.command()
def work(folder: Folder) -> None:
    """Do the runs people and schedules ask for, until stopped; any number of these may share one database."""
    from vitalfew.web import serving

    serving.prepare(folder)
    from vitalfew.web.runs import worker

    worker.main()


@app.command()
def backup(
    folder: Folder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="where to write it, e.g. acme-2026-06-30.tar.gz")],
    with_sources: Annotated[bool, typer.Option("--with-sources", help="the exports as well")] = False,
) -> None:
    """Write the database, the settings and the current run into one file."""
    from vitalfew.web.ops.backup import backup as write

    manifest = write(folder, file, with_sources=with_sources)
    typer.echo(f"{file}: {len(manifest['files'])} files, {file.stat().st_size:,} bytes, database {manifest['database']}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a file written by `vitalfew backup`")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="an empty or a new folder")],
) -> None:
    """Bring a backup back into an empty folder; the database of DATABASE_URL, if it is set, must be empty too."""
    from vitalfew.web import serving
    from vitalfew.web.ops.backup import moved
    from vitalfew.web.ops.backup import restore as bring_back

    manifest = bring_back(file, folder)
    if manifest["database"] != "none":
        serving.set_up(folder)
        moved(manifest, folder)
    typer.echo(f"{folder}: {len(manifest['files'])} files of {manifest['made_at']} (vitalfew {manifest['version']})")


@app.command()
def upgrade(folder: Folder) -> None:
    """Bring the application's database up to this version, after a backup."""
    from vitalfew.web import serving

    serving.set_up(folder)
    from vitalfew.web.ops.database import bring_up_to_date, state

    before = state()
    kept = bring_up_to_date(folder)
    if before == "current":
        typer.echo("The database is up to date.")
    else:
        typer.echo(f"The database is up to date now.{f' Backup: {kept}' if kept else ''}")


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Say on stderr what is being done: a bar on a terminal, a line each otherwise, nothing when quiet."""
    if quiet:
        yield lambda text, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        last: list[str] = []

        def say(text: str, done: int, total: int) -> None:
            if last != [text]:
                last[:] = [text]
                console.print(f"[{done}/{total}] {text}", markup=False, highlight=False)

        yield say
        return
    with Progress(
        SpinnerColumn(), BarColumn(bar_width=24), TimeElapsedColumn(), TextColumn("{task.description}"), console=console
    ) as bar:
        task = bar.add_task("", total=1)
        yield lambda text, done, total: bar.update(task, description=text, completed=done, total=total)


@app.command()
def table(
    folder: Folder,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="table; without it, all are listed")] = None,
    form: Annotated[Literal["text", "csv", "json", "parquet"], typer.Option("--format", help="how to print it")] = "text",
    rows: Annotated[int, typer.Option(help="rows to print as text; 0 for all")] = 40,
) -> None:
    """Print a table of the current run, or list them."""
    from vitalfew import printing
    from vitalfew.runs import Workspace

    current = Workspace(folder).need_current()
    if name is None:
        printing.listing(current.paths())
    else:
        printing.table(current.paths(), name, form, rows)


@app.command()
def why(
    folder: Folder,
    claim: Annotated[
        str, typer.Argument(metavar="ID", help="a claim, e.g. initiative:parcel-tracking or issue:logistics/late-delivery")
    ],
) -> None:
    """Walk a claim down to the records it rests on."""
    from vitalfew.company import load
    from vitalfew.documents.why import walk
    from vitalfew.engine import DuckEngine, Tables
    from vitalfew.faults import Fault, Refused
    from vitalfew.runs import Workspace

    current = Workspace(folder).need_current()
    engine = DuckEngine()
    try:
        for line in walk(Tables(engine, current.paths()), claim, load(folder, edits=_edits(folder)).company):
            typer.echo(line)
    except LookupError as error:
        raise Refused(
            [Fault(str(folder), 1, str(error.args[0]), f"`vitalfew table {folder} evidence` lists every claim")]
        ) from None
    finally:
        engine.close()


@app.command()
def who(
    folder: Folder,
    email: Annotated[str | None, typer.Option(help="e-mail address")] = None,
    phone: Annotated[str | None, typer.Option(help="phone number; without a country code, of the company's country")] = None,
    name: Annotated[str | None, typer.Option(help="name, in any order")] = None,
    handle: Annotated[str | None, typer.Option(help="user name")] = None,
    born: Annotated[str | None, typer.Option(help="day of birth, as in the sources, e.g. 1980-05-02")] = None,
    street: Annotated[str | None, typer.Option(help="street and house number")] = None,
    city: Annotated[str | None, typer.Option(help="city")] = None,
    postcode: Annotated[str | None, typer.Option(help="postcode")] = None,
    national_id: Annotated[str | None, typer.Option(help="national id")] = None,
    company: Annotated[str | None, typer.Option(help="name of the company they call from")] = None,
    key: Annotated[str | None, typer.Option(metavar="SOURCE#KEY", help="a record of theirs, or the id of a person")] = None,
    remember: Annotated[
        str | None, typer.Option(metavar="SOURCE#KEY", help="remember this as a new record of theirs, until an export brings it")
    ] = None,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="how to print the answer")] = "text",
    quiet: Quiet = False,
) -> None:
    """Say who a customer is at the moment of touch, with the evidence and their history in five lines."""
    import json

    from vitalfew import who as people
    from vitalfew.who.deciding import joined

    given = {
        "email": email,
        "phone": phone,
        "name": name,
        "handle": handle,
        "born": born,
        "street": street,
        "city": city,
        "postcode": postcode,
        "national_id": national_id,
        "company": company,
    }

    def report(text: str) -> None:
        if not quiet:
            typer.echo(text, err=True)

    directory = people.Directory(folder, report)
    answer = directory.register(remember, **given) if remember else directory.identify(key=key, **given)
    if form == "json":
        typer.echo(json.dumps(answer.told(), ensure_ascii=False, indent=1))
        return
    for line in answer.lines():
        typer.echo(line)
    if remember:
        typer.echo(f"Remembered: {remember} is {joined(answer) or 'a new person'}")
