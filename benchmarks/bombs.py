"""Files made to hurt, one run each: processor time and memory of the whole process tree, and what their rows say.

    python benchmarks/bombs.py [--name NAME]

Each bomb lies alone beside one honest mail in a dump of its own. It counts only if the run ends with 0, every octet is
accounted for and the mail's row is there. Bounds: 10 s of processor time and 512 MB beyond what the same run of the
mail alone takes. Writes results/DATE-NAME.json and .md.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import io
import os
import struct
import sys
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID
from keeping import keep
from process_tree import measure
from quine import gzip_quine, zip_quine
from run import ROOT, machine, versions

MAIL = b"From: a@a.example\r\nTo: b@b.example\r\nSubject: x\r\nDate: Mon, 24 Apr 2017 10:13:20 +0200\r\n\r\nwords\r\n"
GIB = 1 << 30
CPU_SECONDS, MEGABYTES = 10, 512


def _zeros(size: int) -> bytes:
    """So many zeros, deflated, without ever holding them."""
    squeeze = zlib.compressobj(9)
    pieces = [squeeze.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join([*pieces, squeeze.flush()])


def zip_ratio() -> bytes:
    """One gibibyte of zeros in a zip."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package,
        package.open("zeros", "w", force_zip64=True) as one,
    ):
        for _ in range(GIB >> 20):
            one.write(bytes(1 << 20))
    return out.getvalue()


def zip_overlap() -> bytes:
    """Two thousand directory entries over the octets of one member."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("a", bytes(10 << 20))
    octets = out.getvalue()
    at = octets.index(b"PK\x01\x02")
    end = octets.index(b"PK\x05\x06")
    entry = octets[at:end]
    many = b"".join(entry[:-1] + bytes([97 + n % 26]) for n in range(2000))
    return octets[:at] + many + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2000, 2000, len(many), at, 0)


def zip_nested() -> bytes:
    """Sixteen zips in each of five levels, zeros at the bottom: 16^5 times 16 MiB."""
    inner = zip_of({"zeros": bytes(16 << 20)})
    for _ in range(5):
        inner = zip_of({f"{n}.zip": inner for n in range(16)})
    return inner


def zip_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, octets in members.items():
            package.writestr(name, octets)
    return out.getvalue()


def gzip_of_gzip() -> bytes:
    """Twenty layers of gzip around a gibibyte."""
    octets = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + _zeros(GIB)[2:-4] + bytes(8)
    for _ in range(20):
        octets = gzip.compress(octets, mtime=0)
    return octets


def pdf_stream() -> bytes:
    """A gibibyte of metadata in one PDF."""
    stream = _zeros(GIB)
    head = b"<< /Type /Metadata /Subtype /XML /Filter /FlateDecode /Length %d >>" % len(stream)
    return (
        b"%%PDF-1.5\n1 0 obj\n%b\nstream\n%b\nendstream\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%%%EOF\n"
        % (
            head,
            stream,
        )
    )


def png_stream() -> bytes:
    """A gibibyte of text in one PNG."""

    def chunk(kind: bytes, octets: bytes) -> bytes:
        return struct.pack(">L", len(octets)) + kind + octets + struct.pack(">L", zlib.crc32(kind + octets))

    head = struct.pack(">2L5B", 1, 1, 8, 0, 0, 0, 0)
    text = b"XML:com.adobe.xmp\0\1\0\0\0" + _zeros(GIB)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"iTXt", text) + chunk(b"IEND", b"")


def deep_xml() -> bytes:
    """Half a million nested elements where a document names its author."""
    core = b"<a>" * 500_000
    return zip_of({"[Content_Types].xml": b"<Types/>", "docProps/core.xml": core, "word/document.xml": b"<w/>"})


def deep_mime() -> bytes:
    """Ten thousand multiparts, each in the one before."""
    body = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(10_000))
    return b"From: a@a.example\r\n" + body + b"\r\nx\r\n"


def deep_messages() -> bytes:
    """Twenty thousand messages, each attached to the one before."""
    return b"From: a@a.example\r\nContent-Type: message/rfc822\r\n\r\n" * 20_000 + MAIL


def many_parts() -> bytes:
    """A million parts."""
    head = b"From: a@a.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n" * 1_000_000 + b"--b--\r\n"


def many_fields() -> bytes:
    """A million header fields."""
    return b"".join(b"X-%d: x\r\n" % n for n in range(1_000_000)) + MAIL


def long_field() -> bytes:
    """One header field of 50 MB."""
    return b"X: " + b"x" * 50_000_000 + b"\r\n" + MAIL


def blanks() -> bytes:
    """A body of 20 MB of blanks, under a signature that asks for its relaxed form."""
    field = b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.example; s=s; h=from; bh=AAAA; b=AAAA\r\n"
    return field + MAIL + b" " * 20_000_000 + b"x\r\n"


def zip_of_quines() -> bytes:
    """Ten thousand zips of one zip, each of which holds itself."""
    return zip_of({f"{n}.zip": zip_quine() for n in range(10_000)})


def pdf_saved_again() -> bytes:
    """A signed PDF of 150,000 objects that lead to each other, saved again with each of them written anew."""
    head = b"%%PDF-1.7\n1 0 obj\n<</Type/Sig/ByteRange [0 %010d %010d %010d]/Contents "
    start, value = len(head % (0, 0, 0)), 8192
    objects = {number: b"[%d 0 R]" % (number + 1) for number in range(2, 150_000)}
    tail = b">>\nendobj\n"
    rest = saved(tail, start + value, objects, b"<</Root 2 0 R>>")
    first = head % (start, start + value, len(rest))
    octets = first + b"<" + signature(first + rest).hex().encode().ljust(value - 2, b"0") + b">" + rest
    return octets + saved(b"", len(octets), objects, b"<</Root 2 0 R>>")


def saved(octets: bytes, base: int, objects: dict[int, bytes], trailer: bytes) -> bytes:
    """Octets that begin at base, objects behind them, and a table of where they lie."""
    pieces, places, at = [octets], [], base + len(octets)
    for number, value in objects.items():
        pieces.append(b"%d 0 obj\n%b\nendobj\n" % (number, value))
        places.append(b"%010d 00000 n \n" % at)
        at += len(pieces[-1])
    table = b"xref\n%d %d\n%btrailer\n%b\nstartxref\n%d\n%%%%EOF\n"
    return b"".join(pieces) + table % (min(objects), len(objects), b"".join(places), trailer, at)


def signature(covered: bytes) -> bytes:
    """Detached, by a key and certificate made for it (RFC 5652)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, day = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Anna")]), datetime.datetime(2017, 1, 1)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day).sign(key, hashes.SHA256())
    signing = pkcs7.PKCS7SignatureBuilder().set_data(covered).add_signer(certificate, key, hashes.SHA256())
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return signing.sign(Encoding.DER, options)


