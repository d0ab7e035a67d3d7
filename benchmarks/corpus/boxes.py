"""The files that mail lies in: folders of .eml, mbox, Maildir, zip; and the path that each item then has."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import forms

from corpus.damages import date_in_utc, name_dropped
from corpus.scene import DAMAGED, HONEST, Label, Placed
from corpus.world import ARCHIVE, INSIDERS, Person

Labelled = tuple[str, Label]  # path in the dump

_RNG = random.Random(0)  # what every damage is given; these two draw nothing from it
_SENT = "sent@relay.example Sun Jan  1 00:00:00 2017"


def write(dump: Path, placed: Iterable[Placed]) -> list[Labelled]:
    """Put everything into the dump; path and label of each item that has one."""
    found: list[Labelled] = []
    by_box: dict[Person, list[Placed]] = {person: [] for person in (*INSIDERS, ARCHIVE)}
    for one in placed:
        if one.box is not None:
            by_box[one.box].append(one)
            continue
        path = dump / one.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            assert path.read_bytes() == one.octets, one.name
            continue
        path.write_bytes(one.octets)
        found += [(one.name + part, label) for part, label in one.labels.items()]
    for number, (person, mails) in enumerate(by_box.items()):
        if person == ARCHIVE:
            mails = [_exported(one) for one in mails]
        paths = _FORMS[number % len(_FORMS)](dump, f"boxes/{person.local_part}", [one.octets for one in mails])
        for path, one in zip(paths, mails, strict=True):
            found += [(path + part, label) for part, label in one.labels.items()]
    return found


def _exported(one: Placed) -> Placed:
    """An exporter that treats a whole box alike."""
    labels = {
        part: replace(label, truth=DAMAGED, recipe="whole_box_exported", provable=False)
        for part, label in one.labels.items()
        if label.truth == HONEST
    }
    return replace(one, octets=name_dropped(date_in_utc(one.octets, _RNG), _RNG), labels=labels)


def _eml(dump: Path, name: str, mails: Sequence[bytes]) -> list[str]:
    (dump / name).mkdir(parents=True, exist_ok=True)
    paths = [f"{name}/{number:05d}.eml" for number in range(len(mails))]
    for path, octets in zip(paths, mails, strict=True):
        (dump / path).write_bytes(octets)
    return paths


def _mbox(dump: Path, name: str, mails: Sequence[bytes]) -> list[str]:
    """mboxrd: each line of a message that begins with From and any number of > before it gets one more."""
    (dump / name).parent.mkdir(parents=True, exist_ok=True)
    out, paths = bytearray(), []
    for octets in mails:
        paths.append(f"{name}.mbox!@{len(out)}")
        lines = re.sub(rb"(?m)^(>*From )", rb">\1", octets.replace(b"\r\n", b"\n"))
        out += f"From {_SENT}\n".encode() + lines + (b"\n" if lines.endswith(b"\n") else b"\n\n")
    (dump / f"{name}.mbox").write_bytes(out)
    return paths


def _maildir(dump: Path, name: str, mails: Sequence[bytes]) -> list[str]:
    for folder in ("cur", "new", "tmp"):
        (dump / name / folder).mkdir(parents=True, exist_ok=True)
    paths = [f"{name}/cur/{1_480_000_000 + number}.M{number}P7.host:2,S" for number in range(len(mails))]
    for path, octets in zip(paths, mails, strict=True):
        (dump / path).write_bytes(octets.replace(b"\r\n", b"\n"))
    return paths


def _zip(dump: Path, name: str, mails: Sequence[bytes]) -> list[str]:
    (dump / name).parent.mkdir(parents=True, exist_ok=True)
    names = [f"mail/{number:05d}.eml" for number in range(len(mails))]
    (dump / f"{name}.zip").write_bytes(forms.zip_of(list(zip(names, mails, strict=True))))
    return [f"{name}.zip!{member}" for member in names]


_FORMS: tuple[Callable[[Path, str, Sequence[bytes]], list[str]], ...] = (_eml, _mbox, _maildir, _zip)
