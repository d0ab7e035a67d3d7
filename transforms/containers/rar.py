"""rar: its members in their order, by rarfile (the `archives` extra).

The directory, and members that are stored as they are, need nothing else. Of an archive in several files each is read
by itself: what lies whole in it is opened, the rest listed. Compressed ones are decoded by a program
that has to be on PATH (unrar, 7z, 7zz or bsdtar), one run a member, its output held against the CRC-32 that the
directory gives; without it they are listed and not opened.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import IO, Any

from transforms.containers.listing import listed
from transforms.limits import LIMITS
from transforms.model import ContainerError, Entry
from transforms.scratch import Unwritten
from transforms.span import FileSpan, Span, SpanFile

_READS = 64  # how often the octets of a file may be read over


def entries(span: Span, alive: Callable[[], None], spool: Callable[[], IO[bytes]], files: ExitStack) -> Iterator[Entry]:
    """Members in directory order. ContainerError: it cannot be opened, or the extra is missing.

    A program that decodes reads the octets from an open file; those that lie in memory are put into one of spool's,
    which lives as long as files.
    """
    try:
        import rarfile
    except ImportError:
        raise ContainerError("container.needs_archives_extra", "pip install 'leak-triage[archives]'") from None
    rarfile.RAR_MAX_COMMENT = -1  # it would have another program decode comments, out of a temporary file and unbounded
    file = SpanFile(span, alive, _READS * span.size)
    headers: list[Any] = []
    opened = partial(rarfile.RarFile, file, part_only=True, info_callback=headers.append)
    damage: ContainerError | None = None
    try:
        archive = _guarded(partial(opened, errors="strict"))
    except ContainerError as error:
        damage = error
        headers.clear()
        archive = _guarded(opened)  # as far as it goes
    if _guarded(archive.needs_password) and not _guarded(archive.infolist):
        raise ContainerError("container.encrypted", "rar: the directory itself is encrypted")
    # What begins in the file before is not among the members of this one.
    split = [one for one in headers if one.type == rarfile.RAR_BLOCK_FILE and one.flags & rarfile.RAR_FILE_SPLIT_BEFORE]
    if any(one.type == rarfile.RAR_BLOCK_MAIN and one.flags & rarfile.RAR_MAIN_VOLUME for one in headers):
        damage = damage or ContainerError("container.other_volume", "rar: one of several files of an archive")
    members = [*split, *_guarded(archive.infolist)]
    if damage is None and any(_end(member) > span.size for member in members):
        damage = ContainerError("container.truncated", "rar: the archive ends within a member")
    return _entries(rarfile, archive, members, _Program(span, spool, files), span.size, damage)


def _end(member: Any) -> int:
    """Where a member's octets end in the archive."""
    return int(member.data_offset + member.compress_size)


def _entries(
    rarfile: Any, archive: Any, members: list[Any], program: _Program, limit: int, damage: ContainerError | None
) -> Iterator[Entry]:
    for member in members:
        if member.is_dir():
            continue
        name = (member.filename or "").encode("utf-8", "surrogateescape")
        size, stored = member.file_size or 0, member.compress_size or 0
        note = listed(size, member.CRC, _modified(member))
        unread = partial(Entry, name, declared_size=size, stored_size=stored, defects=(note,))
        if member.file_redir or member.is_symlink():
            yield Entry(name, form="link", target=_target(archive, member))
        elif member.needs_password():
            yield unread(error_code="container.encrypted")
        elif member.flags & (rarfile.RAR_FILE_SPLIT_BEFORE | rarfile.RAR_FILE_SPLIT_AFTER):
            yield unread(error_code="container.other_volume")
        elif _end(member) > limit:
            yield unread(error_code="container.truncated")
        elif member.compress_type == rarfile.RAR_M0:
            yield Entry(name, content=partial(_content, archive, member), stored_size=stored, declared_size=size)
        elif name.startswith((b"-", b"@")) or b"*" in name or b"?" in name:  # means something else to the program
            yield unread(error_code="container.unsupported_name")
        elif program:
            yield Entry(name, content=partial(program.content, member), stored_size=stored, declared_size=size)
        else:
            yield unread(error_code="container.needs_rar_program")
    if damage is not None:
        raise damage


