"""run and judge: the checks before, the two pipelines, the commit, the accounting after."""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.metadata
import os
import platform
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import (
    anchoring,
    commit,
    evidence,
    examining,
    judging,
    key_store,
    ledger,
    out_folder,
    out_tables,
    progress,
    pulse,
    recovering,
    second_round,
    stretches,
    summary,
    surveying,
    workers,
)
from pipeline.job import Job
from pipeline.key_store import keys_outside
from pipeline.options import EXIT_ACCOUNTING, EXIT_INCOMPLETE, EXIT_OK, EXIT_USAGE, without_secrets
from pipeline.out_folder import locked
from pipeline.out_tables import finished
from pipeline.places import absolute, answering, dump_at, lies_in, must_be_utf8
from pipeline.refused import Refused
from pipeline.store_path import StorePath, path_of
from pipeline.verdicts_so_far import VerdictsSoFar
from transforms import magic_type
from transforms.auth.chain import default_sealers
from transforms.limits import LIMITS
from transforms.model import SCHEMA_VERSION
from transforms.plan import plan_units
from transforms.text import clean_text
from transforms.unpack.rows import Settings

if TYPE_CHECKING:
    from pipeline import engines


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
    if engine is None:
        workers.fork_ahead()  # before Beam is imported, which workers do without
    with locked(out):
        _prepare(out, dump, options)
        key_store.keep(out, given)
        arguments = {
            "dump": absolute(dump),
            "keys": [str(path) for path in options.keys],
            "protect": sorted(set(options.protect)),
            "trusted_sealer": sorted(set(options.trusted_sealer)),
            "also_hash": list(options.also_hash),
            "workers": options.workers,
            "beam": without_secrets(beam_options),
        }
        return _execute(out, dump, arguments, options, engine, tuple(beam_options), resume=options.resume, examine=True)


def judge(options: argparse.Namespace, beam_options: list[str]) -> int:
    """`triage judge`: what is not given repeats the run."""
    out = options.out
    record = finished(out)
    arguments = dict(record["arguments"])
    for name in ("protect", "trusted_sealer"):
        if getattr(options, name):
            arguments[name] = sorted(set(getattr(options, name)))
    _nothing_given_inside(out, *options.keys)
    dump = path_of(arguments["dump"])
    keys_outside(options.keys, dump)
    given = key_store.read_keys(options.keys)
    engine = _engine(beam_options) if beam_options else None
    with locked(out):
        if options.only_keys:
            key_store.forget(out)
        key_store.keep(out, given)
        return _execute(
            out, dump, arguments, options, engine, tuple(beam_options), resume=True, examine=False, earlier=record
        )


