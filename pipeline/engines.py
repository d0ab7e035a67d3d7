"""Which Beam runner: the one that runs here by default, those refused, those passed on.

Stock DirectRunner of Beam 2.77 first tries to download and execute a Prism binary; here its name
means the in-process FnApiRunner, built as Beam itself builds it, in memory, with no other try.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from transforms.store import StoreLost

SILENCE = 300.0  # seconds without a sign of life, thirty times what passes between two (pulse.py)

ANSWER = 30.0  # seconds that a job service has to begin to listen
_LONGEST = 366 * 86_400  # seconds that a job may take

_LOCAL = frozenset({"directrunner", "fnapirunner", "inprocessrunner", "bundlebaseddirectrunner", ""})

_RAISED = re.compile(r"[A-Za-z_][\w.]*: ")  # as a traceback ends: the exception's class and what it says

_REFUSED_CALL = re.compile(r'details = "([^"\n]{1,300})')

_REFUSED = {
    "daskrunner": "DaskRunner is refused: it reports success with results silently missing. Leave --runner out.",
    "prismrunner": (
        "PrismRunner is refused: it would download and execute a program. Leave --runner out, or name a Prism "
        "binary on this machine with --prism_location=FILE."
    ),
    **{
        name.lower(): f"{name} is refused: it tries Prism first. Leave --runner out."
        for name in ("SwitchingDirectRunner", "TestDirectRunner", "InteractiveRunner")
    },
}


class EngineRefused(Exception):
    """The runner or an option of it cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Engine:
    options: Any  # PipelineOptions
    runner: Any  # a runner object or a name
    is_local: bool


def choose(beam_options: list[str]) -> Engine:
    """The engine for what the user wrote after `--`. EngineRefused for what would do harm or nothing."""
    _quieten()
    from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions

    known = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    known.add_argument("--runner", default="")
    known.add_argument("--prism_location")
    known.add_argument("--job_endpoint")
    named, _ = known.parse_known_args(beam_options)
    name = named.runner.rpartition(".")[2].lower()
    if name == "prismrunner" and named.prism_location and os.path.isfile(named.prism_location):
        return Engine(_patient(beam_options), "PrismRunner", is_local=False)
    if name in _REFUSED:
        raise EngineRefused(_REFUSED[name])
    if name not in _LOCAL:
        _must_exist(named.runner)
        if named.job_endpoint not in (None, "embed"):
            _must_answer(named.job_endpoint)
        return Engine(_patient(beam_options), named.runner, is_local=False)
    options = PipelineOptions(_without_runner(beam_options))
    unknown = _unknown(options, beam_options)
    if unknown:
        raise EngineRefused(f"{unknown}: not an option of Beam's local runner. Leave it out.")
    mode = options.view_as(DirectOptions).direct_running_mode
    if mode != "in_memory":
        raise EngineRefused(
            f"--direct_running_mode={mode} is refused: it hangs for ever when a worker dies. Leave it out; "
            "--workers N spreads the work over processes."
        )
    return Engine(options, _local_runner(options), is_local=True)


Signs = Callable[[], Mapping[str, bytes]]  # the marks of work that goes on (pulse.py)


def run(engine: Engine, build: Callable[[Any], None], signs: Signs = dict) -> None:
    """Build and run a pipeline to its end.

    RuntimeError if the runner reports anything but success, or is lost, or if signs tell that a worker is.
    """
    import apache_beam as beam
    import grpc  # type: ignore[import-untyped]
    from apache_beam.runners.runner import PipelineState

    pipeline = beam.Pipeline(runner=engine.runner, options=engine.options)
    build(pipeline)
    try:
        with _quiet_threads():
            result = pipeline.run()
            with _ended_if_silent(result, signs):
                state = result.wait_until_finish() or result.state
    except grpc.RpcError as error:
        what = error.details() if isinstance(error, grpc.Call) else error
        raise RuntimeError(f"the engine does not answer: {what}") from error
    if state != PipelineState.DONE:
        raise RuntimeError(f"the runner ended in state {state}")


