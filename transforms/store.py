"""Objects in a store that one of Beam's file systems reaches (s3://, gs://, azfs://): what is there, and its octets.

A path is in a store if it begins with a scheme. Such paths are written by the person who starts a run, in front of
everything else: no name that comes out of a dump is ever asked about here but behind that person's own path.

A store's trouble is never a fault of the file that was asked for. What the store says of one object is an OSError; that
it cannot be asked, or does not answer, is StoreLost, which stops the run.
"""

from __future__ import annotations

import errno
import io
import queue
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import IO, Any, NamedTuple, TypeVar

T = TypeVar("T")

PATIENCE = 120.0  # seconds that one question may go unanswered; Beam asks again meanwhile
_TICK = 0.5  # seconds between two signs of life while waiting
_BLOCK = 64 << 10  # octets that are fetched at least: a directory, the head of a member
_BLOCKS = 256  # of one object in memory
_AHEAD = 2 << 20  # octets that are fetched at least where one range follows the other
_PIECE = 8 << 20  # octets handed over at once when an object is put
_PAGE = 1_000  # objects that stores list at once

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# Of each scheme: the package of its own that Beam needs, what brings it, and Beam's file system, which Beam may have
# passed over when it was imported.
_SYSTEMS = {
    "s3": ("boto3", "aws", "apache_beam.io.aws.s3filesystem"),
    "gs": ("google.cloud.storage", "gcp", "apache_beam.io.gcp.gcsfilesystem"),
    "azfs": ("azure.storage.blob", "azure", "apache_beam.io.azure.blobstoragefilesystem"),
}


class StoreLost(Exception):
    """The store cannot be asked or does not answer; the message says which and why."""


class StoreUnknown(StoreLost):
    """Nothing that is installed reaches such a store; the message says what does."""


class Found(NamedTuple):
    """One object as the store lists it."""

    url: str
    size: int  # octets
    mtime_ns: int  # whole seconds: what stores tell of the same object differs below


def in_store(path: str | bytes) -> bool:
    """Whether a path names an object of a store, or a prefix of some."""
    return _SCHEME.match(path if isinstance(path, str) else path.decode("utf-8", "surrogateescape")) is not None


def settle(beam_options: tuple[str, ...], answered: bool = False) -> None:
    """Say in each process with which options of Beam stores are asked: endpoint, region, credentials.

    answered: that the run had answers before, so that a first one which fails here is tried again.
    """
    _process.answered |= answered
    if beam_options != _process.options:
        _process.options, _process.systems = beam_options, {}
        is_folder.cache_clear()


def while_waiting(alive: Callable[[], None]) -> None:
    """Have alive() called every now and then while the store is waited for."""
    _process.alive = alive


# ---- what is there ----------------------------------------------------------------------------


def listed(folder: str) -> Iterator[Found]:
    """Every object below a folder, in no order that is promised. A marker of a folder, which is empty, is none."""
    prefix = folder.rstrip("/") + "/"
    found = _ask(prefix, lambda system: iter(system._list(prefix)))
    while page := _ask(prefix, lambda _: list(islice(found, _PAGE))):
        for one in page:
            if one.size_in_bytes or not one.path.endswith("/"):
                yield _found(one)


@lru_cache(maxsize=16)
def is_folder(url: str) -> bool:
    """Whether objects lie below it."""
    return next(listed(url), None) is not None


def look(url: str) -> Found:
    """An object as it is now. OSError if it is not there or may not be seen."""
    return _found(_ask(url, lambda system: system.metadata(url)))


def _found(one: Any) -> Found:
    return Found(one.path, one.size_in_bytes, int(one.last_updated_in_seconds) * 10**9)


# ---- its octets -------------------------------------------------------------------------------


