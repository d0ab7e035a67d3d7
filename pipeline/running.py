"""run and judge: the checks before, the two pipelines, the commit, the accounting after."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import functools
import gc
import importlib.metadata
import os
import platform
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline import (
    anchoring,
    commit,
    examining,
    judging,
    key_store,
    ledger,
    out_folder,
    progress,
    recovering,
    second_round,
    summary,
    workers,
)
from pipeline.job import Job
from pipeline.options import EXIT_ACCOUNTING, EXIT_INCOMPLETE, EXIT_INPUT, EXIT_OK, EXIT_USAGE
from transforms import magic_type
from transforms.auth.chain import default_sealers
from transforms.limits import LIMITS
from transforms.model import SCHEMA_VERSION
from transforms.plan import followed, plan_units
from transforms.text import clean_text
from transforms.unpack.rows import Settings

if TYPE_CHECKING:
    from pipeline import engines


class Refused(Exception):
    """The run cannot start; the message says what happened, what it means and what to do."""

    def __init__(self, message: str, code: int = EXIT_INPUT) -> None:
        super().__init__(message)
        self.code = code


def run(options: argparse.Namespace, beam_options: list[str]) -> int:
    """`triage run`."""
    dump = dump_at(options.dump)
    _nothing_given_inside(options.out, dump, *options.keys)
    out = _out(options.out, dump)
    keys_outside(options.keys, dump)
    if options.dry_run:
        return _dry_run(dump, options)
    given = key_store.read_keys(options.keys)
    engine = _engine(beam_options) if beam_options else None
    with locked(out):
        _prepare(out, options)
        key_store.keep(out, given)
        arguments = {
            "dump": os.path.abspath(dump),
            "keys": [str(path) for path in options.keys],
            "protect": sorted(set(options.protect)),
            "trusted_sealer": sorted(set(options.trusted_sealer)),
            "also_hash": list(options.also_hash),
            "workers": options.workers,
            "beam": beam_options,
        }
        return _execute(out, dump, arguments, options, engine, resume=options.resume, examine=True)


def judge(options: argparse.Namespace, beam_options: list[str]) -> int:
    """`triage judge`: what is not given repeats the run."""
    out = options.out
    record = finished(out)
    arguments = dict(record["arguments"])
    for name in ("protect", "trusted_sealer"):
        if getattr(options, name):
            arguments[name] = sorted(set(getattr(options, name)))
    _nothing_given_inside(out, *options.keys)
    keys_outside(options.keys, Path(arguments["dump"]))
    given = key_store.read_keys(options.keys)
    engine = _engine(beam_options) if beam_options else None
    with locked(out):
        if options.only_keys:
            key_store.forget(out)
        key_store.keep(out, given)
        return _execute(
            out, Path(arguments["dump"]), arguments, options, engine, resume=True, examine=False, earlier=record
        )


def finished(out: Path) -> dict[str, Any]:
    """run.json of an OUT that can be read; Refused says why another cannot."""
    _must_be_utf8(out)
    record = commit.read_run(out) if out.is_dir() else None
    if record is None and (out / commit.RUN).is_file():
        raise Refused(
            f"{out}: run.json is damaged, so the tables beside it cannot be relied on. Complete the run again: "
            f"triage run DUMP -o {out} --resume"
        )
    if record is None:
        raise Refused(f"{out}: holds no finished run. Start one, or go on with it: triage run DUMP -o {out} --resume")
    if record["schema_version"] != SCHEMA_VERSION:
        raise Refused(
            f"{out}: written with schema version {record['schema_version']}, this program has {SCHEMA_VERSION}. "
            "Read it with the program that wrote it, or run again into another folder."
        )
    return record


def _execute(
    out: Path,
    dump: Path,
    arguments: dict[str, Any],
    options: argparse.Namespace,
    engine: engines.Engine | None,
    resume: bool,
    examine: bool,
    earlier: dict[str, Any] | None = None,
) -> int:
    engine = engine or _engine([])
    from pipeline import engines, graph  # Beam is imported only where it runs, and quietened by then

    processes = arguments["workers"] or os.cpu_count() or 1
    job = Job(
        dump.absolute(),
        out.absolute(),
        Settings(LIMITS, tuple(arguments["also_hash"])),
        processes if engine.is_local else 0,
        together=engine.is_local,
        resume=resume,
        protected=frozenset(arguments["protect"]),
        sealers=default_sealers() | frozenset(arguments["trusted_sealer"]),
    )
    started = time.time()
    timings: dict[str, float] = {}
    shutil.rmtree(job.work, ignore_errors=True)
    for folder in (job.work, out / "evidence"):
        folder.mkdir(mode=0o700, exist_ok=True)
    interrupted: list[int] = []
    try:
        with _noting_interruption(interrupted):
            if examine:
                (out / "evidence" / examining.PLAN).unlink(missing_ok=True)
                planned = functools.partial(examining.octets_left, job)
                with (
                    progress.Reporter(out, sys.stderr, planned, quiet=options.quiet or options.json),
                    _timed(timings, "examine_seconds"),
                ):
                    engines.run(engine, lambda pipeline: graph.examine(pipeline, job))
                _say(options, f"examined {_examined(job)} in {timings['examine_seconds']} s")
                with _timed(timings, "put_back_seconds"):
                    put_back = second_round.put_back(
                        job,
                        lambda batches: engines.run(engine, lambda p: graph.examine_again(p, job, batches)),
                    )
                if put_back:
                    _say(options, f"put attachments back in {timings['put_back_seconds']} s: {put_back}")
            else:
                put_back = (earlier or {}).get("put_back", {})
            plan = examining.planned(job)
            recovery = (earlier or {}).get("recovery")
            if recovery is None:  # once per OUT: to judge again takes seconds
                with _timed(timings, "recover_seconds"):
                    recovery = recovering.recover_keys(job, processes, sys.stderr, options.quiet or options.json)
            recovery = {**recovery, "anchored": anchoring.anchor_keys(job)}
            # What Arrow's own pools keep for later is lost to everybody else: 100,000 messages take 458 MB, not 590.
            pa.set_memory_pool(pa.system_memory_pool())
            with _seldom_collecting(), _timed(timings, "judge_seconds"):
                engines.run(engine, lambda pipeline: graph.judge(pipeline, job))
            _say(options, f"judged {len(plan)} work units in {timings['judge_seconds']} s")
        taught = judging.noted(job)
        with _timed(timings, "commit_seconds"):
            hashes = commit.commit(job)
        _say(options, f"wrote {len(hashes)} files in {timings['commit_seconds']} s")
        with _timed(timings, "account_seconds"):
            wrong = ledger.problems(out, entries_of(plan) if examine else None)
        _say(options, f"accounted for every row in {timings['account_seconds']} s: {len(wrong)} problems")
    except OSError as error:
        if interrupted:
            raise KeyboardInterrupt from error
        what = f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
        return _incomplete(out, arguments, what, options, examine)
    except Exception as error:
        if interrupted:
            raise KeyboardInterrupt from error
        what = str(error).splitlines()[0].partition(" [while running ")[0] if str(error) else repr(error)
        return _incomplete(out, arguments, what, options, examine)
    shutil.rmtree(job.work, ignore_errors=True)
    record = {
        "schema_version": SCHEMA_VERSION,
        "arguments": arguments,
        "limits": LIMITS.as_dict(),
        "versions": _versions(),
        "keys_sha256": key_store.digest(out),
        "recovery": recovery,
        "put_back": put_back,
        "taught": taught,
        "tables": hashes,
        "counts": summary.counts(out),
        "look_ups": 0,
        "problems": wrong,
        "started": started,
        "timings": {**timings, "seconds": round(time.time() - started, 3)},
        "octets": sum(int(str(unit["octets"])) for unit in plan if unit["form"] in ("files", "whole")),
    }
    commit.write_run(out, record)
    print(summary.as_json(out) if options.json else summary.as_text(out))
    if wrong:
        print("triage: the output does not account for everything:", *wrong, sep="\n  ", file=sys.stderr)
        return EXIT_ACCOUNTING
    return EXIT_OK


def _engine(beam_options: list[str]) -> engines.Engine:
    """Importing Beam takes a second: without options, nothing can be refused, and it is put off until Beam runs."""
    from pipeline import engines

    try:
        return engines.choose(beam_options)
    except engines.EngineRefused as refusal:
        raise Refused(str(refusal), EXIT_USAGE) from None


def entries_of(plan: list[dict[str, object]]) -> int:
    """Directory entries that a plan covers; ranges repeat the entry of their `whole` unit."""
    return sum(int(str(unit["entries"])) for unit in plan if unit["form"] in ("files", "whole"))


@contextlib.contextmanager
def _noting_interruption(interrupted: list[int]) -> Iterator[None]:
    """Note Ctrl-C besides raising KeyboardInterrupt, which Beam turns into an error of its own."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # ignored, as by nohup
        yield
        return

    def note(number: int, _: object) -> None:
        interrupted.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def dump_at(given: str) -> Path:
    """The dump that was named, if it can be read."""
    if "://" in given:
        raise Refused(f"{given}: only local paths are read by this version. Copy or mount the dump first.")
    dump = Path(given)
    if not dump.exists():
        raise Refused(f"{clean_text(given)}: no such file or folder. Check the path of the dump.")
    if not os.access(dump, os.R_OK | (os.X_OK if dump.is_dir() else 0)):
        raise Refused(f"{clean_text(given)}: may not be read. Change its permissions or run as its owner.")
    return followed(dump)


