"""What did the program that exported a message write into it, or keep beside it?

readpst makes the MIME structure anew from an Outlook file, as no part of it was kept there; Google Takeout puts
the thread and the labels of Gmail on top of the header section.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from transforms.limits import LIMITS
from transforms.mail.words import decode_words
from transforms.model import Message

REBUILT, EXPORTED = "mail.rebuilt", "mail.exported"  # codes of such notes
_READPST = "-boundary-LibPST-iamunique-"  # libpst, readpst.c: before a number, in every multipart
_THREAD, _LABELS = "x-gm-thrid", "x-gmail-labels"


def notes(message: Message, boundaries: Iterable[str]) -> Iterator[str]:
    """boundaries are those of the message's multiparts."""
    if any(_READPST in boundary for boundary in boundaries):
        yield f"{REBUILT}: readpst"
    gmail = {field.key: field.value for field in message.fields if field.key == _THREAD or field.key == _LABELS}
    if gmail:
        said = (
            f"{name} {decode_words(gmail[key], LIMITS.display)}"
            for key, name in ((_THREAD, "thread"), (_LABELS, "labels"))
            if key in gmail
        )
        yield f"{EXPORTED}: Google Takeout, {', '.join(said)}"