class Ranges:
    """Octets of one object by their place.

    Blocks around what is asked for are fetched, and some more for who reads on; a few of them are kept.
    """

    def __init__(self, url: str, size: int) -> None:
        self.url, self.size = url, size
        self.lost: StoreLost | None = None  # whoever swallows it once meets it again
        self._file: Any = None  # as Beam opened it
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._next = -1  # the block behind those that were fetched last

    def pread(self, size: int, at: int) -> bytes:
        """As os.pread: fewer octets only where the object ends. OSError, StoreLost."""
        stop = min(at + size, self.size)
        pieces = []
        while at < stop:
            block = at // _BLOCK
            octets = self._kept.get(block)
            if octets is None:
                octets = self._fetched(block, stop)
            start = block * _BLOCK
            pieces.append(octets if at == start and stop - at >= len(octets) else octets[at - start : stop - start])
            if not octets[at - start :]:
                break  # shorter than it was
            at = start + len(octets)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        self._file = None  # nothing is held open: the store's client keeps its connection
        self._kept.clear()

    def _fetched(self, first: int, stop: int) -> bytes:
        """Blocks from the first on, up to what is asked for, in one piece; they are kept but where they are many."""
        last = (stop - 1) // _BLOCK
        if first == self._next:
            last = max(last, first + _AHEAD // _BLOCK - 1)
        last = next((block - 1 for block in range(first + 1, last + 1) if block in self._kept), last)
        octets = self._fetch(first * _BLOCK, min((last + 1) * _BLOCK, self.size))
        self._next = last + 1
        many = last - first >= _BLOCKS // 2  # whoever asks for so much has it
        for block in range(last if many else first, last + 1):
            self._kept[block] = octets[(block - first) * _BLOCK : (block - first + 1) * _BLOCK]
        while len(self._kept) > _BLOCKS:
            self._kept.popitem(last=False)
        return octets

    def _fetch(self, start: int, stop: int) -> bytes:
        if self.lost is not None:
            raise self.lost
        try:
            return _ask(self.url, lambda system: self._read(system, start, stop))
        except StoreLost as lost:
            self.lost = lost
            raise

    def _read(self, system: Any, start: int, stop: int) -> bytes:
        if self._file is None:
            file = system.open(self.url, compression_type="uncompressed")  # else by its name
            # What lies below a buffer of 16 MiB, which would be filled each time.
            self._file = file.detach() if isinstance(file, io.BufferedReader) else file
        self._file.seek(start)
        pieces = []
        while start < stop and (piece := self._file.read(stop - start)):
            pieces.append(piece)
            start += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


# ---- putting, moving, deleting ----------------------------------------------------------------


def put(url: str, content: IO[bytes]) -> None:
    """Store all of a file as one object, which is there whole or not at all. OSError, StoreLost."""
    content.seek(0)
    target = _ask(url, lambda system: system.create(url, compression_type="uncompressed"))
    while piece := content.read(_PIECE):
        _ask(url, lambda _, piece=piece: target.write(piece))  # type: ignore[misc]
    _ask(url, lambda _: target.close())


def move(url: str, to: str) -> None:
    """Give an object another name, in place of what has that name."""
    _ask(url, lambda system: system.rename([url], [to]))


def delete(urls: list[str]) -> None:
    """Delete objects; those that are not there are no error."""
    for at in range(0, len(urls), _PAGE):
        page = urls[at : at + _PAGE]
        _ask(page[0], lambda system, page=page: system.delete(page))  # type: ignore[misc]


# ---- asking -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Process:
    """What this process knows of stores. One thread asks: Beam's clients are not made for several."""

    options: tuple[str, ...] = ()
    systems: dict[str, Any] = field(default_factory=dict)  # Beam's file systems, by scheme
    alive: Callable[[], None] = lambda: None  # a sign of life while a store is waited for
    answered: bool = False  # by any store, ever: until then, the first refusal is final
    retrying: str = ""  # why Beam asks again at this moment
    questions: queue.SimpleQueue[Any] | None = None
    starting: threading.Lock = field(default_factory=threading.Lock)


_process = _Process()


def _ask(url: str, question: Callable[[Any], T]) -> T:
    """The answer of a store's file system. OSError for what it says of the object; StoreLost if it says nothing."""
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    _questions().put((lambda: question(_system(url)), answers))
    waited = 0.0
    while True:
        try:
            answer, error = answers.get(timeout=_TICK)
            break
        except queue.Empty:
            _process.alive()
            waited += _TICK
            if waited >= PATIENCE or (_process.retrying and not _process.answered):
                why = _process.retrying or f"no answer for {waited:.0f} seconds"
                _process.questions, _process.systems = None, {}  # that thread may never come back
                raise StoreLost(_lost(url, why)) from None
    _process.retrying = ""
    named = _named(url, error) if error is not None else None
    _process.answered = _process.answered or not isinstance(named, StoreLost)
    if named is not None:
        raise named from error
    return answer  # type: ignore[no-any-return]


def _questions() -> queue.SimpleQueue[Any]:
    with _process.starting:
        if _process.questions is None:
            _process.questions = queue.SimpleQueue()
            threading.Thread(target=_serve, args=(_process.questions,), daemon=True).start()
        return _process.questions


def _serve(questions: queue.SimpleQueue[Any]) -> None:
    while True:
        question, answers = questions.get()
        try:
            answers.put((question(), None))
        except Exception as error:
            answers.put((None, error))
        del question, answers  # and with them what they hold open


def _system(url: str) -> Any:
    """Beam's file system for a URL, made once. StoreUnknown if there is none."""
    scheme = url.partition("://")[0].lower()
    if scheme not in _process.systems:
        _process.systems[scheme] = _made(scheme, url)
    return _process.systems[scheme]


def _made(scheme: str, url: str) -> Any:
    import importlib
    import logging

    logging.getLogger().addHandler(logging.NullHandler())  # before Beam, which else installs its own
    from apache_beam.io.filesystem import FileSystem
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions

    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    _hear_retries()
    if scheme not in _SYSTEMS:
        raise StoreUnknown(
            f"{url}: {scheme}:// is no store that is read or written here. {', '.join(_SYSTEMS)} are; what can be "
            "mounted is named by its path on this machine."
        )
    package, extra, module = _SYSTEMS[scheme]
    try:
        importlib.import_module(package)
        importlib.import_module(module)
    except ImportError:
        raise StoreUnknown(
            f"{url}: a package for {scheme}:// is not installed. Install it: pip install 'apache-beam[{extra}]'"
        ) from None
    if scheme == "s3":
        _one_client()
    options = PipelineOptions(list(_process.options))
    FileSystems.set_options(options)
    return next(one for one in FileSystem.get_all_subclasses() if one.scheme() == scheme)(options)


def _one_client() -> None:
    """Have the asking thread ask S3 through one client, for the range that it wants and no more.

    Beam makes a client for every call, 60 to 90 ms of processor time each, and connects anew. Of a range it asks for
    all to the end of the object, and hangs up: what was under way by then is megabytes for each jump.
    """
    from apache_beam.io.aws.clients.s3 import boto3_client, messages
    from apache_beam.utils import retry

    asking = threading.get_ident()
    beams = getattr(boto3_client.Client, "beams", boto3_client.Client)

    class Client(beams):  # type: ignore[misc, valid-type]
        @retry.with_exponential_backoff()  # type: ignore[untyped-decorator]
        def get_range(self, request: Any, start: int, end: int) -> bytes:
            place = {"Bucket": request.bucket, "Key": request.object, "Range": f"bytes={start}-{end - 1}"}
            try:
                return self.client.get_object(**place)["Body"].read()  # type: ignore[no-any-return]
            except Exception as error:
                raise messages.S3ClientError(str(error), boto3_client.get_http_error_code(error)) from error

    held: list[Any] = []

    def client(options: Any) -> Any:
        if threading.get_ident() != asking:  # Beam's own
            return beams(options)
        if not held:
            held.append(Client(options))
        return held[0]

    client.beams = beams  # type: ignore[attr-defined]
    boto3_client.Client = client


def _hear_retries() -> None:
    import logging

    def note(record: logging.LogRecord) -> bool:
        told = record.args[2] if isinstance(record.args, tuple) and len(record.args) > 2 else record.getMessage()
        _process.retrying = _said(str(told))
        return False

    logger = logging.getLogger("apache_beam.utils.retry")
    logger.setLevel(logging.WARNING)
    logger.filters = [note]


def _said(text: str) -> str:
    """What an error says, in one line, without the class in front."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
    return re.sub(r"^(?:[A-Za-z_][\w.]*(?:Error|Exception): )+", "", line).strip("()'\" ")


def _lost(url: str, why: str) -> str:
    return f"{url}: the store cannot be asked: {why}"


_MISSING = {404, "NoSuchKey", "NoSuchBucket"}
_DENIED = {401, 403, "AccessDenied"}
_NO_PATH = "path must be in the form"  # what Beam says of a name with a line feed in it


def _named(url: str, error: Exception) -> Exception:
    """An error of one of Beam's file systems, as what it means here."""
    if isinstance(error, StoreLost):
        return error
    details = getattr(error, "exception_details", None)
    inner = next(iter(details.values()), None) if isinstance(details, dict) else None
    if isinstance(inner, Exception):
        return _named(url, inner)
    code = getattr(error, "code", None) or getattr(error, "status_code", None) or getattr(error, "errno", None)
    if code in _MISSING or isinstance(error, FileNotFoundError):
        return FileNotFoundError(errno.ENOENT, "no such object or bucket", url)
    if code in _DENIED or isinstance(error, PermissionError):
        return PermissionError(errno.EACCES, f"the store denies it: {_said(str(error))}", url)
    if _NO_PATH in str(error) or (isinstance(code, int) and 400 <= code < 500 and code not in (408, 429)):
        return OSError(errno.EINVAL, f"the store refuses it: {_said(str(error))}", url)
    return StoreLost(_lost(url, _said(str(error))))