# Programs that write one member to standard output, the best first; then where the archive and the member stand.
_PROGRAMS = {
    "unrar": ("p", "-inul", "-p-", "--"),
    "7zz": ("e", "-so", "-bb0", "-p", "--"),
    "7z": ("e", "-so", "-bb0", "-p", "--"),
    "bsdtar": ("-x", "--to-stdout", "-f"),
}


class _Program:
    """A program that decodes members, and the archive as an open file that it inherits."""

    def __init__(self, span: Span, spool: Callable[[], IO[bytes]], files: ExitStack) -> None:
        found = ((shutil.which(name), options) for name, options in _PROGRAMS.items())
        self._command = next(([path, *options] for path, options in found if path is not None), [])
        self._span, self._spool, self._files = span, spool, files
        self._fd: int | None = None

    def __bool__(self) -> bool:
        return bool(self._command)

    def content(self, member: Any) -> Iterator[bytes]:
        """A member's octets. ContainerError behind what was good."""
        if self._fd is None:
            self._fd = self._open()
        command = [*self._command, f"/dev/fd/{self._fd}", member.filename]
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(self._fd,),
            preexec_fn=_ending_with_us(),
        ) as process:
            assert process.stdout is not None
            tally = size = 0
            try:
                while size < member.file_size and (chunk := process.stdout.read(LIMITS.chunk)):
                    tally, size = zlib.crc32(chunk, tally), size + len(chunk)
                    yield chunk
            finally:
                process.kill()
        if size < member.file_size:
            raise ContainerError("container.damaged", "rar: the program gives less than the directory says")
        if member.CRC is not None and tally != member.CRC:
            raise ContainerError("container.checksum", "rar: the CRC-32 differs")

    def _open(self) -> int:
        """The descriptor of a file that holds the archive and nothing else."""
        span = self._span
        if isinstance(span, FileSpan) and span.start == 0 and span.size == os.fstat(span.fd).st_size:
            return span.fd
        file = self._files.enter_context(self._spool())
        file.writelines(span.chunks())
        file.flush()
        return file.fileno()


def _ending_with_us() -> Callable[[], None] | None:
    """What a child does first, so that the system ends it with this process, which may be killed while it waits.

    Only Linux can do that (prctl(2), PR_SET_PDEATHSIG).
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(1, int(signal.SIGKILL))


def _content(archive: Any, member: Any) -> Iterator[bytes]:
    """A member's octets, its checksum compared. ContainerError behind what was good."""
    stream = _guarded(archive.open, member)
    try:
        while chunk := _guarded(stream.read, LIMITS.chunk):
            yield chunk
    finally:
        _guarded(stream.close)


def _target(archive: Any, member: Any) -> bytes:
    if member.file_redir:
        return str(member.file_redir[2]).encode("utf-8", "surrogateescape")[: LIMITS.name]
    if (member.file_size or 0) > LIMITS.name:
        return b""
    try:
        return b"".join(_content(archive, member))
    except ContainerError:
        return b""


def _modified(member: Any) -> str:
    moment = member.date_time
    return "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*moment) if moment and len(moment) == 6 else ""


def _guarded(read: Callable[..., Any], *arguments: Any) -> Any:
    """What rarfile answers; ContainerError for whatever it raises of damaged files."""
    try:
        return read(*arguments)
    except MemoryError:
        raise ContainerError("limit.memory", "rar: not enough memory") from None
    except Unwritten:  # no room for what its program reads: not the archive's fault
        raise
    except Exception as error:
        code = "container.checksum" if "CRC" in str(error) else "container.damaged"
        raise ContainerError(code, f"rar: {type(error).__name__}: {error}") from None