def _execute(
    out: Path,
    dump: Path,
    arguments: dict[str, Any],
    options: argparse.Namespace,
    engine: engines.Engine | None,
    beam_options: tuple[str, ...],
    resume: bool,
    examine: bool,
    earlier: dict[str, Any] | None = None,
) -> int:
    engine = engine or _engine([])
    from pipeline import engines, graph  # Beam is imported only where it runs, and quietened by then

    cores = arguments["workers"] or os.cpu_count() or 1
    job = Job(
        dump.absolute(),
        out.absolute(),
        Settings(LIMITS, tuple(arguments["also_hash"])),
        cores if engine.is_local else arguments["workers"] or 1,
        together=engine.is_local,
        resume=resume,
        protected=frozenset(arguments["protect"]),
        sealers=default_sealers() | frozenset(arguments["trusted_sealer"]),
        beam=beam_options,
    )
    signs = functools.partial(pulse.signs, job)

    def on_engine(question: surveying.Question) -> None:
        engines.run(engine, lambda pipeline: graph.survey(pipeline, job, question), signs)

    ask = functools.partial(surveying.ask, job, on_engine)
    started = time.time()
    timings: dict[str, float] = {}
    out_folder.clear_work(job.work)
    for folder in (job.work, out / "evidence"):
        folder.mkdir(mode=0o700, exist_ok=True)
    interrupted: list[int] = []
    try:
        with _noting_interruption(interrupted):
            if examine:
                (out / "evidence" / evidence.PLAN).unlink(missing_ok=True)
                to_do = functools.partial(examining.to_do, job)
                with (
                    progress.Examining(out, to_do, sys.stderr, options.quiet, options.json),
                    _timed(timings, "examine_seconds"),
                ):
                    engines.run(engine, lambda pipeline: graph.examine(pipeline, job), signs)
                _say(options, f"examined {_examined(job)} in {timings['examine_seconds']} s")
                with _timed(timings, "put_back_seconds"):
                    put_back = second_round.put_back(
                        job,
                        lambda batches: engines.run(engine, lambda p: graph.examine_again(p, job, batches), signs),
                        ask,
                    )
                if put_back:
                    _say(options, f"put attachments back in {timings['put_back_seconds']} s: {put_back}")
            else:
                evidence.must_be_whole(out)
                put_back = (earlier or {}).get("put_back", {})
            tally = examining.tally(job)
            recovery = (earlier or {}).get("recovery")
            if recovery is None:  # once per OUT: to judge again takes seconds
                with _timed(timings, "recover_seconds"):
                    recovery = recovering.recover_keys(job, cores, sys.stderr, options.quiet or options.json, ask)
            recovery = {**recovery, "anchored": anchoring.anchor_keys(job, ask)}
            with _timed(timings, "judge_seconds"):
                stretches.plan(job)
                so_far = VerdictsSoFar(out, len(stretches.all_of(job)))
                with progress.Judging(so_far, sys.stderr, options.quiet, options.json):
                    engines.run(engine, lambda pipeline: graph.judge(pipeline, job), signs)
            _say(options, f"judged {tally.units} work units in {timings['judge_seconds']} s")
        taught = judging.noted(job)
        with _timed(timings, "commit_seconds"):
            hashes = commit.commit(job)
        _say(options, f"wrote {len(hashes)} files in {timings['commit_seconds']} s")
        with _timed(timings, "account_seconds"):
            wrong = ledger.problems(out, tally.entries if examine else None)
        _say(options, f"accounted for every row in {timings['account_seconds']} s: {len(wrong)} problems")
    except OSError as error:
        if interrupted:
            raise KeyboardInterrupt from error
        what = f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
        return _incomplete(out, arguments, what, options, examine)
    except Exception as error:
        if interrupted:
            raise KeyboardInterrupt from error
        return _incomplete(out, arguments, engines.cause(error), options, examine)
    out_folder.clear_work(job.work)
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
        "octets": tally.octets,
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


def _out(out: Path, dump: Path) -> Path:
    if isinstance(out, StorePath):
        return answering(out, lambda: _vacant(out, dump))
    must_be_utf8(out)
    return _vacant(out, dump)


def _vacant(out: Path, dump: Path) -> Path:
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


def _nothing_given_inside(out: Path, *given: Path) -> None:
    """What a person gave to be read must outlive OUT, which --resume and --force clear."""
    for path in given:
        if isinstance(path, StorePath) or isinstance(out, StorePath):
            if lies_in(path, out):
                raise _inside_out(path, out)
            continue
        above = (path.resolve(), *path.resolve().parents)
        if out.exists() and any(folder.exists() and folder.samefile(out) for folder in above):
            raise _inside_out(path, out)


def _inside_out(path: Path, out: Path) -> Refused:
    return Refused(f"{path}: lies inside OUT ({out}), which is cleared and rewritten. Choose another OUT.")


def _prepare(out: Path, dump: Path, options: argparse.Namespace) -> None:
    """Leave OUT ready: empty, resumable, or cleared on demand."""
    if options.force:
        out_folder.clear(out)
        return
    if out_folder.holds_results(out) and not options.resume:
        raise Refused(f"{out}: holds an earlier run. Add --resume to go on with it, or --force to start afresh.")
    record = out_tables.read_run(out)
    if record is not None and record["schema_version"] != SCHEMA_VERSION:
        raise Refused(f"{out}: has schema version {record['schema_version']}, not {SCHEMA_VERSION}. Add --force.")
    if record is not None and record["arguments"]["dump"] != absolute(dump):
        held = clean_text(record["arguments"]["dump"])
        raise Refused(f"{out}: holds the finished run of another dump, {held}. Name another OUT, or add --force.")
    if record is not None and record["counts"].get("items") and not isinstance(dump, StorePath) and _is_empty(dump):
        raise Refused(f"{dump}: is empty, and was not when {out} was made. Attach its disk, or add --force.")


def _is_empty(dump: Path) -> bool:
    return dump.is_dir() and next(dump.iterdir(), None) is None


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
    for unit in plan_units(bytes(dump), LIMITS, options.also_hash):
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
    units, new, *_ = examining.tally(job)
    done = progress.finished(job.work / "progress").values()
    octets, items = sum(one.octets for one in done), sum(one.items for one in done)
    return f"{new} of {units} work units ({units - new} were there), {octets / 1e6:.1f} MB, {items} items,"


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
