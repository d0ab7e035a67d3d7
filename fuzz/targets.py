"""What must hold for any octets whatever: one function a reader, which raises if it does not.

`run.py` calls them under a fuzzer; tests/fuzz under hypothesis.
"""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from transforms.auth.canonical import body_digests, body_hash, canonical_field
from transforms.auth.key import parse_record
from transforms.limits import LIMITS
from transforms.mail.date import parse_date, seconds_of
from transforms.mail.transfer import decode
from transforms.model import Kind
from transforms.span import in_memory
from transforms.unpack import content
from transforms.unpack.landing import Landed
from transforms.unpack.rows import Place, Rows, Settings
from transforms.watch import UNWATCHED

SAMPLE = Path(__file__).resolve().parent.parent / "sample_dump"
FROM_LINE = b"From anna@campaign.example Mon Apr 24 10:00:00 2017\n"


def file(octets: bytes, name: str) -> Rows:
    """A file of a dump: every octet in one place, every row filled, every child below a parent."""
    rows = Rows(Settings(LIMITS), tempfile.TemporaryFile, UNWATCHED, content.read)
    rows.landing.start(len(octets))
    span = in_memory(octets)
    digests = rows.landing.hash(span)
    row, _ = rows.announce()
    place = Place(name, name, name=name.encode(), file_name=name)
    accounted = content.read(rows, row, place, Landed(span, digests))
    assert accounted is None or accounted.inside + accounted.outside == len(octets), accounted
    items = [item for item in rows.items.values() if item is not None]
    assert len(items) == len(rows.items), "a row that was announced was not filled"
    assert len({item.path for item in items}) == len(items), "two rows of one path"
    for item in items[1:]:
        assert item.parent_id == items[item.parent_row].item_id and item.parent_row < item.row
        if item.kind is not Kind.GAP and item.byte_start is not None and item.byte_len is not None:
            around = items[item.parent_row].size
            assert around is None or 0 <= item.byte_start <= item.byte_start + item.byte_len <= around, item.path
    return rows


def mail(octets: bytes) -> None:
    file(octets, "a.eml")


def mbox(octets: bytes) -> None:
    file(FROM_LINE + octets, "a.mbox")


def zip_archive(octets: bytes) -> None:
    file(octets, "a.zip")


def key_record(octets: bytes) -> None:
    """A record that gives an RSA key gives the one that another reader of DER finds, and no dangerous one."""
    record = parse_record(octets.decode("latin-1"))
    if record.status not in ("ok", "weak"):
        assert not record.n and not record.raw
        return
    if record.key_type == "ed25519":
        assert len(record.raw) == 32
        return
    key = load_der_public_key(record.spki)
    assert isinstance(key, RSAPublicKey)
    assert (key.public_numbers().n, key.public_numbers().e) == (record.n, record.e)
    assert record.n.bit_length() == record.bits <= LIMITS.key_bits_max
    assert record.n % 2 and record.e % 2 and record.e.bit_length() <= LIMITS.key_exponent_bits
    assert (record.status == "weak") == (record.bits < LIMITS.key_bits_min)


def key_octets(octets: bytes) -> None:
    """The same of the octets that a record holds in base64, where a change to one is a change to one."""
    key_record(b"v=DKIM1; p=" + base64.b64encode(octets))


def base64_part(octets: bytes) -> None:
    """What has one reading is what everyone reads; any octets, encoded, have one."""
    decoding = decode(in_memory(octets), "base64")
    content = b"".join(decoding)
    if decoding.strict():
        assert content == base64.b64decode(octets.translate(None, b"\r\n"), validate=True)
    decoding = decode(in_memory(base64.encodebytes(octets)), "base64")
    assert b"".join(decoding) == octets and decoding.strict()


def date(octets: bytes) -> None:
    """The two readers of dates agree, and none gives a moment that no mail has."""
    read = parse_date(octets)
    assert read.utc is None or 1970 <= read.utc.year <= 2100
    assert read.utc is not None or read.defects
    assert seconds_of(octets) == (None if read.utc is None else int(read.utc.timestamp()))


def canonical_form(octets: bytes) -> None:
    """Hashed in pieces, cut anywhere, a body gives what one does who obeys RFC 6376 §3.4 line by line."""
    hashed = body_digests([octets])
    cut = len(octets) // 3
    assert body_digests([octets[:cut], octets[cut : 2 * cut], octets[2 * cut :]]) == hashed
    start = octets[:500]
    assert body_digests([start[at : at + 1] for at in range(len(start))]) == body_digests([start])
    wire = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    for form, reference in (("simple", simple_body(wire)), ("relaxed", relaxed_body(wire))):
        digest = getattr(hashed, f"{form}_sha256")
        assert digest == body_hash([reference], form, "sha256", None), form
        assert getattr(hashed, f"{form}_size") == len(reference), form
    value = wire.replace(b"\r\n", b"\r\n ")
    assert canonical_field(b"Name \t:%b\r\n" % value, "relaxed") == b"name:%b\r\n" % relaxed_value(value)


def simple_body(wire: bytes) -> bytes:
    """RFC 6376 §3.4.3."""
    while wire.endswith(b"\r\n"):
        wire = wire[:-2]
    return wire + b"\r\n"


def relaxed_body(wire: bytes) -> bytes:
    """RFC 6376 §3.4.4."""
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in wire.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def relaxed_value(value: bytes) -> bytes:
    """RFC 6376 §3.4.2."""
    return re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "mail": mail, "mbox": mbox, "zip": zip_archive, "keys": key_record, "key_octets": key_octets, "dates": date,
    "canonical": canonical_form, "base64": base64_part,
}  # fmt: skip


def seeds(target: str) -> Iterator[bytes]:
    """What a target begins with: octets of the sample leak that it reads well."""
    if target in ("keys", "key_octets"):
        archives = b"\n".join(path.read_bytes() for path in sorted((SAMPLE / "keys").iterdir()))
        for record in re.findall(rb"v=DKIM1[^\n,]*", archives.replace(b'" "', b"").replace(b'"', b"")):
            yield record if target == "keys" else base64.b64decode(record.partition(b"p=")[2] + b"==")
        return
    if target == "base64":
        yield from (base64.encodebytes(bytes(range(count))) for count in (1, 56, 57, 58, 200))
        yield base64.encodebytes(bytes(range(200))).replace(b"\n", b"\r\n")
        return
    suffix = "*.zip" if target == "zip" else "*.eml"
    for path in sorted((SAMPLE / "leak").rglob(suffix)):
        octets = path.read_bytes()
        if target == "dates":
            fields = octets.partition(b"\r\n\r\n")[0].split(b"\r\n")
            yield from (field[6:] for field in fields if field.startswith(b"Date: "))
        elif target == "mbox":
            yield octets + b"\n" + FROM_LINE + octets
        else:
            yield octets
