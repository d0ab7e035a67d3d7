"""What exporters leave in a message, and what only looks like it."""

from __future__ import annotations

from transforms.mail.exporter import notes
from transforms.mail.fields import split_message
from transforms.span import in_memory


def noted(fields: bytes, *boundaries: str) -> list[str]:
    return list(notes(split_message(in_memory(fields + b"\r\n")), boundaries))


def test_readpst_is_told_by_its_boundary() -> None:
    assert noted(b"From: a@b.example\r\n", "B", "--boundary-LibPST-iamunique-1294969834_-_-") == [
        "mail.rebuilt: readpst"
    ]
    assert noted(b"From: a@b.example\r\nSubject: LibPST-iamunique-\r\n", "B") == []


def test_gmails_thread_and_labels_are_told_as_far_as_they_stand() -> None:
    assert noted(b"X-Gmail-Labels: =?utf-8?q?Envoy=C3=A9?=\r\n") == ["mail.exported: Google Takeout, labels Envoyé"]
    assert noted(b"X-GM-THRID: 15\r\n") == ["mail.exported: Google Takeout, thread 15"]
    assert noted(b"X-Gmail-Received: 15\r\n") == []