def _out(out: Path, dump: Path) -> Path:
    if "://" in str(out):
        raise Refused(f"{out}: only local paths are written by this version.")
    _must_be_utf8(out)
    if dump.resolve() in (out.resolve(), *out.resolve().parents):
        raise Refused(f"{out}: lies inside the dump, which is never written to. Choose an OUT outside of it.")
    if out.exists() and not out.is_dir():
        raise Refused(f"{out}: is a file. Name a folder with -o.")
    strange = out_folder.stranger(out)
    if strange is not None:
        raise Refused(
            f"{out}: holds other files ({clean_text(strange)}). Nothing of them is touched. Name a new or empty folder "
            "with -o."
        )
    return out


def _must_be_utf8(out: Path) -> None:
    """Arrow opens no other paths."""
    try:
        os.path.abspath(out).encode()
    except UnicodeEncodeError:
        raise Refused(
            f"{out}: its path is not UTF-8, and tables cannot be written or read there. Choose an OUT whose whole path "
            "is; the dump may have any names."
        ) from None


def _nothing_given_inside(out: Path, *given: Path) -> None:
    """What a person gave to be read must outlive OUT, which --resume and --force clear."""
    for path in given:
        above = (path.resolve(), *path.resolve().parents)
        if out.exists() and any(folder.exists() and folder.samefile(out) for folder in above):
            raise Refused(f"{path}: lies inside OUT ({out}), which is cleared and rewritten. Choose another OUT.")


