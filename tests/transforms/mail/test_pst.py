"""Outlook's mailbox files: what is asked of libpff, what becomes of its errors, and files of public packages."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from transforms.model import Kind, Status

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from mutations import mutations
from pst_file import heap
from pst_form import ansi, mailbox, with_password

HEAD = b"!BDN" + bytes(600)
FIXTURES = Path(os.environ.get("CONTAINER_FIXTURES", "/nowhere"))


class Record:
    """A record set as libpff answers it: tag of a property -> its octets."""

    def __init__(self, **values: bytes) -> None:
        self._values = {int(name[1:], 16): value for name, value in values.items()}

    def get_entry_by_type(self, name: int, kind: int) -> Any:
        value = self._values.get(name << 16 | kind)
        return None if value is None else SimpleNamespace(get_data=lambda: value)


class Item:
    def __init__(self, attachments: tuple[Any, ...] = (), recipients: Any = None, **values: bytes) -> None:
        self._record = Record(**values)
        self._attachments = attachments
        self.recipients = recipients

    def get_number_of_record_sets(self) -> int:
        return 1

    def get_record_set(self, number: int) -> Record:
        return self._record

    def get_number_of_attachments(self) -> int:
        return len(self._attachments)

    def get_attachment(self, number: int) -> Any:
        return self._attachments[number]


class Attached(Item):
    def __init__(self, content: bytes, **values: bytes) -> None:
        super().__init__(**values)
        self._content = content

    def get_size(self) -> int:
        return len(self._content)

    def seek_offset(self, offset: int, whence: int) -> None:
        self._rest = self._content[offset:]

    def read_buffer(self, size: int) -> bytes:
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


class Folder(Item):
    def __init__(self, identifier: int, name: str, messages: list[Any], folders: list[Any], count: int = -1) -> None:
        super().__init__(x36020003=struct.pack("<L", len(messages) if count < 0 else count))
        self._identifier, self._name, self._messages, self._folders = identifier, name, messages, folders

    def get_identifier(self) -> int:
        return self._identifier

    def get_name(self) -> str:
        return self._name

    def get_number_of_sub_messages(self) -> int:
        return len(self._messages)

    def get_sub_message(self, number: int) -> Any:
        if isinstance(self._messages[number], Exception):
            raise self._messages[number]
        return self._messages[number]

    def get_number_of_sub_folders(self) -> int:
        return len(self._folders)

    def get_sub_folder(self, number: int) -> Any:
        if isinstance(self._folders[number], Exception):
            raise self._folders[number]
        return self._folders[number]


def text(value: str) -> bytes:
    return value.encode("utf-16-le")


def letter(subject: str) -> Item:
    return Item(x0037001F=text(f"\x01\x01{subject}"), x0C1F001F=text("claire@campaign.example"))


@pytest.fixture
def store(examine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:  # type: ignore[no-untyped-def]
    """Rows of a file that libpff reads as these folders and orphans."""

    def run(root: Any, orphans: tuple[Any, ...] = ()) -> Any:
        file = SimpleNamespace(
            open_file_object=lambda octets: octets.read(4),
            get_root_folder=lambda: root,
            get_number_of_orphan_items=lambda: len(orphans),
            get_orphan_item=lambda number: orphans[number],
        )
        monkeypatch.setitem(sys.modules, "pypff", SimpleNamespace(file=lambda: file))
        return examine({"a.pst": HEAD})

    return run


def test_every_message_of_every_folder_is_a_row_and_orphans_are_too(store) -> None:  # type: ignore[no-untyped-def]
    found = store(
        Folder(
            290, "", [], [Folder(2, "Inbox", [letter("one"), letter("two")], [Folder(34, "Old", [letter("x")], [])])]
        ),
        (letter("lost"),),
    )
    assert found.below("a.pst") == ["a.pst!Inbox/0", "a.pst!Inbox/1", "a.pst!Inbox/Old/0", "a.pst!orphans/0"]
    item = found.items["a.pst!Inbox/1"]
    assert (item.kind, item.subject, item.from_email) == (Kind.EMAIL, "two", "claire@campaign.example")
    assert found.items["a.pst"].kind is Kind.MAILBOX and found.items["a.pst"].status is Status.OK


def test_attachments_and_recipients_are_those_of_the_message(store) -> None:  # type: ignore[no-untyped-def]
    to = Item(x0C150003=struct.pack("<L", 1), x39FE001F=text("desk@newsroom.example"))
    recipients = SimpleNamespace(get_number_of_record_sets=lambda: 1, get_record_set=lambda number: to._record)
    files = (
        Attached(b"a,b\r\n", x3707001F=text("a.csv"), x37010102=b"a,b"),
        Attached(heap({0x0037001F: text("Hall")}), x3707001F=text("inner"), x37050003=struct.pack("<L", 5)),
        Attached(b"?" * 40, x3707001F=text("no heap"), x37050003=struct.pack("<L", 5)),
        Attached(b"", x3707001F=text("on a server")),
    )
    found = store(Folder(290, "", [Item(files, recipients, x0037001F=text("files"))], []))
    assert found.items["a.pst!0"].to_emails == ("desk@newsroom.example",)
    assert found.items["a.pst!0!a.csv"].size == 5
    inner = found.items["a.pst!0!inner"]
    assert (inner.kind, inner.subject) == (Kind.EMAIL, "Hall")
    assert (inner.status, inner.error_code) == (Status.PARTIAL, "container.message_inside")
    assert found.items["a.pst!0!no heap"].error_code == "container.damaged"
    assert found.items["a.pst!0!on a server"].error_code == "container.by_reference"


def test_a_message_that_cannot_be_read_is_a_row_and_the_others_are_read(store) -> None:  # type: ignore[no-untyped-def]
    found = store(Folder(290, "", [OSError("libpff: damaged"), letter("good"), MemoryError()], []))
    assert [(item.status, item.error_code) for item in found.items.values()] == [
        (Status.OK, None),
        (Status.ERROR, "container.damaged"),
        (Status.OK, None),
        (Status.ERROR, "limit.memory"),
    ]


def test_a_folder_that_cannot_be_read_makes_the_file_partial_and_the_others_are_read(store) -> None:  # type: ignore[no-untyped-def]
    found = store(Folder(290, "", [], [OSError("libpff: damaged"), Folder(2, "Inbox", [letter("x")], [])]))
    assert (found.items["a.pst"].status, found.items["a.pst"].error_code) == (Status.PARTIAL, "container.damaged")
    assert "a.pst!Inbox/0" in found.items


def test_a_folder_inside_itself_is_read_once(store) -> None:  # type: ignore[no-untyped-def]
    loop = Folder(2, "Inbox", [letter("x")], [])
    loop._folders.append(loop)
    assert store(Folder(290, "", [], [loop])).below("a.pst") == ["a.pst!Inbox/0"]


def test_messages_that_a_folder_counts_and_does_not_list_are_said(store) -> None:  # type: ignore[no-untyped-def]
    item = store(Folder(290, "", [letter("x")], [Folder(3, "Search", [], [], count=9)], count=3)).items["a.pst"]
    assert (item.status, item.error_code) == (Status.PARTIAL, "container.messages_missing")
    assert item.notes == ("container.messages: 3 by the folders' own count, 1 listed in them",)


def test_a_folder_that_claims_a_flood_of_messages_is_limited(store) -> None:  # type: ignore[no-untyped-def]
    flood = Folder(2, "Flood", [], [])
    flood.get_number_of_sub_messages = lambda: 2**31  # type: ignore[method-assign]
    found = store(Folder(290, "", [letter("x")], [flood]))
    assert (found.items["a.pst"].status, found.items["a.pst"].error_code) == (Status.LIMITED, "limit.members")
    assert found.below("a.pst") == ["a.pst!0"]


def test_without_the_extra_the_row_says_which_one_is_missing(examine, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(sys.modules, "pypff", None)
    item = examine({"a.pst": HEAD, "b.eml": b"From: a@b.example\r\n\r\n"}).items["a.pst"]
    assert (item.kind, item.status, item.error_code) == (Kind.MAILBOX, Status.ERROR, "container.needs_pst_extra")
    assert "leak-triage[pst]" in item.notes[0] and item.sha256 is not None


def test_what_only_begins_like_one_is_an_error_row(examine) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("pypff")
    item = examine({"a.pst": HEAD}).items["a.pst"]
    assert (item.status, item.error_code, item.holds_messages) == (Status.ERROR, "container.damaged", True)


# ---- a file that these tests write, read by libpff


def written() -> bytes:
    mails = [
        {0x0037001F: text("The hall"), 0x0C1F001F: text("claire@campaign.example"), 0x1000001F: text("Booked.")},
        {0x0037001F: text("A list"), 0x007D001F: text("From: Anna <anna@campaign.example>\r\nSubject: A list\r\n\r\n")},
    ]
    return mailbox(("Inbox", mails), ("Sent", [mails[0]]), ("Empty", []))


def test_a_mailbox_gives_the_messages_of_each_folder(examine) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("pypff")
    found = examine({"a.pst": written()})
    assert found.below("a.pst") == ["a.pst!Inbox/0", "a.pst!Inbox/1", "a.pst!Sent/0"]
    first, second, _ = (found.items[path] for path in found.below("a.pst"))
    assert (first.kind, first.subject, first.from_email) == (Kind.EMAIL, "The hall", "claire@campaign.example")
    assert second.from_email == "anna@campaign.example" and found.texts["a.pst!Inbox/0"].text == "Booked."
    assert found.items["a.pst"].notes == ("container.messages: 3 by the folders' own count, 3 listed in them",)
    assert {item.status for item in found.items.values()} == {Status.OK}


# ---- files of public packages: npm pst-extractor (enron.pst) and org.apache.tika:tika-parsers:tests (testPST.pst)


def public(name: str) -> bytes:
    pytest.importorskip("pypff")
    path = FIXTURES / name
    if not path.exists():
        pytest.skip(f"needs {name} in the folder that CONTAINER_FIXTURES names")
    return path.read_bytes()


def test_a_public_mailbox_gives_all_its_messages(examine) -> None:  # type: ignore[no-untyped-def]
    found = examine({"enron.pst": public("enron.pst")})
    messages = [item for item in found.items.values() if item.kind is Kind.EMAIL]
    assert len(messages) == 71 and all(item.from_email or item.from_name or item.subject for item in messages)
    assert found.items["enron.pst"].notes == ("container.messages: 71 by the folders' own count, 71 listed in them",)
    assert {item.status for item in found.items.values()} == {Status.OK}


@pytest.mark.parametrize("form", [ansi, with_password])
def test_an_old_form_and_one_with_a_password_give_the_same_messages(examine, form) -> None:  # type: ignore[no-untyped-def]
    """No package at hand carries such a file, so a public one is rewritten; libpff knows neither writer."""
    octets = public("testPST.pst")
    found = examine({"a.pst": octets, "b.pst": form(octets)})
    first, second = ([found.items[path] for path in found.below(name)] for name in ("a.pst", "b.pst"))
    assert len(first) == 7 and {item.status for item in (*first, *second)} == {Status.OK}
    assert [(item.subject, item.from_email, item.sha256) for item in first] == [
        (item.subject, item.from_email, item.sha256) for item in second
    ]


@pytest.mark.parametrize(
    "make",
    [
        written,
        lambda: public("testPST.pst"),
        lambda: ansi(public("testPST.pst")),
        lambda: with_password(public("testPST.pst")),
    ],
    ids=["written", "public", "ansi", "with_password"],
)
def test_no_mutation_loses_a_row_or_takes_the_process_down(tmp_path: Path, make: Callable[[], bytes]) -> None:
    """In a process of its own: libpff is C."""
    pytest.importorskip("pypff")
    dump = tmp_path / "dump"
    dump.mkdir()
    for number, octets in enumerate(mutations(make(), seed=3, keep=4)):
        (dump / f"{number:03}.pst").write_bytes(octets)
    script = (
        "import os, sys, tempfile\n"
        "from transforms.limits import LIMITS\n"
        "from transforms.plan import plan_units\n"
        "from transforms.unit import examine_unit\n"
        "from transforms.unpack.rows import Settings\n"
        "from transforms.watch import UNWATCHED\n"
        "root = os.fsencode(sys.argv[1])\n"
        "units = plan_units(root, LIMITS)\n"
        "found = [examine_unit(unit, root, Settings(LIMITS), tempfile.TemporaryFile, UNWATCHED) for unit in units]\n"
        "print(sum(not item.depth and item.sha256 is not None for unit in found for item in unit.items))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(dump)], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr
