"""Files people sent, until they are sources: kept aside, looked at, and put among the exports once somebody said what they are.

A file waits in `.vitalfew/uploads/TOKEN/files`, where neither a run nor a glob of company.toml finds it; beside it lies what was
proposed (`proposal.json`). It comes into the folder `exports` under a name nothing else there has.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from vitalfew.company import EXPORTS
from vitalfew.listen.files import FORMATS, FileFault, digest, found
from vitalfew.runs import HOME
from vitalfew.settings import Company as Settings
from vitalfew.settings import slug

LARGEST = 100 << 20
"""Bytes of all files of one upload together."""
MOST_FILES, MOST_NAME = 20, 80
KEPT_DAYS = 3
_MOST_TRIED = 1000
FOLDER, PROPOSAL = "uploads", "proposal.json"
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|company)", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Sent(Protocol):
    """A file as a browser sends it."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterable[bytes]:
        """Its bytes, in parts."""
        ...


@dataclass(frozen=True)
class Refusal:
    """A file that was not taken: `code` is type, same, twice, empty; `detail` what it names."""

    name: str
    code: str
    detail: str = ""


@dataclass(frozen=True)
class Upload:
    """Files sent together. `data` is what is known of them: `files`, `refused`, `sources` (as sketched), `left_out`, `kept`.

    Where it is a look at a source that is there, `of` is its key, and there are no files of its own.
    """

    token: str
    folder: Path
    data: dict[str, Any]

    @property
    def files(self) -> Path:
        """The folder of the files."""
        return self.folder / "files"

    @property
    def sources(self) -> list[dict[str, Any]]:
        """The sources proposed."""
        found: list[dict[str, Any]] = self.data.get("sources", [])
        return found

    @property
    def fits(self) -> list[list[dict[str, Any]]]:
        """Of each source proposed: how its files fit the sources there are (`listen.proposing.delivery.Fit`), the likest first."""
        found: list[list[dict[str, Any]]] = self.data.get("fits") or [[] for _each in self.sources]
        return found

    @property
    def kept(self) -> dict[str, str]:
        """Of each source that was kept, by its number: the key of its entry."""
        found: dict[str, str] = self.data.setdefault("kept", {})
        return found

    def relative(self, name: str) -> str:
        """A file's path within the workspace, while it waits."""
        return f"{HOME}/{FOLDER}/{self.token}/files/{name}"

    def write(self) -> None:
        """Keep `data`, whole or not at all."""
        aside = self.folder / f".{PROPOSAL}.{secrets.token_hex(4)}"
        aside.write_text(json.dumps(self.data, ensure_ascii=False), encoding="utf-8")
        aside.replace(self.folder / PROPOSAL)

    def discard(self) -> None:
        """Take it all away."""
        shutil.rmtree(self.folder, ignore_errors=True)


def receive(workspace: Path, files: Sequence[Sent], settings: Settings, who: str) -> Upload:
    """Put files aside. Those of no known ending, empty ones, and those whose content is here already are refused, each with why.

    Raises OSError where the disk is full or not writable; then nothing is left behind.
    """
    sweep(workspace)
    token = secrets.token_urlsafe(16)
    folder = workspace / HOME / FOLDER / token
    (folder / "files").mkdir(parents=True)
    upload = Upload(token, folder, {"files": [], "refused": [], "who": who, "at": int(time.time())})
    sizes = _sizes(workspace, settings)
    digests: dict[str, str] = {}
    try:
        for sent in files:
            refusal = _take(upload, sent, workspace, sizes, digests)
            if refusal is not None:
                upload.data["refused"].append([refusal.name, refusal.code, refusal.detail])
        upload.write()
    except BaseException:
        upload.discard()
        raise
    return upload


def _take(
    upload: Upload, sent: Sent, workspace: Path, sizes: Mapping[int, Sequence[tuple[str, str]]], digests: dict[str, str]
) -> Refusal | None:
    given = str(sent.name or "")
    shown = given[:200]
    if not sent.size:
        return Refusal(shown, "empty")
    name = safe_name(given)
    if not name:
        return Refusal(shown, "type")
    name = free_name(name, {each["name"] for each in upload.data["files"]})
    target = upload.files / name
    sha = hashlib.sha256()
    with target.open("xb") as out:
        for chunk in sent.chunks():
            sha.update(chunk)
            out.write(chunk)
    same = sha.hexdigest()
    if same in digests:
        target.unlink()
        return Refusal(shown, "twice", digests[same])
    for path, source in sizes.get(sent.size, ()):
        if digest(workspace / path) == same:
            target.unlink()
            return Refusal(shown, "same", f"{path} ({source})")
    digests[same] = shown
    upload.data["files"].append({"name": name, "given": shown, "size": sent.size, "sha256": same})
    return None


