"""The search for the body that was signed: its order, its budgets, and what it must not touch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from transforms.auth.canonical import body_digests, hash_of
from transforms.auth.prepare import prepare
from transforms.auth.repair import body
from transforms.auth.repair.encoding import AS_ENCODING
from transforms.limits import KIB, LIMITS, MIB
from transforms.mail.fields import split_message
from transforms.mail.reading import read_one_way
from transforms.model import Message
from transforms.span import in_memory

HEADER = (
    b"From: Joe <joe@football.example>\r\nSubject: x\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: %s\r\n\r\n"
)
PLAIN = HEADER % b"text/plain; charset=utf-8"
MIXED = HEADER % b"multipart/mixed; boundary=b"


def restored(octets: bytes) -> body.Restoration:
    message = split_message(in_memory(octets))
    reading = read_one_way(message)
    return body.restore(message, reading, prepare(message, reading, body_digests(message.body.chunks())), lambda: None)


class Counting:
    """A hash that counts what is fed to it."""

    octets = 0
    states = 0

    def __init__(self, algorithm: str) -> None:
        type(self).states += 1
        self._digest = hash_of(algorithm)

    def update(self, octets: bytes) -> None:
        type(self).octets += len(octets)
        self._digest.update(octets)

    def copy(self) -> Any:
        return self._digest.copy()

    def digest(self) -> bytes:
        return self._digest.digest()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    Counting.octets = Counting.states = 0
    monkeypatch.setattr(body, "hash_of", Counting)
    return Counting


@pytest.mark.parametrize(
    "text",
    [
        PLAIN + b">From me\r\n" * 6 + b"\r\n".join(b"word %d  " % at for at in range(2_000)),
        PLAIN + b"\r\n" * 5_000 + b"x\r\n",
        PLAIN + b"a\r\n" * 300_000,
        PLAIN + b"--\r\n.\r\n\r\r\n>From x\r\nhttps://urldefense.com/v3/__" * 2_000,
        PLAIN + b" " * MIB,
        MIXED + b"--b\r\n\r\n--\r\nx\r\n\r\ny\r\n" * 400 + b"--b--\r\n",
        MIXED + b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n" * 400 + b"--b--\r\n",
        PLAIN.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") + b"QUJD\r\n" * 200_000,
    ],
)  # fmt: skip
def test_a_hostile_body_costs_no_more_than_the_budgets(text: bytes, signer: Any, counted: type[Counting]) -> None:
    signed = signer.sign(PLAIN + b"something else\r\n", c="simple/simple")
    found = restored(signed[: signed.index(b"From: Joe")] + text)
    size = len(text)
    assert not found.signatures[0].body_ok
    assert counted.octets <= min(LIMITS.repair_factor * max(size, LIMITS.repair_small), LIMITS.repair_octets)
    assert counted.states <= LIMITS.repair_trials


@pytest.mark.parametrize("change", [lambda m: m, lambda m: m.replace(b"bh=", b"bx=")])
def test_nothing_is_hashed_for_mail_that_matches_or_cannot_be_tried(
    change: Callable[[bytes], bytes], signer: Any, counted: type[Counting]
) -> None:
    restored(change(signer.sign(PLAIN + b"Hi.\r\n")))
    restored(PLAIN + b"unsigned\r\n")
    assert counted.states == 0


def test_the_worker_is_known_to_be_alive_before_every_repair(signer: Any) -> None:
    message = split_message(in_memory(signer.sign(PLAIN + b"Hi.\r\n") + b"No.\r\n" + b"x"))
    reading = read_one_way(message)
    signatures = prepare(message, reading, body_digests(message.body.chunks()))
    signatures = (signatures[0]._replace(body_hash=bytes(32)),)
    calls: list[int] = []
    body.restore(message, reading, signatures, lambda: calls.append(1))
    repairs = len(body.REPAIRS) - len(body._SIMPLE)
    assert len(calls) > repairs


def test_no_text_is_encoded_twice() -> None:
    section = PLAIN.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
    trials = body._trials(split_message(in_memory(section + b"caf=C3=A9\r\n")), True, lambda: None)
    tried = [set(trial.names) for trial, _ in trials]
    assert {"as_base64", "blank_lines"} in tried
    assert not any(len(names & AS_ENCODING.keys()) > 1 for names in tried)


def test_what_a_repair_leaves_as_it_was_is_not_tried_again() -> None:
    section = PLAIN.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
    message = split_message(in_memory(section + b"SGk=\r\n"))  # wrapped already as base64_lines wraps it
    tried = [trial.message for trial, _ in body._trials(message, True, lambda: None)]
    assert tried.count(message) == 1


def test_a_notice_above_a_multipart_is_taken_off(signer: Any) -> None:
    signed = signer.sign(MIXED + b"--b\r\n\r\nHi.\r\n--b--\r\n")
    found = restored(signed.replace(b"\r\n\r\n--b", b"\r\n\r\nBeware.\r\n--b", 1))
    assert found.signatures[0].repairs == "banner"


def test_the_search_stops_at_the_first_match(signer: Any, counted: type[Counting]) -> None:
    signed = signer.sign(PLAIN + b"Hi.\r\n")
    assert restored(signed + b"footer\r\n").signatures[0].repairs == "footer"
    assert counted.states == 1


def test_each_signature_of_a_message_is_repaired_for_itself(signer: Any) -> None:
    inner = signer.sign(PLAIN + b"Hi.\r\n")
    outer = signer.sign(inner + b"our list\r\n", h="from:subject:date")
    found = restored(outer).signatures
    assert [(one.body_ok, one.repairs) for one in found] == [(True, ""), (True, "footer")]
    lost = restored(outer + b"and an archive\r\n").signatures
    assert [(one.body_ok, one.repairs) for one in lost] == [(True, "footer"), (True, "footer")]


def test_a_footer_is_looked_for_in_the_last_octets_only(signer: Any) -> None:
    signed = signer.sign(PLAIN + b"Hi.\r\n")
    line = b"0123456789abcde\r\n"
    near = restored(signed + line * (60 * KIB // len(line)))
    far = restored(signed + line * (70 * KIB // len(line)))
    assert near.signatures[0].body_ok and not far.signatures[0].body_ok


def test_no_footer_begins_above_lines_of_an_attachment(signer: Any) -> None:
    encoded = b"QUJD" * 19 + b"\r\n"
    signed = signer.sign(PLAIN + b"Hi.\r\n" + encoded)
    below = restored(signed + b"our list\r\n")
    above = restored(signer.sign(PLAIN + b"Hi.\r\n") + b"our list\r\n" + encoded)
    assert below.signatures[0].repairs == "footer"
    assert not above.signatures[0].body_ok


def test_the_kept_fields_are_those_that_were_hashed(signer: Any) -> None:
    text = PLAIN.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n") + "é\r\n".encode()
    signed = signer.sign(text).replace(b"8bit", b"quoted-printable").replace("é".encode(), b"=C3=A9")
    found = restored(signed)
    assert isinstance(found.fields_of, Message)
    (field,) = found.fields_of.named("content-transfer-encoding")
    assert field.value.strip() == b"8bit"


def test_restored_octets_are_named_by_their_hash(signer: Any) -> None:
    signed = signer.sign(PLAIN + b"Hi.\r\n")
    (one,) = restored(signed + b"footer\r\n").signatures
    digest = hash_of("sha256")
    digest.update(b"Hi.\r\n")
    assert one.restored_sha256 == digest.digest()
    assert (one.shown, one.signed) == ("footer", "")