def cause(error: Exception) -> str:
    """In one line: of an error in a worker, which comes as text with its traceback, the exception raised last."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    if not lines:
        return repr(error)
    start = next((at for at, line in enumerate(lines) if line.endswith("Traceback (most recent call last):")), None)
    told = lines[0]
    if start is not None:
        raised = [line for line in lines[start + 1 :] if _RAISED.match(line)]
        told = raised[-1].partition(": ")[2] if raised else told
    refused = _REFUSED_CALL.search(str(error))
    if told.startswith("<_") and refused is not None:  # grpc's own words: a status, details, a time
        told = f"a service that the engine needs does not answer: {refused[1]}"
    return told.partition(" [while running ")[0]


@contextlib.contextmanager
def _ended_if_silent(result: Any, signs: Signs) -> Iterator[None]:
    """Cancel a job in which work was begun that nobody goes on with; RuntimeError then, however the job ends.

    The portable job service of Beam's Python SDK waits for ever for a worker that was killed.
    """
    silent, ended = threading.Event(), threading.Event()

    def look() -> None:
        before, since = _answer(signs), time.monotonic()
        while not ended.wait(SILENCE / 10):
            now = _answer(signs)
            if not now or now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() - since >= SILENCE:
                silent.set()
                result.cancel()
                return

    watching = threading.Thread(target=look, daemon=True)
    watching.start()
    try:
        yield
    except Exception:
        if not silent.is_set():
            raise
    finally:
        ended.set()
    if silent.is_set():
        raise RuntimeError(
            f"a worker of the engine began some work and has given no sign for {SILENCE / 60:.0f} minutes, nor has any "
            "other: it was killed or has lost OUT. Start the engine and its workers again."
        )


def _answer(signs: Signs) -> Mapping[str, bytes]:
    """The marks; none where they cannot be read now, which says nothing about the workers."""
    try:
        return signs()
    except (OSError, StoreLost):
        return {}


@contextlib.contextmanager
def _quiet_threads() -> Iterator[None]:
    """A thread of Beam that loses the engine prints a traceback besides; what it met is raised to the caller."""
    before = threading.excepthook
    threading.excepthook = lambda _: None
    try:
        yield
    finally:
        threading.excepthook = before


def _must_exist(name: str) -> None:
    """A runner of Beam, or of a module that is installed."""
    from apache_beam.runners.runner import PipelineRunner, create_runner

    try:
        known = isinstance(create_runner(name), PipelineRunner)
    except (ImportError, AttributeError, TypeError, ValueError):
        known = False
    if not known:
        raise EngineRefused(
            f"--runner={name}: Beam has no such runner, or a package that it needs is not installed. "
            "Leave --runner out to run on this machine."
        )


def _local_runner(options: Any) -> Any:
    from apache_beam.portability.api import beam_provision_api_pb2
    from apache_beam.runners.portability.fn_api_runner import fn_runner
    from apache_beam.runners.portability.portable_runner import JobServiceHandle

    encoded = JobServiceHandle.encode_pipeline_options(options.get_all_options())
    info = fn_runner.ExtendedProvisionInfo(beam_provision_api_pb2.ProvisionInfo(pipeline_options=encoded))
    return fn_runner.FnApiRunner(provision_info=info)


def _must_answer(endpoint: str) -> None:
    """A job service listens there, or does so soon: it may just have been started."""
    import grpc

    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=ANSWER)
        except grpc.FutureTimeoutError as error:
            raise EngineRefused(
                f"--job_endpoint={endpoint}: no job service answers there. Start it, or mend HOST:PORT."
            ) from error


def _patient(beam_options: list[str]) -> Any:
    """Options for an engine elsewhere. Beam's five minutes for an answer would also end a job that takes longer."""
    from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions

    options = PipelineOptions(beam_options)
    if not any(one.partition("=")[0] == "--job_server_timeout" for one in beam_options):
        options.view_as(PortableOptions).job_server_timeout = _LONGEST
    return options


def _without_runner(beam_options: list[str]) -> list[str]:
    rest, skip = [], False
    for option in beam_options:
        if skip:
            skip = False
        elif option == "--runner":
            skip = True
        elif not option.startswith("--runner="):
            rest.append(option)
    return rest


def _unknown(options: Any, beam_options: list[str]) -> str | None:
    """The first option that Beam does not know."""
    known = options.get_all_options()
    for option in beam_options:
        name = option.partition("=")[0].removeprefix("--")
        if option.startswith("--") and name != "runner" and name not in known and f"no_{name}" not in known:
            return option.partition("=")[0]
    return None


def _quieten() -> None:
    """Importing Beam warns about optional cloud clients and installs a root log handler."""
    logging.getLogger().addHandler(logging.NullHandler())  # before Beam, which else installs its own
    with contextlib.ExitStack() as stack:
        for name, other in _INSTEAD.items():
            stack.enter_context(_instead(name, other))
        import apache_beam  # noqa: F401

    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)


# What Beam imports and can do without: MongoDB and BigQuery where these are missing, a sixth of all that a start takes;
# and types that are no classes, as with its option --disable_beartype, a twentieth.
_INSTEAD = {
    "bson": None,
    "requests": None,
    "beartype.door": SimpleNamespace(is_subhint=issubclass),
    "beartype.roar": SimpleNamespace(BeartypeDoorException=TypeError),
}


@contextlib.contextmanager
def _instead(name: str, other: Any) -> Iterator[None]:
    """Have an import of this module give another object; None: fail as if it were not installed."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = other
    try:
        yield
    finally:
        del sys.modules[name]
