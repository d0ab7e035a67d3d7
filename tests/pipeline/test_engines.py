"""Which runner runs: ours for every local name, none that downloads, hangs or loses results."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import apache_beam as beam
import grpc
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult, PipelineRunner, PipelineState

from pipeline import cli, engines, graph
from pipeline.engines import EngineRefused, choose
from pipeline.job import Job


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--runner=DirectRunner"],
        ["--runner", "DirectRunner"],
        ["--runner=directrunner"],
        ["--runner=apache_beam.runners.direct.direct_runner.DirectRunner"],
        ["--runner=BundleBasedDirectRunner"],
        ["--runner=FnApiRunner"],
        ["--runner=InProcessRunner"],
        ["--direct_num_workers=1"],
        ["--job_name=leak"],
    ],
)
def test_every_local_name_means_the_runner_in_this_process(options: list[str]) -> None:
    engine = choose(options)
    assert engine.is_local and type(engine.runner) is FnApiRunner


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--runner=DaskRunner"], "results silently missing"),
        (["--runner=apache_beam.runners.dask.dask_runner.DaskRunner"], "DaskRunner is refused"),
        (["--runner", "daskrunner"], "DaskRunner is refused"),
        (["--runner=PrismRunner"], "download and execute a program"),
        (["--runner=PrismRunner", "--prism_location=https://prism.example/prism"], "--prism_location=FILE"),
        (["--runner=PrismRunner", "--prism_location=/no/such/file"], "--prism_location=FILE"),
        (["--runner=SwitchingDirectRunner"], "tries Prism first"),
        (["--runner=TestDirectRunner"], "tries Prism first"),
        (["--runner=InteractiveRunner"], "tries Prism first"),
        (["--runner=Nope"], "no such runner"),
        (["--runner=no.such.Runner"], "no such runner"),
        (["--runner=os.path"], "no such runner"),
        (["--runner=pathlib.Path"], "no such runner"),
        (["--direct_running_mode=multi_processing"], "hangs for ever"),
        (["--direct_running_mode", "multi_threading"], "--workers N"),
        (["--no-such-option=1"], "--no-such-option: not an option"),
        (["--runne=DaskRunner"], "--runne: not an option"),
    ],
)
def test_a_runner_or_option_that_would_do_harm_is_refused_in_a_sentence(options: list[str], words: str) -> None:
    with pytest.raises(EngineRefused) as refused:
        choose(options)
    assert words in str(refused.value)


def test_prism_runs_from_a_binary_on_this_machine(tmp_path: Path) -> None:
    binary = tmp_path / "prism"
    binary.touch()
    engine = choose(["--runner=PrismRunner", f"--prism_location={binary}"])
    assert (engine.runner, engine.is_local) == ("PrismRunner", False)


@pytest.fixture
def endpoint() -> Iterator[str]:
    """Where a job service of some kind listens."""
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


def test_a_cluster_is_passed_on_with_its_options(endpoint: str) -> None:
    engine = choose(["--runner=PortableRunner", f"--job_endpoint={endpoint}", "--environment_type=LOOPBACK"])
    assert (engine.runner, engine.is_local) == ("PortableRunner", False)
    known = engine.options.get_all_options()
    assert (known["job_endpoint"], known["environment_type"]) == (endpoint, "LOOPBACK")


def test_a_job_may_take_longer_than_beam_waits_for_an_answer(endpoint: str) -> None:
    """Beam's five minutes for an answer of the job service are the deadline of the job's states as well."""
    options = ["--runner=PortableRunner", f"--job_endpoint={endpoint}"]
    assert choose(options).options.get_all_options()["job_server_timeout"] > 10 * 86_400
    assert choose([*options, "--job_server_timeout=7"]).options.get_all_options()["job_server_timeout"] == 7


@pytest.mark.parametrize("gone", ["localhost:1", "localhost:70000", "localhost", "nowhere.invalid:1"])
def test_a_job_service_that_does_not_answer_is_named_at_once(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ANSWER", 0.2)
    with pytest.raises(EngineRefused, match="no job service answers there"):
        choose(["--runner=PortableRunner", f"--job_endpoint={gone}"])


@pytest.mark.parametrize(("more", "processes"), [([], 1), (["--workers", "3"], 3)])
def test_a_beam_worker_reads_in_one_process_beside_it_unless_told_otherwise(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], processes: int
) -> None:
    jobs: list[Job] = []

    def build_only(engine: engines.Engine, build: Any, signs: engines.Signs) -> None:
        build(None)
        raise RuntimeError("no further")

    monkeypatch.setattr(graph, "examine", lambda pipeline, job: jobs.append(job))
    monkeypatch.setattr(engines, "run", build_only)
    (tmp_path / "dump").mkdir()
    command = ["run", str(tmp_path / "dump"), "-o", str(tmp_path / "out"), "-q", *more]
    assert cli.run([*command, "--", "--runner=PortableRunner", f"--job_endpoint={endpoint}"]) == 4
    assert [(job.processes, job.together) for job in jobs] == [(processes, False)]


def touch(folder: str, name: str) -> None:
    Path(folder, name).touch()


def test_a_pipeline_runs_to_its_end_and_one_that_fails_raises(tmp_path: Path) -> None:
    folder = str(tmp_path)
    engines.run(choose([]), lambda pipeline: pipeline | beam.Create(["a", "b"]) | beam.Map(partial(touch, folder)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]

    def fails(_: int) -> None:
        raise ValueError("on purpose")

    with pytest.raises(Exception, match="on purpose"):
        engines.run(choose([]), lambda pipeline: pipeline | beam.Create([1]) | beam.Map(fails))


def test_a_runner_that_ends_in_any_other_state_is_an_error() -> None:
    class Ended(PipelineResult):
        def wait_until_finish(self, duration=None):
            return self.state

    class Runner(PipelineRunner):
        def run_pipeline(self, pipeline, options):
            return Ended(PipelineState.CANCELLED)

    engine = engines.Engine(choose([]).options, Runner(), is_local=True)
    with pytest.raises(RuntimeError, match="CANCELLED"):
        engines.run(engine, lambda pipeline: pipeline | beam.Create([1]))


def test_an_engine_that_is_lost_is_an_error_in_a_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    class Lost(grpc.RpcError, grpc.Call):
        def details(self) -> str:
            return "Connection refused"

    class Runner(PipelineRunner):
        def run_pipeline(self, pipeline, options):
            def fails() -> None:
                raise Lost

            thread = threading.Thread(target=fails)
            thread.start()
            thread.join()
            raise Lost

    Lost.__abstractmethods__ = frozenset()
    engine = engines.Engine(choose([]).options, Runner(), is_local=False)
    with pytest.raises(RuntimeError, match=r"^the engine does not answer: Connection refused$"):
        engines.run(engine, lambda pipeline: pipeline | beam.Create([1]))
    assert "Traceback" not in capfd.readouterr().err


WORKER = """Pipeline job-001 failed in state FAILED: bundle inst001 stage-001 failed:Traceback (most recent call last):
  File "worker.py", line 1, in process
    write()
