"""Mail that carries office documents, for the tests of what the dump says about their editors."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from office_file import docx

_FIRST = datetime(2017, 3, 27, 10, 0, tzinfo=UTC)


def documents(
    editors: tuple[str, ...], name: str = "d", minutes: int = 600, language: str = "fr-FR"
) -> dict[str, bytes]:
    """A letter last saved by each of them, so many minutes apart."""
    saved = (_FIRST + number * timedelta(minutes=minutes) for number in range(len(editors)))
    return {
        f"{name}{number}.docx": docx(
            author="Anaïs Ferrand", editor=editor, modified=f"{moment:%Y-%m-%dT%H:%M:%SZ}", language=language
        )
        for number, (editor, moment) in enumerate(zip(editors, saved, strict=True))
    }


def carrying(attached: dict[str, bytes], author: str = "claire@campaign.example") -> bytes:
    """A mail with these documents, LF."""
    parts = "".join(
        f'--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(octets).decode()}"
        for name, octets in attached.items()
    )
    return (
        f"From: <{author}>\nTo: desk@newsroom.example\nSubject: Documents\nDate: Mon, 24 Apr 2017 10:00:00 +0000\n"
        f"Message-ID: <{len(parts)}@campaign.example>\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nVoici.\n{parts}--b--\n'
    ).encode()
