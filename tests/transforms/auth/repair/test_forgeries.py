"""Whatever is edited, no mail is verified with the edited text shown (VERDICT §8).

Another reader, the standard library's, says what each edited mail shows. 1,000 random edits, and 300
shaped like each repair, to mail that is honest and signed.
"""

from __future__ import annotations

import base64
import hashlib
import quopri
import random
import re
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

RANDOM_EDITS = 1_000
SHAPED_EDITS = 300  # of each shape

PLAIN = (
    "From: Joe SixPack <joe@football.example>\r\nTo: Suzie Q <suzie@shopping.example>\r\n"
    "Subject: {subject}\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700\r\nMessage-ID: <dinner.1@football.example>\r\n"
    "List-Id: <dinners.lists.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: {encoding}\r\n\r\n"
)
TEXT = (
    "Hi Suzie,\r\n\r\nWe lost the game against Brisbane, 3 to 1. Are you hungry yet?\r\n"
    "The café opens at eight, and the bill of 400 euro is paid.\r\n\r\n-- \r\nJoe\r\n"
).encode()
MULTIPART = (
    "From: Joe SixPack <joe@football.example>\r\nTo: Suzie Q <suzie@shopping.example>\r\n"
    "Subject: The menu\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700\r\nMessage-ID: <menu.1@football.example>\r\n"
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_b1"\r\n\r\n'
    "--=_b1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    "The menu is attached; dinner costs 40 euro.\r\n\r\n"
    "--=_b1\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    'Content-Disposition: attachment; filename="menu.bin"\r\n\r\n{attachment}\r\n--=_b1--\r\n'
)
FULL = "from:to:subject:date:message-id:mime-version:content-type:content-transfer-encoding"
BARE = "from:to:subject:date"


def honest(signer: Any) -> list[bytes]:
    attachment = base64.encodebytes(bytes(range(256)) * 2).decode().strip().replace("\n", "\r\n")
    plain = PLAIN.format(subject="Is dinner ready?", encoding="8bit").encode() + TEXT
    quoted = PLAIN.format(subject="Is dinner ready?", encoding="quoted-printable").encode()
    quoted += quopri.encodestring(TEXT.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    encoded = PLAIN.format(subject="=?utf-8?q?Caf=C3=A9?=", encoding="base64").encode()
    encoded += base64.encodebytes(TEXT).replace(b"\n", b"\r\n")
    parted = MULTIPART.format(attachment=attachment).encode()
    mails = (plain, quoted, encoded, parted)
    ways = [(h, c) for h in (FULL, BARE) for c in ("relaxed/relaxed", "simple/simple")]
    return [signer.sign(mail, h=h, c=c) for mail in mails for h, c in ways]


def shown(octets: bytes) -> tuple[Any, ...]:
    """Author, subject, instant, texts and attachments, by the standard library."""
    head, body = split(octets)  # where a blank before a colon (RFC 5322 §4.5) ends the header section
    octets = re.sub(rb"(?m)^([A-Za-z-]+)[ \t]+:", rb"\1:", head) + b"\r\n" + body
    message = BytesParser(policy=policy.default).parsebytes(octets)
    assert isinstance(message, EmailMessage)
    parts = []
    for part in message.walk():
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True) or b""
        assert isinstance(content, bytes)
        if part.get_content_type() in ("text/plain", "text/html") and part.get_filename() is None:
            text = content.decode(part.get_content_charset("utf-8"), "replace")
            parts.append("\n".join(line.rstrip() for line in text.splitlines()).strip("\n"))
        else:
            parts.append(hashlib.sha256(content).hexdigest())
    instant = parsedate_to_datetime(str(message["Date"]))
    author = getaddresses([str(message["From"])])
    return author, " ".join(str(message["Subject"]).split()), instant, parts


def split(mail: bytes) -> tuple[bytes, bytes]:
    head, _, body = mail.partition(b"\r\n\r\n")
    return head + b"\r\n", body