OSError: [Errno 28] No space left on device

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "examining.py", line 2, in examine_units
    raise RuntimeError(f"work unit {unit}: {why}")
RuntimeError: work unit 0a1b: No space left on device [while running 'Examine/ExamineUnits-ptransform-3']

"""


NO_POOL = """<_InactiveRpcError of RPC that terminated with:
\tstatus = StatusCode.UNAVAILABLE
\tdetails = "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:50000: refused"
\tdebug_error_string = "UNAVAILABLE:failed to connect"
>"""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            NO_POOL,
            "a service that the engine needs does not answer: failed to connect to all addresses; "
            "last error: UNKNOWN: ipv4:127.0.0.1:50000: refused",
        ),
        (WORKER, "work unit 0a1b: No space left on device"),
        ("work unit 0a1b: crash.died [while running 'x']\nmore", "work unit 0a1b: crash.died"),
        ("Traceback (most recent call last):\n  File", "Traceback (most recent call last):"),
        ("", "RuntimeError('')"),
        ("\n", "RuntimeError('\\n')"),
    ],
)
def test_of_an_error_in_a_worker_what_it_says_is_told(said: str, told: str) -> None:
    assert engines.cause(RuntimeError(said)) == told


class Waits(PipelineResult):
    """A job that ends when it is cancelled, and not before."""

    def __init__(self) -> None:
        super().__init__(PipelineState.RUNNING)
        self.ended = threading.Event()

    def wait_until_finish(self, duration: int | None = None) -> str:
        assert self.ended.wait(30)
        return PipelineState.CANCELLED

    def cancel(self) -> None:
        self.ended.set()


class Endless(PipelineRunner):
    def __init__(self) -> None:
        self.result = Waits()

    def run_pipeline(self, pipeline: beam.Pipeline, options: object) -> Waits:
        return self.result


def begun(engine_seconds: float, signs: engines.Signs, monkeypatch: pytest.MonkeyPatch) -> Waits:
    """A job on an engine that says nothing, ended by itself after so many seconds."""
    monkeypatch.setattr(engines, "SILENCE", 0.2)
    runner = Endless()
    timer = threading.Timer(engine_seconds, runner.result.ended.set)
    timer.start()
    try:
        engine = engines.Engine(PipelineOptions(), runner, is_local=False)
        engines.run(engine, lambda pipeline: pipeline | beam.Create([1]), signs)
    finally:
        timer.cancel()
    return runner.result


def test_work_that_nobody_goes_on_with_ends_the_job_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="has given no sign for"):
        begun(20, lambda: {"prove 1": b"77 3"}, monkeypatch)


@pytest.mark.parametrize("signs", ["slow work", "a dead worker beside one at work", "nothing begun", "unreadable"])
def test_work_that_goes_on_however_long_ends_no_job(signs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    count = itertools.count()

    def found() -> dict[str, bytes]:
        if signs == "unreadable":
            raise PermissionError
        if signs == "nothing begun":
            return {}
        dead = {} if signs == "slow work" else {"prove 2": b"78 0"}
        return {"prove 1": b"77 %d" % (next(count) // 4), **dead}

    with pytest.raises(RuntimeError, match="ended in state CANCELLED"):  # as it did by itself
        begun(1, found, monkeypatch)