BOMBS: dict[str, Callable[[], bytes]] = {
    "ratio.zip": zip_ratio, "overlap.zip": zip_overlap, "nested.zip": zip_nested, "layers.gz": gzip_of_gzip,
    "quine.zip": zip_quine, "quine.gz": gzip_quine, "quines.zip": zip_of_quines, "saved.pdf": pdf_saved_again,
    "stream.pdf": pdf_stream, "stream.png": png_stream, "deep.docx": deep_xml, "deep-mime.eml": deep_mime,
    "deep-messages.eml": deep_messages, "parts.eml": many_parts, "fields.eml": many_fields, "field.eml": long_field,
    "blanks.eml": blanks,
}  # fmt: skip


def runs() -> Iterator[dict[str, object]]:
    """What each run took and said; the first is that of the mail alone."""
    for name, make in {"(the mail alone)": lambda: b"", **BOMBS}.items():
        with tempfile.TemporaryDirectory() as place:
            dump, out = Path(place) / "dump", Path(place) / "out"
            dump.mkdir()
            (dump / "mail.eml").write_bytes(MAIL)
            octets = make()
            if octets:
                (dump / name).write_bytes(octets)
            command = [sys.executable, "-m", "pipeline", "run", str(dump), "-o", str(out), "-q", "--workers", "1"]
            with open(os.devnull, "wb") as nowhere:
                took = measure(command, stdout=nowhere.fileno())
            if took.exit_code != 0:
                sys.exit(f"{name}: exit code {took.exit_code}")
            items = pq.read_table(out / "items.parquet", columns=["source_path", "status", "error_code"]).to_pylist()
            if not any(row["source_path"] == "mail.eml" and row["status"] == "ok" for row in items):
                sys.exit(f"{name}: the mail beside it has no row")
            codes = Counter(row["error_code"] or row["status"] for row in items if row["source_path"] != "mail.eml")
            memory = (took.peak_pss or took.peak_rss) / 1e6
            yield {
                "bomb": name, "octets": len(octets), "cpu": round(took.cpu, 2), "megabytes": round(memory),
                "rows": dict(codes.most_common(4)),
            }  # fmt: skip
            print(f"{name}: {took.cpu:.1f} s, {memory:.0f} MB, {dict(codes.most_common(4))}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="bombs")
    options = parser.parse_args()
    os.chdir(ROOT)
    os.environ["PYTHONPATH"] = str(ROOT)
    found = list(runs())
    alone = found[0]
    over = [
        str(one["bomb"])
        for one in found[1:]
        if float(str(one["cpu"])) - float(str(alone["cpu"])) > CPU_SECONDS
        or float(str(one["megabytes"])) - float(str(alone["megabytes"])) > MEGABYTES
    ]
    today = datetime.date.today().isoformat()
    report = {"date": today, "machine": machine(), "versions": versions(), "over": over, "runs": found}
    lines = [
        f"# bombs, {today}", "",
        f"`python benchmarks/bombs.py`: processor time and peak memory of the whole process tree. {machine()}", "",
        "| bomb | octets | CPU s | MB | its rows |", "|---|---|---|---|---|",
        *("| {bomb} | {octets:,} | {cpu} | {megabytes} | {rows} |".format(**one) for one in found),
        "", f"Beyond {CPU_SECONDS} s or {MEGABYTES} MB over the mail alone: {', '.join(over) or 'none'}", "",
    ]  # fmt: skip
    keep(options.name, report, "\n".join(lines))


if __name__ == "__main__":
    main()