def in_header(mail: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    head, body = split(mail)
    pattern = re.compile(rb"(?m)^(%s: )(.*)\r$" % name.encode())
    changed = pattern.sub(lambda match: match[1] + change(match[2]) + b"\r", head, count=1)
    return changed + b"\r\n" + body


def words(dice: random.Random) -> bytes:
    return b" ".join(dice.choice((b"pay", b"9400", b"euro", b"now", b"to", b"Kappa", b"ltd")) for _ in range(4))


def edited_at_random(mail: bytes, dice: random.Random) -> bytes:
    """Octets or lines inserted, replaced, taken away or exchanged, anywhere below the signature."""
    start = re.search(rb"\r\n(?![ \t])", mail)
    assert start is not None
    low = start.end()
    at = dice.randrange(low, len(mail))
    kind = dice.randrange(6)
    if kind == 0:
        return mail[:at] + bytes([dice.randrange(32, 127)]) + mail[at:]
    if kind == 1:
        return mail[:at] + bytes([dice.randrange(256)]) + mail[at + 1 :]
    if kind == 2:
        return mail[:at] + mail[at + dice.randrange(1, 40) :]
    if kind == 3:
        return mail[:at] + words(dice) + mail[at:]
    lines = mail[low:].split(b"\r\n")
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    if kind == 4:
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines.insert(one, words(dice))
    return mail[:low] + b"\r\n".join(lines)


Edit = Callable[[bytes, random.Random], bytes]


def header_edit(name: str, change: Callable[[bytes, random.Random], bytes]) -> Edit:
    return lambda mail, dice: in_header(mail, name, lambda value: change(value, dice))


LIST_FOOTER = b"_______________________________________________\r\nDinners mailing list\r\n"
LIST_PAGE = b"@lists.example\r\nhttps://lists.example/mailman/listinfo/dinners\r\n"
GATEWAY = b"https://urldefense.proofpoint.com/v2/url?u=https-3A__%s&d=x Are you"


def from_a_list(mail: bytes, dice: random.Random) -> bytes:
    name = b"Joe " + words(dice).replace(b" ", b"") + b" via Dinners <dinners@lists.example>"
    mail = in_header(mail, "From", lambda _: name)
    return mail.replace(b"To: Suzie", b"Reply-To: Joe SixPack <joe@football.example>\r\nTo: Suzie", 1)


def dotted(mail: bytes, dice: random.Random) -> bytes:
    head, body = split(mail)
    return head + b"\r\n" + re.sub(rb"(?m)^(?=[A-Z])", b".", body) + words(dice)


SHAPES: dict[str, Edit] = {
    "tag": header_edit("Subject", lambda value, dice: b"[" + words(dice) + b"] " + value),
    "tag_like_shipped": header_edit("Subject", lambda value, dice: b"[EXTERNAL " + words(dice) + b"] " + value),
    "tagged_and_changed": header_edit("Subject", lambda value, dice: b"[EXTERNAL] " + value + b" " + words(dice)),
    "footer": lambda mail, dice: mail + b"\r\n_______________\r\n" + words(dice) + b"\r\n",
    "footer_of_a_list": lambda mail, dice: mail + LIST_FOOTER + words(dice) + LIST_PAGE,
    "banner": lambda mail, dice: mail.replace(b"\r\n\r\n", b"\r\n\r\nCAUTION: " + words(dice) + b"\r\n\r\n", 1),
    "wrapper_part": lambda mail, dice: wrapped_in_a_list(mail, words(dice)),
    "display_name": header_edit("From", lambda _, dice: b'"' + words(dice) + b'" <joe@football.example>'),
    "list_munging": from_a_list,
    "length_tail": lambda mail, dice: mail + words(dice) + b"\r\n",
    "charset": header_edit(
        "Content-Type", lambda value, dice: value.replace(b"utf-8", dice.choice((b"cp037", b"utf-7", b"cp1251")))
    ),
    "encoding": header_edit(
        "Content-Transfer-Encoding", lambda _, dice: dice.choice((b"base64", b"quoted-printable", b"8bit", b"x-uue"))
    ),
    "recoded": lambda mail, dice: recoded(mail, dice),
    "subtype": header_edit(
        "Content-Type", lambda value, _: value.replace(b"plain", b"html").replace(b"mixed", b"alternative")
    ),
    "cut_at_nul": lambda mail, dice: mail[: -dice.randrange(1, 60)] + b"\0" + words(dice),
    "date": header_edit("Date", lambda value, dice: value.replace(b"21:00", b"%02d:00" % dice.randrange(20))),
    "date_with_words": header_edit("Date", lambda _, dice: b"Sat, 12 Jul 2003 04:00:37 +0000 (" + words(dice) + b")"),
    "dots": dotted,
    "quoted_from": lambda mail, dice: mail + b">From " + words(dice) + b"\r\n",
    "link": lambda mail, dice: mail.replace(b"Are you", GATEWAY % words(dice).replace(b" ", b"")),
}


def wrapped_in_a_list(mail: bytes, text: bytes) -> bytes:
    head, body = split(mail)
    inner = re.findall(rb"(?m)^Content-[^\r]*\r\n(?:[ \t][^\r]*\r\n)*", head)
    for one in inner:
        head = head.replace(one, b"")
    return (
        head + b'Content-Type: multipart/mixed; boundary="list"\r\n\r\n--list\r\n' + b"".join(inner) + b"\r\n" + body
        + b"\r\n--list\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n" + text + b"\r\n--list--\r\n"
    )  # fmt: skip


def recoded(mail: bytes, dice: random.Random) -> bytes:
    """The text in another encoding, with other words in it."""
    if b"base64\r\n\r\nSGk" not in mail and b"8bit\r\n\r\nHi" not in mail:
        return in_header(mail, "Subject", lambda v: v + words(dice))
    changed = TEXT.replace(b"400 euro", words(dice))
    head, _ = split(mail)
    head = head.replace(b"8bit", b"base64") if b"8bit" in head else head
    return head + b"\r\n" + base64.encodebytes(changed).replace(b"\n", b"\r\n")


def judge_all(edits: dict[str, tuple[bytes, bytes]], dump: Path, judged: Any, signer: Any) -> dict[str, Any]:
    """Rows of edited mails that are verified, each shown to say what was signed."""
    for name, (_, changed) in edits.items():
        (dump / name).write_bytes(changed)
    rows = judged(dump, [signer.key()])
    verified = {name: rows[name] for name in edits if rows[name]["verdict"] == "verified"}
    for name, row in verified.items():
        original, changed = edits[name]
        author, subject, instant, parts = shown(original)
        assert (row["from_name"] or "", row["from_email"]) == author[0], name
        assert row["subject"] == subject, name
        assert row["date_utc"] == instant, name
        assert shown(changed)[3] == parts, (name, row["repairs"])
        assert not any(word in (row["date_raw"] or "") for word in ("pay", "euro", "Kappa")), name
    assert not any(rows[name]["verdict"] == "suspected_fake" for name in edits)
    return verified


@pytest.mark.parametrize("shape", SHAPES)
def test_no_edit_shaped_like_a_repair_is_verified_with_its_text(
    shape: str, tmp_path: Path, judged: Any, signer: Any
) -> None:
    dice = random.Random(shape)
    mails = honest(signer)
    edits = {}
    for number in range(SHAPED_EDITS):
        original = mails[number % len(mails)]
        edits[f"{number}.eml"] = original, SHAPES[shape](original, dice)
    judge_all(edits, tmp_path, judged, signer)


def test_no_random_edit_is_verified_with_its_text(tmp_path: Path, judged: Any, signer: Any) -> None:
    dice = random.Random(6376)
    mails = honest(signer)
    edits = {}
    for number in range(RANDOM_EDITS):
        original = mails[number % len(mails)]
        edits[f"{number}.eml"] = original, edited_at_random(original, dice)
    judge_all(edits, tmp_path, judged, signer)


def test_the_mails_are_verified_before_they_are_edited(tmp_path: Path, judged: Any, signer: Any) -> None:
    mails = {f"{number}.eml": (mail, mail) for number, mail in enumerate(honest(signer))}
    assert len(judge_all(mails, tmp_path, judged, signer)) == len(mails)