def _sizes(workspace: Path, settings: Settings) -> dict[int, list[tuple[str, str]]]:
    """The files sources read, by size: (path, source)."""
    made: dict[int, list[tuple[str, str]]] = {}
    for source in settings.source:
        for pattern in source.path:
            try:
                files = found(workspace, [pattern])
            except FileFault:
                continue
            for file in files:
                made.setdefault(file.path.stat().st_size, []).append((file.name, source.name))
    return made


def safe_name(given: str) -> str:
    """A file name made of letters, digits and hyphens, with the ending it had; '' when its ending is none that is read.

    >>> safe_name("../../etc/Umfrage März (1).CSV"), safe_name("orders.csv.gz"), safe_name("run.sh")
    ('umfrage-marz-1.csv', 'orders.csv.gz', '')
    """
    last = re.split(r"[/\\]", given)[-1].strip()
    stem, dot, ending = last.rpartition(".")
    packed = ending.casefold() == "gz"
    if packed:
        stem, dot, ending = stem.rpartition(".")
    if not dot or f".{ending.casefold()}" not in FORMATS:
        return ""
    plain = slug(stem)[:MOST_NAME].strip("-") if stem.strip() else "export"
    if _RESERVED.fullmatch(plain):
        plain = f"{plain}-file"
    return f"{plain}.{ending.casefold()}{'.gz' if packed else ''}"


def free_name(name: str, taken: Iterable[str]) -> str:
    """`name`, or with -2 and so on before its ending: the first that is not taken.

    >>> free_name("orders.csv.gz", ["orders.csv.gz"])
    'orders-2.csv.gz'
    """
    known = {each.casefold() for each in taken}
    stem, dot, ending = name.partition(".")
    made, number = name, 2
    while made.casefold() in known:
        made, number = f"{stem}-{number}{dot}{ending}", number + 1
    return made