def keys_outside(keys: list[Path], dump: Path) -> None:
    """Refuse key files that lie in the dump, by whatever way: a folder above it, a link into it."""
    for path in (*keys, *(file for file, _ in key_store.files_of(keys))):
        if lies_in(path, dump):
            raise Refused(f"{path}: lies inside the dump. Keys from a leak prove nothing; give an archive of your own.")


def lies_in(path: Path, dump: Path) -> bool:
    """Whether a path, there or not yet, is the dump or lies in it, links followed."""
    place, root = Path(os.path.realpath(path)), Path(os.path.realpath(dump))
    return any(one == root or _same(one, root) for one in (place, *place.parents))


def _same(one: Path, other: Path) -> bool:
    """One folder under two names, as a file system that ignores case or a second mount gives it."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def _prepare(out: Path, options: argparse.Namespace) -> None:
    """Leave OUT ready: empty, resumable, or cleared on demand."""
    if options.force:
        out_folder.clear(out)
        return
    if out_folder.holds_results(out) and not options.resume:
        raise Refused(f"{out}: holds an earlier run. Add --resume to go on with it, or --force to start afresh.")
    record = commit.read_run(out)
    if record is not None and record["schema_version"] != SCHEMA_VERSION:
        raise Refused(f"{out}: has schema version {record['schema_version']}, not {SCHEMA_VERSION}. Add --force.")


@contextlib.contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold OUT for this process; the kernel lets go when the process ends, however it ends."""
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(out / out_folder.LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Refused(f"{out}: cannot be written ({error.strerror}). Choose another OUT.", EXIT_INCOMPLETE) from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise Refused(f"{out}: another run is writing there. Wait for it, or choose another OUT.") from None
    try:
        yield
    finally:
        os.close(fd)


def _incomplete(out: Path, arguments: dict[str, Any], what: str, options: argparse.Namespace, examine: bool) -> int:
    if options.verbose:
        import traceback

        traceback.print_exc()
    print(
        f"triage: the run stopped: {clean_text(what, 400)}\nWhat was examined is kept in {clean_text(str(out))}; no "
        f"table is half written.\nMend the cause, then go on with: {clean_text(_resume_line(out, arguments, examine))}",
        file=sys.stderr,
    )
    return EXIT_INCOMPLETE


def _resume_line(out: Path, arguments: dict[str, Any], with_keys: bool) -> str:
    """The whole command that goes on, for a shell. A judgement's keys are those kept in OUT, so it names none."""
    words = ["triage", "run", arguments["dump"], "-o", str(out), "--resume"]
    for option, name in (("--keys", "keys"), ("--protect", "protect"), ("--trusted-sealer", "trusted_sealer")):
        if with_keys or name != "keys":
            words += [word for value in arguments[name] for word in (option, value)]
    if arguments["also_hash"]:
        words += ["--also-hash", ",".join(arguments["also_hash"])]
    if arguments["workers"]:
        words += ["--workers", str(arguments["workers"])]
    if arguments["beam"]:
        words += ["--", *arguments["beam"]]
    return shlex.join(words)


def _dry_run(dump: Path, options: argparse.Namespace) -> int:
    import json

    forms: dict[str, int] = {}
    files = octets = units = 0
    for unit in plan_units(os.fsencode(dump), LIMITS, options.also_hash):
        units += 1
        if unit.form in ("files", "whole"):
            files += len(unit.entries)
            octets += unit.octets
            for entry in unit.entries:
                forms[entry.form] = forms.get(entry.form, 0) + 1
    tally = {"files": files, "octets": octets, "work_units": units, "entries": forms, "keys": len(options.keys)}
    if options.json:
        print(json.dumps(tally, sort_keys=True))
    else:
        print(f"{files} files, {octets / 1e6:.1f} MB, {units} work units; nothing was written.")
        for form, count in sorted(forms.items()):
            print(f"  {form}: {count}")
    return EXIT_OK


def _say(options: argparse.Namespace, sentence: str) -> None:
    """What -v adds, a line for each phase; counts and seconds, never a name."""
    if options.verbose:
        print(f"triage: {sentence}", file=sys.stderr)


def _examined(job: Job) -> str:
    plan = examining.planned(job)
    new = sum(bool(unit["wanted"]) for unit in plan)
    octets, items = progress.done(job.work / "progress")
    return f"{new} of {len(plan)} work units ({len(plan) - new} were there), {octets / 1e6:.1f} MB, {items} items,"


@contextlib.contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Look for garbage cycles less often: rows are many and make none, and the looks took two fifths of the time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(workers.ALLOCATIONS, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextlib.contextmanager
def _timed(timings: dict[str, float], name: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    timings[name] = round(time.monotonic() - start, 3)


def _versions() -> dict[str, str]:
    names = ("leak-triage", "apache-beam", "pyarrow", "cryptography", "gmpy2", "email-validator", "publicsuffixlist")
    found = {"python": platform.python_version(), "libmagic": magic_type.version()}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
