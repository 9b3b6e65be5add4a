"""Converting logs into a directory: a canonical Parquet file each, and of those that are as they were nothing again.

Formats that tell repeats tell them among all their files: these become one Parquet file together.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aggcost import activity
from aggcost.engine import Engine
from aggcost.errors import InputError, Issue, UsageError
from aggcost.importers import census, manifest, reading, sources
from aggcost.importers.loading import Opened
from aggcost.importers.manifest import Manifest, Output, Source
from aggcost.importers.parts import InputFile, ReadOptions

TOGETHER = "together.parquet"
_NAME_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of the logs: how many were converted and skipped, the rows written, and what is to be said."""

    converted: int
    skipped: int
    rows: int
    issues: tuple[Issue, ...]


def convert_into(engine: Engine, logs: Sequence[str], options: ReadOptions, folder: Path, version: str) -> Converted:
    """Write each log into a directory as canonical Parquet; a log, options and version that are as before are skipped.

    UsageError for what is no file, and for logs inside the directory.
    """
    reading.check(options)
    paths = _files(logs, folder)
    folder.mkdir(parents=True, exist_ok=True)
    names = {path: _name(path) for path in paths}
    engine.confine([*map(Path, paths), *(reading.unfinished(folder / name) for name in (*names.values(), TOGETHER))])
    run = _Run(engine, replace(options, request_ids=True, writes=()), version, manifest.load(folder))
    activity.planned(len(paths), sum(Path(path).stat().st_size for path in paths))
    for path in paths:
        run.take(path, names[path])
    run.finish(names)
    if not run.manifest.complete:
        run.manifest.saved(complete=True)
    return Converted(run.converted, len(paths) - run.converted, run.rows, _merged(run.issues))


class _Run:
    """One conversion: what it has done so far, and the logs that wait to be read together."""

    def __init__(self, engine: Engine, options: ReadOptions, version: str, before: Manifest) -> None:
        self._engine, self._options, self._version = engine, options, version
        self._digest = _digest(options)
        self.manifest = before
        self.converted = self.rows = 0
        self.issues: list[Issue] = []
        self._waiting: dict[str, tuple[Source, Opened | None]] = {}
        self._alone: set[str] = set()

    def take(self, path: str, name: str) -> None:
        """Convert a log that is read alone, unless that is done; others wait."""
        with activity.reading(path, Path(path).stat().st_size):
            source = _source(path)
        if self.manifest.holds(self._wanted(name, [source])):
            self._alone.add(source.path)
            self._skip(source)
        elif self._is_together(source):
            self._waiting[path] = source, None
        else:
            self._open(path, name, source)

    def _open(self, path: str, name: str, source: Source) -> None:
        opened = reading.opened(self._engine, path, None, self._options)
        if self._options.dedupe or _tells_repeats(opened):
            self._waiting[path] = source, opened
            return
        self._alone.add(source.path)
        with activity.share(1, source.bytes):
            self._write(self._wanted(name, [source]), [opened])

    def finish(self, names: Mapping[str, str]) -> None:
        """Convert the logs that waited, unless they are all as they were and none has left them."""
        before = self.manifest.outputs.get(TOGETHER)
        known = {source.path for source in before.sources} if before else set()
        if not known & self._alone and all(opened is None for _, opened in self._waiting.values()):
            for source, _ in self._waiting.values():
                self._skip(source)
            return
        here = {source.path for source, _ in self._waiting.values()}
        _refuse_missing(self.manifest.folder, known - here - self._alone)
        for path in self._waiting:
            self._drop(names[path])
        self._drop(TOGETHER)
        if self._waiting:
            self._write_together()

    def _write_together(self) -> None:
        listed = [
            opened or reading.opened(self._engine, path, None, self._options)
            for path, (_, opened) in self._waiting.items()
        ]
        found = [source for source, _ in self._waiting.values()]
        with activity.share(len(found), sum(source.bytes for source in found)):
            self._write(self._wanted(TOGETHER, found), listed)

    def _write(self, wanted: Output, listed: Sequence[Opened]) -> None:
        path, stem = self.manifest.folder / wanted.name, f"log{self.converted}_"
        usage = reading.read_opened(self._engine, listed, self._options, stem)
        _refuse_changed(wanted, usage.inputs)
        self.manifest = self.manifest.saved()  # not complete, before anything of it changes
        rows = reading.write_canonical(self._engine, usage, path)
        self.manifest = self.manifest.saved(add=replace(wanted, rows=rows, bytes=path.stat().st_size))
        self.converted += len(listed)
        self.rows += rows
        self.issues.extend(usage.issues)
        _clear(self._engine.folder, stem, listed)

    def _drop(self, name: str) -> None:
        """Forget an output before its logs are written elsewhere: none may count twice."""
        if name in self.manifest.outputs:
            self.manifest = self.manifest.saved(drop=name)
            (self.manifest.folder / name).unlink(missing_ok=True)

    def _skip(self, source: Source) -> None:
        with activity.share(1, source.bytes):
            pass

    def _wanted(self, name: str, found: Sequence[Source]) -> Output:
        return Output(name, tuple(found), self._digest, self._version, rows=0, bytes=0)

    def _is_together(self, source: Source) -> bool:
        known = self.manifest.outputs.get(TOGETHER)
        return (
            known is not None and source in known.sources and self.manifest.holds(self._wanted(TOGETHER, known.sources))
        )