def opened(workspace: Path, token: str, of: str = "") -> Upload | None:
    """The upload called `token`, or None when there is none (any more); `of` is the source it is a look at, '' for files sent."""
    if not _TOKEN.fullmatch(token):
        return None
    folder = workspace / HOME / FOLDER / token
    try:
        made = Upload(token, folder, json.loads((folder / PROPOSAL).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    return made if made.data.get("of", "") == of else None


def looked_at(workspace: Path, token: str, data: Mapping[str, Any]) -> Upload:
    """Keep what was found of the files of a source that is there (`data["of"]` is its key); they stay where they are, uncopied.

    Raises OSError.
    """
    upload = Upload(token, workspace / HOME / FOLDER / token, {"files": [], "refused": [], "at": int(time.time()), **data})
    upload.folder.mkdir(parents=True, exist_ok=True)
    upload.write()
    return upload


def waiting(workspace: Path) -> list[Upload]:
    """Uploads nobody finished, the latest first."""
    folder = workspace / HOME / FOLDER
    tokens = [each.name for each in folder.iterdir()] if folder.is_dir() else []
    made = [each for token in tokens if (each := opened(workspace, token)) is not None and each.sources]
    return sorted(made, key=lambda each: -each.data["at"])


def sweep(workspace: Path) -> None:
    """Take away uploads nobody came back to."""
    folder = workspace / HOME / FOLDER
    for each in folder.iterdir() if folder.is_dir() else ():
        try:
            old = each.stat().st_mtime < time.time() - KEPT_DAYS * 86_400
        except FileNotFoundError:
            continue
        if old:
            shutil.rmtree(each, ignore_errors=True)


class Swallowed(Exception):
    """A source that is there reads every name the file could get: its pattern is `pattern`, its name `source`."""

    def __init__(self, source: str, pattern: str) -> None:
        super().__init__(f"{source}: {pattern}")
        self.source, self.pattern = source, pattern


def publish(workspace: Path, upload: Upload, names: Sequence[str], settings: Settings) -> list[str]:
    """Bring files of an upload among the exports; returns their paths within the workspace, in the same order.

    Nothing that is there is overwritten; a file there that no source reads and that has the same content is taken as it is. Raises
    Swallowed where a pattern of another source would read them too, and OSError.
    """
    folder = workspace / EXPORTS
    folder.mkdir(exist_ok=True)
    made: list[str] = []
    for name in names:
        place = _beside(workspace, name, settings)
        made.append(_published(upload.files / name, place, workspace))
    return made


def publish_as(workspace: Path, upload: Upload, names: Sequence[str], patterns: Sequence[str], settings: Settings) -> list[str]:
    """Bring files of an upload among the exports under names that one of `patterns` finds; returns their paths, as `publish` does.

    Raises Unplaced where no free name is found that they do, or another source, with another pattern, would read it too; OSError.
    """
    others = settings.model_copy(update={"source": [each for each in settings.source if not set(each.path) & set(patterns)]})
    placed: list[tuple[str, str]] = []
    for name in names:
        for target in (made for pattern in patterns for made in names_found_by(pattern, name)):
            free = not os.path.lexists(workspace / target) or _same(upload.files / name, workspace / target)
            if free and target not in (each for _name, each in placed) and _reader_of(target, others) is None:
                placed.append((name, target))
                break
        else:
            raise Unplaced(name, ", ".join(patterns))
    return [_published(upload.files / name, workspace / target, workspace, exactly=True) for name, target in placed]


class Unplaced(Exception):
    """No free name was found for the file `name` by which a source finds it with its `pattern`."""

    def __init__(self, name: str, pattern: str) -> None:
        super().__init__(f"{name}: {pattern}")
        self.name, self.pattern = name, pattern


def names_found_by(pattern: str, name: str) -> Iterable[str]:
    """Paths of the ending of `name` that `pattern` finds, the likest to it first.

    >>> list(names_found_by("exports/orders_*.csv", "orders-2026-07.csv"))[:2]
    ['exports/orders_2026-07.csv', 'exports/orders_2026-07-2.csv']
    """
    folder, _slash, last = pattern.removeprefix("./").rpartition("/")
    folder = folder.replace("**/", "").removesuffix("/**").replace("*", "uploaded")
    stem, _dot, ending = name.partition(".")
    made = [name]
    if "*" in last:
        before, _star, after = last.partition("*")
        own = stem[len(slug(before)) :].strip("-") if slug(before) and stem.startswith(slug(before)) else stem
        fills = dict.fromkeys(each for each in (own, stem) if each)
        after = after.replace("*", "") if "." in after else f".{ending}"
        made += [f"{before}{fill}{number}{after}" for fill in fills for number in ("", *(f"-{n}" for n in range(2, _MOST_TRIED)))]
    whole = re.compile(_as_expression(pattern))
    for each in made:
        if each.casefold().endswith(f".{ending}") and not each.startswith(".") and whole.fullmatch(f"{folder}/{each}"):
            yield f"{folder}/{each}"


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.stat().st_size == other.stat().st_size and digest(one) == digest(other)


def _beside(workspace: Path, name: str, settings: Settings) -> Path:
    """The folder in which no pattern of a source finds a file called `name`: exports, or one within it."""
    within = f"{EXPORTS}/uploaded"
    if _reader_of(f"{EXPORTS}/{name}", settings) is None:
        return workspace / EXPORTS
    reader = _reader_of(f"{within}/{name}", settings)
    if reader is not None:
        raise Swallowed(*reader)
    return workspace / within


def _reader_of(path: str, settings: Settings) -> tuple[str, str] | None:
    """The source with a pattern that finds `path`, and the pattern. A name without * ? [ is no pattern: it is that one file's."""
    for source in settings.source:
        for pattern in source.path:
            if re.search(r"[*?\[]", pattern) and re.fullmatch(_as_expression(pattern), path):
                return source.name, pattern
    return None


def _as_expression(pattern: str) -> str:
    """A glob as a regular expression: * and ? stay within a folder, ** does not."""
    parts = re.split(r"(\*\*/|\*|\?|\[[^\]]+\])", pattern.removeprefix("./"))
    known = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return "".join(
        known.get(part, part.replace("[!", "[^") if part.startswith("[") and part.endswith("]") else re.escape(part))
        for part in parts
    )


def _published(waiting_file: Path, place: Path, workspace: Path, *, exactly: bool = False) -> str:
    """Copy one file into the folder `place` under a free name, whole or not at all; its path within the workspace.

    `exactly` says that `place` is the whole path, and no other name will do: FileExistsError where it was taken meanwhile.
    """
    folder = place.parent if exactly else place
    folder.mkdir(parents=True, exist_ok=True)
    size, sha = waiting_file.stat().st_size, ""
    aside = folder / f".incoming-{secrets.token_hex(8)}"
    try:
        with waiting_file.open("rb") as source, aside.open("xb") as out:
            _copied(source, out)
        name, number = place.name if exactly else waiting_file.name, 2
        stem, dot, ending = name.partition(".")
        while True:
            target = folder / name
            try:
                os.link(aside, target)
                break
            except FileExistsError:
                sha = sha or digest(waiting_file)
                if target.is_file() and target.stat().st_size == size and digest(target) == sha:
                    break
                if exactly:
                    raise
                name, number = f"{stem}-{number}{dot}{ending}", number + 1
    finally:
        aside.unlink(missing_ok=True)
    return target.relative_to(workspace).as_posix()


def _copied(source: IO[bytes], out: IO[bytes]) -> None:
    shutil.copyfileobj(source, out, 1 << 20)
    out.flush()
    os.fsync(out.fileno())
