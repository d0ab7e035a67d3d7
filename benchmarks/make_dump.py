"""Makes a dump to measure on: the same octets for the same seed, on every machine.

    python benchmarks/make_dump.py OUT --messages 20000 --seed 1 --form eml|mbox|zip|maildir [--attachment OCTETS]

OUT is a folder with the mail; beside it lie OUT-truth.csv (path, truth) and OUT-keys.csv (for
`--keys`). truth is valid, tampered (one letter of the body, or the subject) or unsigned.

A mail takes 125 KB on average, as in the leak of May 2017 (9 GB in 71,848 mails). The rest are
assumptions: text log-normal with median 3.5 KB and sigma 1.1, 60 % with an HTML alternative; 35 %
with 1 to 5 attachments, log-normal with median 75 KB (--attachment) and sigma 1.3 (40 % PDF, 35 % docx, 25 % JPEG;
their contents are random octets), 12 % of them drawn from 200 documents that recur; 70 % signed,
6 % of these tampered with; c= relaxed/relaxed 75 %, relaxed/simple 15 %, simple/simple 10 %; 5 % of
the signed with a second signature; one domain in eight with a 1024-bit key; 30 % of files with LF
line ends (all of an mbox).
Keys are the worthless test keys of the sample dump.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import quopri
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email.utils import formatdate
from functools import cache
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PRIVATE_KEYS = Path(__file__).parents[1] / "sample_dump" / "private_keys"
KEY_NAMES = (
    "campaign",
    "newspaper",
    "law_office",
    "impostor",
    "pollster",
    "newspaper_2012",
    "campaign",
    "printer_1024",
)
DOMAINS = 40
FILES_A_FOLDER = 1000
RECURRING = 200  # documents
ATTACHMENT = 75_000  # octets, the median
START = 1_483_228_800  # 2017-01-01
SIGNED = "from:to:subject:date:message-id:mime-version:content-type:content-transfer-encoding"

VOCABULARY = """
budget réunion campaign hall invoice payment member lettre journal presse printed support vendredi Monday question
answer détail figure account report held minutes signed letter agreed sent planned été public private note train
local national amount version draft final copy please merci regards again before after during without between
"""


WORDS = VOCABULARY.split()


@dataclass(frozen=True, slots=True)
class Made:
    """One message."""

    octets: bytes  # CRLF
    truth: str  # valid | tampered | unsigned
    lf: bool  # to be written with LF line ends


class Generator:
    """Messages from a seed."""

    def __init__(self, seed: int, attachment: int = ATTACHMENT) -> None:
        self.rng = random.Random(seed)
        self.attachment = attachment
        self.keys = [_private_key(KEY_NAMES[n % len(KEY_NAMES)]) for n in range(DOMAINS)]
        self.lines = [self._line() for _ in range(5000)]
        self.recurring = [self._document() for _ in range(RECURRING)]

    def _line(self) -> str:
        line = " ".join(self.rng.choices(WORDS, k=self.rng.randint(6, 12)))
        roll = self.rng.random()  # white space that the two canonical forms treat differently
        if roll < 0.03:
            return line + " "
        return line.replace(" ", "  ", 1) if roll < 0.06 else line

    def _size(self, median: float, sigma: float) -> int:
        return min(int(median * self.rng.lognormvariate(0, sigma)), 5_000_000) + 64

    def _document(self) -> tuple[str, bytes]:
        """(file ending, octets) with a real beginning and random contents."""
        octets = self.rng.randbytes(self._size(self.attachment, 1.3))
        roll = self.rng.random()
        if roll < 0.40:
            body = b"1 0 obj\n<< /Length %d >>\nstream\n%b\nendstream\nendobj\n" % (len(octets), octets)
            return "pdf", b"%PDF-1.5\n" + body + b"trailer\n<< /Size 2 >>\nstartxref\n9\n%%EOF\n"
        if roll < 0.75:
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as package:
                for name, member in (("[Content_Types].xml", b"<Types/>"), ("word/document.xml", octets)):
                    package.writestr(zipfile.ZipInfo(name), member)
            return "docx", out.getvalue()
        return "jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + octets + b"\xff\xd9"

    def _text(self) -> str:
        return "\n".join(self.rng.choices(self.lines, k=max(1, self._size(3_500, 1.1) // 62))) + "\n"

    def message(self, number: int) -> Made:
        rng = self.rng
        text = self._text()
        parts = [_text_part("plain", text, rng.choice(("8bit", "8bit", "quoted-printable", "base64")))]
        if rng.random() < 0.6:
            html = "<html><body>\n<p>" + text.replace("\n", "</p>\n<p>") + "</p>\n</body></html>\n"
            parts.append(_text_part("html", html, rng.choice(("8bit", "quoted-printable"))))
        boundary = f"=_{number:08d}"
        top = parts[0] if len(parts) == 1 else _multipart(boundary + "a", "alternative", parts)
        if rng.random() < 0.35:
            attached = [self._attachment() for _ in range(min(5, 1 + int(rng.expovariate(1.2))))]
            top = _multipart(boundary, "mixed", [top, *attached])
        domain = rng.randrange(DOMAINS)
        when = START + number * 600 + rng.randrange(600)
        fields = [
            ("From", f'"Person {number % 97}" <p{number % 97}@d{domain:02d}.example>'),
            ("To", f"<r{rng.randrange(50)}@newsroom.example>"),
            ("Subject", " ".join(rng.choices(WORDS, k=5)).encode("ascii", "ignore").decode()),
            ("Date", _date(when)),
            ("Message-ID", f"<{number}.{when}@d{domain:02d}.example>"),
            ("MIME-Version", "1.0"),
            *top[0],
        ]
        roll, truth = rng.random(), "unsigned"
        if roll < 0.70:
            canonicalization = rng.choices(("relaxed/relaxed", "relaxed/simple", "simple/simple"), (75, 15, 10))[0]
            signers = [domain] + ([(domain + 1) % DOMAINS] if rng.random() < 0.05 else [])
            signatures = b"".join(self._signature(d, when, canonicalization, fields, top[1]) for d in signers)
            truth = "valid"
        else:
            signatures = b""
        body = top[1]
        if roll < 0.042:
            truth = "tampered"
            if rng.random() < 0.5:
                body = _one_letter_changed(body)
            else:
                fields = [(n, v + " now" if n == "Subject" else v) for n, v in fields]
        trace = (
            f"Return-Path: <p@d{domain:02d}.example>\r\nReceived: from mx.d{domain:02d}.example (192.0.2.{domain})\r\n"
            f"\tby mx.newsroom.example with ESMTPS id {number:08x};\r\n\t{_date(when + 4)}\r\n"
        )
        return Made(trace.encode() + signatures + _header(fields) + b"\r\n" + body, truth, rng.random() < 0.30)

    def _attachment(self) -> Part:
        recurring = self.rng.random() < 0.12
        ending, octets = self.rng.choice(self.recurring) if recurring else self._document()
        name = f"{self.rng.choice(WORDS)}-{self.rng.randrange(1000)}.{ending}".encode("ascii", "ignore").decode()
        media_type = {
            "pdf": "application/pdf",
            "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "jpg": "image/jpeg",
        }[ending]
        fields = [
            ("Content-Type", media_type),
            ("Content-Transfer-Encoding", "base64"),
            ("Content-Disposition", f'attachment; filename="{name}"'),
        ]
        return fields, base64.encodebytes(octets).replace(b"\n", b"\r\n")

    def _signature(self, domain: int, when: int, canonicalization: str, fields: list[Field], body: bytes) -> bytes:
        header_form, body_form = canonicalization.split("/")
        body_hash = base64.b64encode(hashlib.sha256(_relaxed_body(body) if body_form == "relaxed" else body).digest())
        value = (
            f"v=1; a=rsa-sha256; c={canonicalization}; d=d{domain:02d}.example; s=bench;\r\n\tt={when}; h={SIGNED};\r\n"
            f"\tbh={body_hash.decode()};\r\n\tb="
        )
        by_name = {name.lower(): (name, text) for name, text in fields}
        signed = [by_name[name] for name in SIGNED.split(":") if name in by_name]
        canonical = _relaxed_field if header_form == "relaxed" else _simple_field
        data = b"".join(canonical(name, text) for name, text in signed)
        data += canonical("DKIM-Signature", value).removesuffix(b"\r\n")
        signature = base64.b64encode(self.keys[domain].sign(data, padding.PKCS1v15(), hashes.SHA256())).decode()
        folded = "\r\n\t".join(signature[at : at + 72] for at in range(0, len(signature), 72))
        return f"DKIM-Signature: {value}{folded}\r\n".encode()

    def records(self) -> Iterator[tuple[str, str, str]]:
        """domain, selector, TXT record of every key."""
        for domain, key in enumerate(self.keys):
            spki = key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            yield f"d{domain:02d}.example", "bench", f"v=DKIM1; k=rsa; p={base64.b64encode(spki).decode()}"


Field = tuple[str, str]
Part = tuple[list[Field], bytes]  # Content-* fields, and the encoded body with CRLF


@cache  # loading checks the key: 50 ms
def _private_key(name: str) -> RSAPrivateKey:
    key = serialization.load_pem_private_key((PRIVATE_KEYS / f"{name}.pem").read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


def _text_part(subtype: str, text: str, encoding: str) -> Part:
    octets = text.encode()
    if encoding == "quoted-printable":
        octets = quopri.encodestring(octets)
    elif encoding == "base64":
        octets = base64.encodebytes(octets)
    fields = [("Content-Type", f"text/{subtype}; charset=utf-8"), ("Content-Transfer-Encoding", encoding)]
    return fields, octets.replace(b"\n", b"\r\n")


def _multipart(boundary: str, subtype: str, parts: list[Part]) -> Part:
    delimiter = f"--{boundary}".encode()
    pieces = [
        piece for fields, body in parts for piece in (delimiter, b"\r\n", _header(fields), b"\r\n", body, b"\r\n")
    ]
    return [("Content-Type", f'multipart/{subtype}; boundary="{boundary}"')], b"".join([*pieces, delimiter, b"--\r\n"])


def _header(fields: list[Field]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode()


def _date(when: int) -> str:
    return formatdate(when)


def _simple_field(name: str, value: str) -> bytes:
    return f"{name}: {value}\r\n".encode()


def _relaxed_field(name: str, value: str) -> bytes:
    return f"{name.lower()}:{' '.join(value.split())}\r\n".encode()


def _relaxed_body(body: bytes) -> bytes:
    """RFC 6376 §3.4.4 for bodies that end with one line end, as all do here."""
    return body if b" " not in body else re.sub(rb" +\r\n", b"\r\n", re.sub(rb"[ \t]+", b" ", body))


def _one_letter_changed(body: bytes) -> bytes:
    """The body with the first letter of its first text made another."""
    at = body.index(b"\r\n\r\n", body.index(b"charset=")) if body.startswith(b"--") else 0
    while not body[at : at + 1].isalpha():
        at += 1
    return body[:at] + (b"x" if body[at : at + 1] != b"x" else b"y") + body[at + 1 :]


# ---- forms ------------------------------------------------------------------------------------

Put = Callable[[int, Made], str]  # writes a message, answers its path in the dump


def _files(out: Path, name_of: Callable[[int], str]) -> Put:
    def put(number: int, made: Made) -> str:
        name = name_of(number)
        path = out / name
        if number % FILES_A_FOLDER == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made.octets.replace(b"\r\n", b"\n") if made.lf else made.octets)
        return name

    return put


def _eml_name(number: int) -> str:
    return f"{number // FILES_A_FOLDER:03d}/{number:06d}.eml"


def _maildir_name(number: int) -> str:
    return f"cur/{START + number * 600}.M{number}P1.newsroom:2,S"


def _mbox(file: BinaryIO) -> Put:
    def put(number: int, made: Made) -> str:
        offset = file.tell()
        file.write(b"From sender@relay.example Sun Jan  1 00:00:00 2017\n")
        file.write(made.octets.replace(b"\r\n", b"\n"))
        file.write(b"\n")
        return f"mail.mbox!@{offset}"

    return put


def _zip(archive: zipfile.ZipFile) -> Put:
    def put(number: int, made: Made) -> str:
        info = zipfile.ZipInfo(_eml_name(number))
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, made.octets.replace(b"\r\n", b"\n") if made.lf else made.octets, compresslevel=1)
        return f"mail.zip!{_eml_name(number)}"

    return put


def make_dump(out: Path, messages: int, seed: int, form: str, attachment: int = ATTACHMENT) -> int:
    """Write the dump, its truth and its keys; the octets of mail."""
    out.mkdir(parents=True)
    generator = Generator(seed, attachment)
    octets = 0
    with ExitStack() as files:
        put = {
            "eml": lambda: _files(out, _eml_name),
            "maildir": lambda: _files(out, _maildir_name),
            "mbox": lambda: _mbox(files.enter_context(open(out / "mail.mbox", "wb"))),
            "zip": lambda: _zip(files.enter_context(zipfile.ZipFile(out / "mail.zip", "w"))),
        }[form]()
        truth = csv.writer(files.enter_context(open(f"{out}-truth.csv", "w", newline="")), lineterminator="\n")
        truth.writerow(("path", "truth"))
        for number in range(messages):
            made = generator.message(number)
            truth.writerow((put(number, made), made.truth))
            octets += len(made.octets)
        keys = csv.writer(files.enter_context(open(f"{out}-keys.csv", "w", newline="")), lineterminator="\n")
        keys.writerow(("domain", "selector", "record"))
        keys.writerows(generator.records())
    return octets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--form", choices=("eml", "mbox", "zip", "maildir"), default="eml")
    parser.add_argument("--attachment", type=int, default=ATTACHMENT, help="octets of an attachment, the median")
    options = parser.parse_args()
    octets = make_dump(options.out, options.messages, options.seed, options.form, options.attachment)
    print(f"{options.messages} messages, {octets / 1e6:.1f} MB of mail, in {options.out}")


if __name__ == "__main__":
    main()