def _files(logs: Sequence[str], folder: Path) -> list[str]:
    """Return the files that logs name, each once."""
    found = {str(Path(source).resolve()): source for source in map(_file, sources.find(logs))}
    inside = [source for path, source in found.items() if Path(path).is_relative_to(folder.resolve())]
    if inside:
        raise UsageError(f"{inside[0]} is in {folder}, where the converted logs go", hint="name another directory")
    return list(found.values())


def _file(source: str) -> str:
    if source == "-" or sources.database(source) is not None:
        raise UsageError(f"{sources.shown(source)}: only files are converted into a directory", hint="-o FILE.parquet")
    return source


def _name(path: str) -> str:
    """Return the name of the Parquet file of a log: its own, and a hash of where it is."""
    plain = re.sub(r"[^\w.-]", "_", Path(path).name, flags=re.ASCII)[:_NAME_CHARACTERS].lstrip("._")
    place = hashlib.sha256(os.fsencode(Path(path).resolve())).hexdigest()
    return f"{plain}-{place[:8]}.parquet"


def _source(path: str) -> Source:
    whole = Path(path).resolve()
    try:
        return Source(str(whole), whole.stat().st_size, census.sha256(whole))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error


def _digest(options: ReadOptions) -> str:
    """Return a hash of all options that decide what is read."""
    told = replace(
        options,
        mapping=dict(sorted(options.mapping.items())),
        assume=dict(sorted(options.assume.items())),
        tasks=(),
        writes=(),
    )
    tasks = [(name, condition.text) for name, condition in options.tasks]
    return hashlib.sha256(f"{told!r} {tasks!r}".encode()).hexdigest()


def _tells_repeats(opened: Opened) -> bool:
    """Return whether the rows of a file can repeat those of another one."""
    return not opened.canonical and opened.format.LAYOUT is not None and bool(opened.format.LAYOUT.key)


def _refuse_changed(wanted: Output, inputs: Sequence[InputFile]) -> None:
    """Refuse a log that was written to meanwhile: the record would be of another one."""
    for source, one in zip(wanted.sources, inputs, strict=True):
        if source.sha256 != one.sha256:
            raise InputError(f"{one.path}: changed while it was read", hint="convert it once it is written")


def _clear(folder: Path, stem: str, listed: Sequence[Opened]) -> None:
    """Remove the temporary files of logs that are converted."""
    unpacked = [one.file.path for one in listed if one.file.path.is_relative_to(folder)]
    for path in (*folder.glob(f"{stem}*"), *unpacked):
        path.unlink(missing_ok=True)


def _refuse_missing(folder: Path, missing: Collection[str]) -> None:
    if missing:
        raise UsageError(
            f"{folder} holds {len(missing):,} more logs whose repeats are told together with these: {min(missing)}",
            hint="name all logs of the directory, or another directory",
        )


def _merged(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    """Return every kind of issue once."""
    counts = Counter[Issue]()
    for issue in issues:
        counts[replace(issue, count=0)] += issue.count
    return tuple(replace(issue, count=count) for issue, count in counts.items())
