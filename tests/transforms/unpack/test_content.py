"""Octets to rows: everything inside a file has one row, and its place leads back to its octets."""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import hashlib
import io
import quopri
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transforms.auth.canonical import body_hash
from transforms.limits import LIMITS, MIB
from transforms.model import Item, Kind, Status

HEAD = (
    b"From: Anna <anna@campaign.example>\r\nTo: b@press.example\r\nSubject: hi\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\nMessage-ID: <1@campaign.example>\r\n"
)
MAIL = HEAD + b"\r\nText\r\n"
FROM_LINE = b"From anna@campaign.example Mon Apr 24 10:00:00 2017\n"
PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + b"1 0 obj\n" * 20

Part = tuple[str, bytes]  # Content-* fields, one a line; encoded content


def multipart(*parts: Part, head: bytes = HEAD, boundary: bytes = b"=_b1") -> bytes:
    body = b"".join(
        b"--" + boundary + b"\r\n" + fields.replace("\n", "\r\n").encode() + b"\r\n\r\n" + octets + b"\r\n"
        for fields, octets in parts
    )
    kind = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n'
    return head + b"MIME-Version: 1.0\r\n" + kind + b"\r\n" + body + b"--" + boundary + b"--\r\n"


def attached(octets: bytes, name: str = "deed.pdf", media_type: str = "application/pdf") -> Part:
    encoded = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    fields = (
        f"Content-Type: {media_type}\nContent-Transfer-Encoding: base64\n"
        f'Content-Disposition: attachment; filename="{name}"'
    )
    return fields, encoded


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, octets in members:
            archive.writestr(zipfile.ZipInfo(name), octets, method)
    return out.getvalue()


def tarred(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, octets in members:
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            archive.addfile(info, io.BytesIO(octets))
    return out.getvalue()


def digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def outcome(item: Item) -> tuple[Status, str | None]:
    return item.status, item.error_code


# ---- places: every range leads back to the octets that were hashed --------------------------------


def test_a_message_is_its_file(examine) -> None:
    found = examine({"a.eml": MAIL})
    item = found.items["a.eml"]
    assert (item.kind, item.sha256, item.size, item.depth) == (Kind.EMAIL, digest(MAIL), len(MAIL), 0)
    assert (item.parent_id, item.byte_start, item.media_type) == (None, None, "message/rfc822")
    assert found.size_of("a.eml") == (len(MAIL), 0)


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_attachments_lie_where_their_rows_say(examine, line_end: bytes) -> None:
    table = "début;somme\n".encode() * 9
    mail = multipart(
        ("Content-Type: text/plain", b"Voir le fichier."),
        attached(PDF),
        ('Content-Type: text/csv; name="t.csv"\nContent-Transfer-Encoding: quoted-printable',
         quopri.encodestring(table).replace(b"\n", b"\r\n")),
        ("Content-Type: image/x-odd\nContent-Disposition: inline", b"GIF89a raw"),
    ).replace(b"\r\n", line_end)  # fmt: skip
    found = examine({"a.eml": mail})
    assert found.below("a.eml") == ["a.eml!2", "a.eml!3", "a.eml!4"]
    for path, content in (("a.eml!2", PDF), ("a.eml!4", b"GIF89a raw")):
        assert found.items[path].sha256 == digest(content)
    assert found.items["a.eml!2"].media_type == "application/pdf"
    for item in found.items.values():
        assert digest(found.octets(item)) == item.sha256
    assert found.octets(found.items["a.eml!3"]).replace(b"\r\n", b"\n").strip() == table.strip()


def test_nested_messages_go_on_with_the_numbers_of_imap(examine) -> None:
    inner = multipart(("Content-Type: text/plain", b"text"), attached(PDF), boundary=b"=_in")
    innermost = multipart(("Content-Type: message/rfc822", inner), attached(b"x" * 99, "x.bin"), boundary=b"=_mid")
    mail = multipart(("Content-Type: text/plain", b"see below"), ("Content-Type: message/rfc822", innermost))
    found = examine({"a.eml": mail})
    assert list(found.items) == ["a.eml", "a.eml!2", "a.eml!2.1", "a.eml!2.1.2", "a.eml!2.2"]
    assert [item.kind for item in found.items.values()][:3] == [Kind.EMAIL] * 3
    assert [item.depth for item in found.items.values()] == [0, 1, 2, 3, 2]
    for item in found.items.values():
        assert digest(found.octets(item)) == item.sha256
    assert found.octets(found.items["a.eml!2.1"]) == inner


def test_an_attached_message_in_base64_is_read_like_any_other(examine) -> None:
    found = examine({"a.eml": multipart(attached(MAIL, "f.eml", "message/rfc822"))})
    assert found.items["a.eml!1"].kind is Kind.EMAIL
    assert found.octets(found.items["a.eml!1"]) == MAIL


def test_mail_in_an_archive_in_a_mail_starts_new_steps(examine) -> None:
    inner = multipart(attached(PDF))
    found = examine({"a.eml": multipart(attached(zipped(("in/b.eml", inner)), "z.zip", "application/zip"))})
    assert list(found.items) == ["a.eml", "a.eml!1", "a.eml!1!in/b.eml", "a.eml!1!in/b.eml!1"]
    for item in found.items.values():
        assert digest(found.octets(item)) == item.sha256
    assert [item.kind for item in found.items.values()] == [Kind.EMAIL, Kind.ARCHIVE, Kind.EMAIL, Kind.DOCUMENT]


def test_messages_of_a_mailbox_and_their_parts_lie_where_their_rows_say(examine) -> None:
    one = multipart(("Content-Type: text/plain", b"text"), attached(PDF)).replace(b"\r\n", b"\n")
    two = MAIL.replace(b"\r\n", b"\n")
    box = b"junk before\n\n" + FROM_LINE + one + b"\n" + FROM_LINE + two
    found = examine({"in.mbox": FROM_LINE + two + b"\n" + FROM_LINE + one})
    second = len(FROM_LINE + two) + 1
    assert list(found.items) == ["in.mbox", "in.mbox!@0", f"in.mbox!@{second}", f"in.mbox!@{second}!2"]
    found = examine({"in.mbox": FROM_LINE + box})
    for item in found.items.values():
        assert digest(found.octets(item)) == item.sha256
    inside, outside = found.size_of("in.mbox")
    assert inside + outside == len(FROM_LINE + box)


def test_members_that_are_stored_have_a_place_and_compressed_ones_none(examine) -> None:
    files = {
        "stored.zip": zipped(("a.eml", MAIL)),
        "deflated.zip": zipped(("a.eml", MAIL), method=zipfile.ZIP_DEFLATED),
        "plain.tar": tarred(("a.pdf", PDF), ("a.eml", MAIL)),
        "packed.tar.gz": gzip.compress(tarred(("a.eml", MAIL))),
        "a.eml.gz": gzip.compress(MAIL),
    }
    found = examine(files)
    assert {found.items[path].sha256 for path in found.items if path.rpartition("!")[2] in ("a.eml", "@0")} == {
        digest(MAIL)
    }
    for path in ("stored.zip!a.eml", "plain.tar!a.eml"):
        assert found.octets(found.items[path]) == MAIL
    for path in ("deflated.zip!a.eml", "packed.tar.gz!a.eml", "a.eml.gz!@0"):
        item = found.items[path]
        assert (item.byte_start, item.byte_len) == (None, None)
    assert found.items["a.eml.gz!@0"].kind is Kind.EMAIL
    assert all(source.counts_members for (source,) in found.sources.values())


QUOTED = b"\n\nFrom a@b.example Mon Apr 24 10:00:00 2017\nfoo: bar\n"


@pytest.mark.parametrize("top", [b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"Exported on Monday\n\n"])
@pytest.mark.parametrize("unit_bytes", [LIMITS.unit_bytes, 300])
def test_what_stands_before_a_mailbox_hides_no_message(examine, top: bytes, unit_bytes: int) -> None:
    mail = MAIL.replace(b"\r\n", b"\n")
    octets = top + (FROM_LINE + mail + b"\n") * 3
    found = examine({"in.mbox": octets}, replace(LIMITS, unit_bytes=unit_bytes))
    places = [len(top) + n * len(FROM_LINE + mail + b"\n") for n in range(3)]
    assert found.below("in.mbox") == ["in.mbox!@0", *(f"in.mbox!@{place}" for place in places)]
    assert [found.items[path].kind for path in found.below("in.mbox")] == [Kind.GAP, *[Kind.EMAIL] * 3]
    assert {found.items[f"in.mbox!@{place}"].sha256 for place in places} == {digest(mail)}
    for item in found.items.values():
        assert digest(found.octets(item)) == item.sha256
    assert sum(found.size_of("in.mbox")) == len(octets)


@pytest.mark.parametrize("top", [b"", b"\n", b"\xef\xbb\xbf"])
def test_a_mail_whose_body_quotes_a_from_line_is_one_mail(examine, top: bytes) -> None:
    mail = top + MAIL + QUOTED
    item = examine({"a.eml": mail}).items["a.eml"]
    assert (item.kind, item.sha256, item.size) == (Kind.EMAIL, digest(mail), len(mail))


def test_a_text_that_quotes_a_from_line_is_one_text(examine) -> None:
    found = examine(
        {"mbox.txt": b"How an mbox looks:" + QUOTED, "a.eml": multipart(attached(b"See" + QUOTED, "n.txt"))}
    )
    assert {path: item.kind for path, item in found.items.items()} == {
        "a.eml": Kind.EMAIL, "a.eml!1": Kind.TEXT, "mbox.txt": Kind.TEXT,
    }  # fmt: skip


@pytest.mark.parametrize("top", [FROM_LINE, b"\n" + FROM_LINE, b"\xef\xbb\xbf\r\n" + FROM_LINE])
def test_a_message_behind_a_from_line_has_a_place_only_where_its_octets_lie(examine, top: bytes) -> None:
    mail = top + MAIL
    files = {
        "a.eml": mail,
        "stored.zip": zipped(("a.eml", mail)),
        "deflated.zip": zipped(("a.eml", mail), method=zipfile.ZIP_DEFLATED),
        "b.eml": multipart(attached(mail, "a.eml")),
        "a.eml.gz": gzip.compress(mail),
    }
    found = examine(files)
    for path in ("a.eml", "stored.zip!a.eml", "deflated.zip!a.eml", "b.eml!1", "a.eml.gz!@0"):
        item, (gap,) = found.items[path], (found.items[one] for one in found.below(path))
        assert (item.kind, item.sha256) == (Kind.EMAIL, digest(MAIL))
        # The gap's place is in the octets of the file, those of the message are a part of the same.
        assert (gap.kind, gap.byte_start, gap.byte_len, gap.sha256) == (Kind.GAP, 0, len(top), digest(top))
    for path in ("a.eml", "stored.zip!a.eml"):
        assert found.octets(found.items[path]) == MAIL
    for path in ("deflated.zip!a.eml", "b.eml!1", "a.eml.gz!@0"):
        assert (found.items[path].byte_start, found.items[path].byte_len) == (None, None)


@pytest.mark.parametrize(("in_memory", "spools"), [(LIMITS.in_memory, 0), (500, 1)])
def test_a_quoted_body_that_is_large_is_unquoted_on_disk(examine, monkeypatch, in_memory: int, spools: int) -> None:
    body = b"text\nFrom here on\n" * 100
    claimed = base64.b64encode(body_hash([body], "simple", "sha256", None)).decode()
    signature = f"DKIM-Signature: v=1; a=rsa-sha256; d=campaign.example; s=s; h=from; bh={claimed}; b=AAAA\n".encode()
    mail = FROM_LINE + signature + HEAD.replace(b"\r\n", b"\n") + b"\n" + body.replace(b"\nFrom ", b"\n>From ")
    made = []
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda new=tempfile.TemporaryFile: made.append(new()) or made[-1])
    found = examine({"in.mbox": mail + b"\n" + mail}, replace(LIMITS, in_memory=in_memory))
    signatures = [signature for unit in found.units for _, signature in unit.signatures]
    assert [signature.body_ok for signature in signatures] == [True, True]
    assert "container.mboxrd_unquoted" in found.items["in.mbox!@0"].notes
    assert len(made) == 2 * spools and all(file.closed for file in made)


def test_an_office_file_is_one_document(examine) -> None:
    docx = zipped(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"))
    found = examine({"a.docx": docx})
    assert list(found.items) == ["a.docx"]
    assert found.items["a.docx"].kind is Kind.DOCUMENT
    assert found.size_of("a.docx") == (len(docx), 0)


def test_repeated_and_strange_member_names_give_distinct_paths(examine) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = zipped(*((name, b"x") for name in ("a", "a", "a#2", "@5", "#1", "b!c%", "é")))
    found = examine({"z.zip": archive})
    assert [path.partition("!")[2] for path in found.below("z.zip")] == [
        "a", "a#2", "a#2#2", "%405", "%231", "b%21c%25", "é",
    ]  # fmt: skip


def test_a_name_that_is_not_utf8_is_kept_as_stored(examine) -> None:
    tar = tarred(("n\udce9", b"x"))
    found = examine({"t.tar": tar})
    item = found.items["t.tar!n%E9"]
    assert (item.path_bytes, item.file_name) == (b"n\xe9", "n\\xe9")


# ---- which parts are items ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "is_item"),
    [
        ("Content-Type: text/plain", False),
        ("Content-Type: text/html", False),
        ("Content-Type: text/html\nContent-Disposition: inline", False),
        ("Content-Type: text/plain\nContent-Disposition: attachment", True),
        ('Content-Type: text/plain; name="notes.txt"', True),
        ("Content-Type: text/plain\nContent-Disposition: inline; filename=notes.txt", True),
        ("Content-Type: text/calendar", True),
        ("Content-Type: text/csv", True),
        ("Content-Type: image/png\nContent-ID: <1@x.example>\nContent-Disposition: inline", True),
        ("Content-Type: message/delivery-status", True),
        ("Content-Type: application/pgp-signature", True),
        ("X-No-Type: at all", False),
    ],
)
def test_body_text_is_no_item_and_everything_else_is(examine, fields: str, is_item: bool) -> None:
    found = examine({"a.eml": multipart((fields, b"some content"))})
    assert found.below("a.eml") == (["a.eml!1"] if is_item else [])
    assert ("a.eml" in found.texts) is not is_item


def test_uuencoded_lines_in_a_text_are_text(examine) -> None:
    lines = b"begin 644 deed.pdf\r\n" + binascii.b2a_uu(PDF[:45]).rstrip() + b"\r\n`\r\nend\r\n"
    found = examine({"a.eml": HEAD + b"\r\nsee\r\n" + lines})
    assert list(found.items) == ["a.eml"]
    assert "begin 644 deed.pdf" in found.texts["a.eml"].text


def test_an_attachment_keeps_its_claimed_name_and_type_beside_what_it_is(examine) -> None:
    found = examine({"a.eml": multipart(attached(PDF, "photo\x1b[2J.jpg", "image/jpeg"))})
    item = found.items["a.eml!1"]
    assert (item.media_type_claimed, item.media_type, item.kind) == ("image/jpeg", "application/pdf", Kind.DOCUMENT)
    assert item.file_name == "photo\\x1b[2J.jpg"


@pytest.mark.parametrize(
    ("encoded", "covered"),
    [
        (base64.encodebytes(PDF).replace(b"\n", b"\r\n"), True),
        (base64.encodebytes(PDF).replace(b"\n", b"\r\n!"), False),  # `!` is passed over by some, an error to others
        (b"QUJD=QUJD\r\n", False),
    ],
)
def test_octets_whose_encoding_reads_two_ways_are_not_covered(examine, encoded: bytes, covered: bool) -> None:
    fields = "Content-Type: application/pdf\nContent-Transfer-Encoding: base64"
    item = examine({"a.eml": multipart((fields, encoded))}).items["a.eml!1"]
    assert (item.status, item.covered) == (Status.OK, covered)


def test_only_what_lies_in_a_message_can_be_covered(examine) -> None:
    found = examine({"z.zip": zipped(("a.pdf", PDF), ("a.eml", multipart(attached(PDF)))), "b.pdf": PDF})
    assert {path: (item.covered, item.loose) for path, item in found.items.items()} == {
        "z.zip": (False, True), "z.zip!a.pdf": (False, True), "z.zip!a.eml": (False, True),
        "z.zip!a.eml!1": (True, False), "b.pdf": (False, True),
    }  # fmt: skip


# ---- limits -------------------------------------------------------------------------------------


def nested_zip(levels: int) -> bytes:
    octets = MAIL
    for level in range(levels):
        octets = zipped((f"{level}.zip" if level else "a.eml", octets), ("side.txt", b"beside"))
    return octets


def test_containers_are_opened_down_to_the_depth_limit(examine) -> None:
    found = examine({"z.zip": nested_zip(5)}, replace(LIMITS, depth=3))
    deepest = found.items["z.zip!4.zip!3.zip!2.zip!1.zip"]
    assert (deepest.depth, outcome(deepest)) == (4, (Status.LIMITED, "limit.depth"))
    assert deepest.kind is Kind.ARCHIVE and deepest.sha256 is not None
    assert found.below(deepest.path) == []
    assert outcome(found.items["z.zip!4.zip!3.zip!2.zip!side.txt"]) == (Status.OK, None)
    assert found.items["z.zip"].status is Status.OK


def test_mail_in_mail_is_opened_down_to_the_depth_limit(examine) -> None:
    mail = MAIL
    for level in range(30):
        mail = multipart(("Content-Type: message/rfc822", mail), boundary=b"=_%d" % level)
    found = examine({"a.eml": mail})
    codes = [item.error_code for item in found.items.values()]
    assert codes == [None] * (LIMITS.depth + 1) + ["limit.depth"]


def test_a_bomb_is_stopped_and_its_siblings_are_read(examine) -> None:
    limits = replace(LIMITS, ratio=50, ratio_from=MIB)
    bomb = zipped(("0.eml", MAIL), ("bomb", bytes(8 * MIB)), ("1.eml", MAIL), method=zipfile.ZIP_DEFLATED)
    found = examine({"z.zip": bomb, "after.eml": MAIL}, limits)
    item = found.items["z.zip!bomb"]
    assert outcome(item) == (Status.LIMITED, "limit.ratio")
    assert item.size is not None and MIB // 2 <= item.size <= 2 * MIB
    assert item.sha256 == digest(bytes(item.size))
    for path in ("z.zip", "z.zip!0.eml", "z.zip!1.eml", "after.eml"):
        assert outcome(found.items[path]) == (Status.OK, None)


def test_a_compressed_tar_that_swells_is_stopped(examine) -> None:
    limits = replace(LIMITS, ratio=50, ratio_from=MIB)
    archive = gzip.compress(tarred(("0.eml", MAIL), ("bomb", bytes(8 * MIB)), ("1.eml", MAIL)))
    found = examine({"z.tar.gz": archive, "zz.eml": MAIL}, limits)
    assert outcome(found.items["z.tar.gz"]) == (Status.LIMITED, "limit.ratio")
    assert outcome(found.items["z.tar.gz!0.eml"]) == (Status.OK, None)
    assert outcome(found.items["z.tar.gz!bomb"]) == (Status.LIMITED, "limit.ratio")
    assert outcome(found.items["zz.eml"]) == (Status.OK, None)


def test_a_member_beyond_its_limit_keeps_what_was_read(examine) -> None:
    octets = bytes(range(256)) * 16 * 1024
    archive = zipped(("big", octets), ("a.eml", MAIL), method=zipfile.ZIP_BZIP2)
    found = examine({"z.zip": archive}, replace(LIMITS, member=3 * MIB))
    item = found.items["z.zip!big"]
    assert outcome(item) == (Status.LIMITED, "limit.member")
    assert item.size is not None and item.sha256 == digest(octets[: item.size])
    assert outcome(found.items["z.zip!a.eml"]) == (Status.OK, None)


def test_output_of_one_source_is_bounded_and_the_next_source_starts_afresh(examine) -> None:
    archive = zipped(*((f"{n}", bytes(2 * MIB)) for n in range(5)), method=zipfile.ZIP_BZIP2)
    found = examine({"a.zip": archive, "b.zip": archive}, replace(LIMITS, source_output=5 * MIB, ratio=1 << 30))
    for source in ("a.zip", "b.zip"):
        assert outcome(found.items[source]) == (Status.LIMITED, "limit.source_output")
        members = [found.items[path] for path in found.below(source)]
        assert [item.status for item in members] == [Status.OK, Status.OK, *[Status.LIMITED] * 3]
        assert [item.size for item in members[3:]] == [None, None], "listed, and not opened"


def test_archives_in_archives_may_not_take_more_than_twice_what_one_may(examine) -> None:
    limits = replace(LIMITS, ratio=50, ratio_from=MIB)
    small = [zipped((f"{n}", bytes(MIB // 2 + n)), method=zipfile.ZIP_DEFLATED) for n in range(16)]
    tree = zipped(*((f"{n}.zip", one) for n, one in enumerate(small)), ("a.eml", MAIL), method=zipfile.ZIP_DEFLATED)
    found = examine({"tree.zip": tree, "b.eml": MAIL}, limits)
    assert outcome(found.items["tree.zip"]) == (Status.LIMITED, "limit.source_output")
    assert len(found.below("tree.zip")) == 17
    opened = [item for item in found.items.values() if item.path.startswith("tree.zip!") and item.size]
    assert sum(item.size for item in opened if item.size) < 2 * (MIB + 50 * len(tree)) + 2 * MIB
    assert outcome(found.items["tree.zip!a.eml"]) == (Status.LIMITED, "limit.source_output")
    assert outcome(found.items["b.eml"]) == (Status.OK, None)


def test_too_many_members_are_cut_off(examine) -> None:
    archive = tarred(*((f"{n}.pdf", PDF) for n in range(9)))
    found = examine({"t.tar": archive}, replace(LIMITS, members=4))
    assert outcome(found.items["t.tar"]) == (Status.LIMITED, "limit.members")
    assert len(found.below("t.tar")) == 4


def test_a_name_too_long_is_limited_alone(examine) -> None:
    archive = zipped(("n" * 300, b"x"), ("a.eml", MAIL))
    found = examine({"z.zip": archive}, replace(LIMITS, name=200))
    assert outcome(found.items["z.zip!" + "n" * 300]) == (Status.LIMITED, "limit.name")
    assert outcome(found.items["z.zip!a.eml"]) == (Status.OK, None)


def test_a_header_of_fifty_megabytes_is_limited_in_seconds_and_alone(examine) -> None:
    line = b"X-Filler: " + b"x" * 900 + b"\r\n"
    mail = HEAD + line * (50_000_000 // len(line)) + b"\r\nText\r\n"
    start = time.perf_counter()
    found = examine({"a.eml": MAIL, "b.eml": mail, "c.eml": MAIL})
    assert time.perf_counter() - start < 20
    item = found.items["b.eml"]
    assert outcome(item) == (Status.LIMITED, "limit.header")
    assert (item.sha256, item.from_email) == (digest(mail), "anna@campaign.example")
    assert found.size_of("b.eml") == (len(mail), 0)
    assert outcome(found.items["a.eml"]) == outcome(found.items["c.eml"]) == (Status.OK, None)


@pytest.mark.parametrize("media_type", ["a/b", "text/plain"])
def test_a_message_of_more_parts_than_the_limit_is_limited(examine, media_type: str) -> None:
    mail = multipart(*[(f"Content-Type: {media_type}", b"x")] * (LIMITS.mime_parts + 50))
    found = examine({"a.eml": mail, "b.eml": MAIL})
    assert len(found.items) <= LIMITS.mime_parts + 2
    assert outcome(found.items["a.eml"]) == (Status.LIMITED, "limit.parts")
    assert outcome(found.items["b.eml"]) == (Status.OK, None)
    assert [source.n_errors for (source,) in found.sources.values()] == [1, 0]


def test_a_message_nested_deeper_than_the_limit_is_limited(examine) -> None:
    def nested(depth: int) -> bytes:
        head = "".join(f"Content-Type: multipart/mixed; boundary=b{n}x\r\n\r\n--b{n}x\r\n" for n in range(depth))
        return HEAD + head.encode() + b"\r\ntext"

    found = examine({"a.eml": nested(LIMITS.mime_depth), "b.eml": nested(LIMITS.mime_depth + 1)})
    assert outcome(found.items["a.eml"]) == (Status.OK, None)
    assert outcome(found.items["b.eml"]) == (Status.LIMITED, "limit.mime_depth")


def test_a_file_cut_short_counts_as_not_read_whole(examine) -> None:
    whole = gzip.compress(MAIL * 50)
    found = examine({"a.gz": whole[:-20], "b.gz": whole, "c.zip": zipped(("x.gz", whole[:-20]))})
    told = {path: (source.status, source.n_errors) for path, (source,) in found.sources.items()}
    assert told == {"a.gz": (Status.OK, 1), "b.gz": (Status.OK, 0), "c.zip": (Status.OK, 1)}


def test_large_members_give_the_same_rows_from_a_spool_file(examine) -> None:
    one = multipart(attached(PDF * 50), attached(zipped(("a.eml", MAIL)), "z.zip", "application/zip"))
    box = b"".join(FROM_LINE + one.replace(b"\r\n", b"\n") + b"\n" for _ in range(3))
    files = {"z.zip": zipped(("a.eml", one), ("in.mbox", box), method=zipfile.ZIP_DEFLATED), "b.mbox": box}
    in_memory, spooled = examine(files), examine(limits=replace(LIMITS, in_memory=100))
    assert len(in_memory.items) > 20
    assert spooled.items == in_memory.items
    assert spooled.sources == in_memory.sources


# ---- damage ---------------------------------------------------------------------------------------


def test_a_zip_without_its_end_is_read_as_far_as_it_goes(examine) -> None:
    archive = zipped(("a.eml", MAIL), ("b.eml", MAIL * 9), ("c.eml", MAIL))
    cut = archive[: archive.index(MAIL * 9) + 100]
    found = examine({"z.zip": cut})
    assert outcome(found.items["z.zip"]) == (Status.PARTIAL, "container.zip_no_directory")
    assert outcome(found.items["z.zip!a.eml"]) == (Status.OK, None)
    assert outcome(found.items["z.zip!b.eml"]) == (Status.ERROR, "container.truncated")
    gap = found.items[f"z.zip!@{cut.rindex(b'PK')}"]  # what there is of it
    assert (gap.kind, gap.sha256, gap.file_name) == (Kind.GAP, digest(cut[cut.rindex(b"PK") :]), None)
    assert len(found.items) == 4


def test_a_tar_without_its_end_is_read_as_far_as_it_goes(examine) -> None:
    archive = tarred(("a.pdf", PDF), ("b.eml", MAIL * 9))
    cut = archive[: archive.index(MAIL * 9) + 100]
    found = examine({"t.tar": cut})
    assert outcome(found.items["t.tar"]) == (Status.PARTIAL, "container.truncated")
    assert outcome(found.items["t.tar!a.pdf"]) == (Status.OK, None)
    item = found.items["t.tar!b.eml"]
    assert outcome(item) == (Status.PARTIAL, "container.truncated")
    assert (item.sha256, item.from_email) == (digest((MAIL * 9)[:100]), None) or item.size == 100


def test_a_compressed_tar_without_its_end_keeps_what_came_out(examine) -> None:
    noise = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(9000))
    archive = gzip.compress(tarred(("a.eml", MAIL), ("b.bin", noise)))
    found = examine({"t.tgz": archive[: len(archive) // 2]})
    assert outcome(found.items["t.tgz"]) == (Status.PARTIAL, "container.truncated")
    assert outcome(found.items["t.tgz!a.eml"]) == (Status.OK, None)
    item = found.items["t.tgz!b.bin"]
    assert outcome(item) == (Status.PARTIAL, "container.truncated")
    assert item.size and item.sha256 == digest(noise[: item.size])


def test_a_gzip_without_its_end_keeps_what_came_out(examine) -> None:
    text = HEAD + b"\r\n" + b"".join(hashlib.sha256(b"%d" % n).hexdigest().encode() + b"\r\n" for n in range(2000))
    packed = gzip.compress(text)
    found = examine({"a.eml.gz": packed[: len(packed) // 2], "b.eml": MAIL})
    item = found.items["a.eml.gz!@0"]
    assert outcome(item) == (Status.PARTIAL, "container.truncated")
    assert item.kind is Kind.EMAIL and item.from_email == "anna@campaign.example"
    assert item.size and item.sha256 == digest(text[: item.size])
    assert outcome(found.items["b.eml"]) == (Status.OK, None)


def test_a_member_with_another_checksum_is_partial_and_its_siblings_are_read(examine) -> None:
    archive = zipped(("a.eml", MAIL), ("b.eml", HEAD + b"\r\nOther\r\n"), method=zipfile.ZIP_DEFLATED)
    broken = archive.replace(zlib.crc32(MAIL).to_bytes(4, "little"), b"\1\2\3\4")
    found = examine({"z.zip": broken})
    assert outcome(found.items["z.zip!a.eml"]) == (Status.PARTIAL, "container.checksum")
    assert outcome(found.items["z.zip!b.eml"]) == (Status.OK, None)


def test_a_stored_member_with_another_checksum_is_partial_and_its_siblings_are_read(examine) -> None:
    octets = zipped(("a.eml", MAIL), ("b.txt", b"words"), method=zipfile.ZIP_STORED)
    found = examine({"z.zip": octets.replace(b"words", b"wards")})
    assert outcome(found.items["z.zip!b.txt"]) == (Status.PARTIAL, "container.checksum")
    assert outcome(found.items["z.zip!a.eml"]) == (Status.OK, None)


def test_an_encrypted_member_is_listed_unread(examine) -> None:
    archive = bytearray(zipped(("a.eml", MAIL), ("b.eml", MAIL)))
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        archive[archive.index(mark) + flags] |= 1
    found = examine({"z.zip": bytes(archive)})
    assert outcome(found.items["z.zip!a.eml"]) == (Status.ERROR, "container.encrypted")
    assert outcome(found.items["z.zip!b.eml"]) == (Status.OK, None)


def test_links_and_devices_in_an_archive_are_rows_without_octets(examine) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (("passwd", tarfile.SYMTYPE), ("pipe", tarfile.FIFOTYPE), ("disk", tarfile.BLKTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd" if name == "passwd" else ""
            archive.addfile(info)
    found = examine({"t.tar": out.getvalue()})
    assert [(i.kind, i.sha256, i.error_code) for p, i in found.items.items() if "!" in p] == [
        (Kind.LINK, None, None), (Kind.SPECIAL, None, "io.special"), (Kind.SPECIAL, None, "io.special"),
    ]  # fmt: skip
    assert found.items["t.tar!passwd"].notes == ("io.link: /etc/passwd",)


# ---- one poisoned item costs its own row ---------------------------------------------------------


class Marked:
    """A watch that knows which items killed a worker before."""

    def __init__(self, *ordinals: int) -> None:
        self.ordinals = ordinals

    def opening(self, ordinal: int) -> str | None:
        return "crash.died" if ordinal in self.ordinals else None

    def within(self, ordinal: int) -> None:
        pass

    def alive(self) -> None:
        pass


def test_a_marked_item_is_an_error_and_no_other_row_changes(examine) -> None:
    box = (FROM_LINE + multipart(attached(PDF), attached(PDF * 2)).replace(b"\r\n", b"\n") + b"\n") * 2
    files = {"a.eml": multipart(attached(PDF), attached(zipped(("x.txt", b"text")))), "b.mbox": box}
    undisturbed = examine(files)
    for poisoned, item in enumerate(undisturbed.items.values()):
        found = examine(files, watch=Marked(poisoned))
        assert outcome(found.items[item.path]) == (Status.ERROR, "crash.died")
        for path, other in found.items.items():
            if path != item.path:
                assert other._replace(row=0, parent_row=0, content_sha256=None) == undisturbed.items[path]._replace(
                    row=0, parent_row=0, content_sha256=None
                )
        assert len(found.items) == len(undisturbed.items) - _descendants(undisturbed.items, item)


def _descendants(items: dict[str, Item], top: Item) -> int:
    ids = {top.item_id}
    for item in items.values():  # parents come first
        if item.parent_id in ids:
            ids.add(item.item_id)
    return len(ids) - 1


def test_more_digests_on_demand(examine) -> None:
    found = examine({"a.eml": multipart(attached(PDF))}, also_hash=("md5", "sha1"))
    item = found.items["a.eml!1"]
    assert (item.md5, item.sha1) == (hashlib.md5(PDF).hexdigest(), hashlib.sha1(PDF).hexdigest())
    assert examine({"a.eml": MAIL}).items["a.eml"].md5 is None


# ---- any octets -----------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    [
        HEAD, MAIL, FROM_LINE, PDF, b"\n", b"\r\n", b"\0", b"--=_b1\r\n", b"--=_b1--\r\n", b"Content-Type: a/b\r\n",
        b'Content-Type: multipart/mixed; boundary="=_b1"\r\n', b"Content-Type: message/rfc822\r\n",
        b"Content-Transfer-Encoding: base64\r\n", base64.encodebytes(MAIL), zipped(("a.eml", MAIL)),
        gzip.compress(MAIL), tarred(("a", b"b")), b"<?xml version", b"1234\n", b">From x\n",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(_PIECES, st.binary(max_size=40)), max_size=8))
def test_any_octets_are_accounted_for(examine: Callable, pieces: list[bytes]) -> None:
    octets = b"".join(pieces)
    found = examine({"x": octets})
    (source,) = found.sources["x"]
    assert (source.size, source.sha256) == (len(octets), digest(octets))
    assert source.n_items == len(found.items)
    if not source.counts_members:
        assert source.octets_in_items + source.octets_outside == len(octets)
    ids = {item.item_id for item in found.items.values()}
    assert all(item.parent_id is None or item.parent_id in ids for item in found.items.values())
    assert found.items["x"].parent_id is None


# ---- octets that no member holds --------------------------------------------------------------------


def test_octets_outside_of_members_have_rows_and_the_archive_says_so(examine) -> None:
    tar = tarred(("doc.txt", b"long"), ("a.eml", MAIL))
    padded = tar.replace(b"long" + bytes(60), b"long" + b"hidden in the padding".ljust(60, b"\0"), 1)
    first, second = zipped(("a.eml", MAIL)), zipped(("b.pdf", PDF))
    found = examine(
        {
            "behind.zip": first + b"appended secret",
            "two.zip": first + second,
            "padded.tar": padded,
            "padded.tgz": gzip.compress(padded),
            "behind.tar": tar + b"text behind",
            "behind.eml.gz": gzip.compress(MAIL) + b"text behind",
        }
    )
    outside = (Status.PARTIAL, "container.outside_members")
    place = len(first)
    assert outcome(found.items["behind.zip"]) == outside
    assert found.octets(found.items[f"behind.zip!@{place}"]) == b"appended secret"
    assert outcome(found.items["two.zip"]) == (Status.PARTIAL, "container.zip_unlisted")
    assert found.items["two.zip!a.eml"].notes[:1] == ("container.zip_unlisted",)
    assert found.items["two.zip!a.eml"].from_email == "anna@campaign.example"
    directory = first[first.index(b"PK\1\2") :]
    assert found.octets(found.items[f"two.zip!@{place - len(directory)}"]) == directory
    for name in ("padded.tar", "padded.tgz"):
        assert outcome(found.items[name]) == outside
        gap = found.items[f"{name}!@516"]
        assert (gap.kind, gap.size, gap.sha256) == (Kind.GAP, 508, digest(b"hidden in the padding".ljust(508, b"\0")))
    assert outcome(found.items["behind.tar"]) == (Status.PARTIAL, "container.truncated")
    assert found.octets(found.items[f"behind.tar!@{len(tar)}"]) == b"text behind"
    assert outcome(found.items["behind.eml.gz"]) == outside
    assert outcome(found.items["behind.eml.gz!@0"]) == (Status.PARTIAL, "container.trailing")
    gap = found.items[f"behind.eml.gz!@{len(gzip.compress(MAIL))}"]
    assert found.octets(gap) == b"text behind"
    assert all(item.kind is not Kind.GAP or not item.covered for item in found.items.values())


def test_a_member_that_its_archive_does_not_list_is_not_covered(examine) -> None:
    two = zipped(("a.pdf", PDF)) + zipped(("b.pdf", PDF + b"!"))
    found = examine({"m.eml": multipart(attached(two, "z.zip", "application/zip"))})
    assert [found.items[f"m.eml!1!{name}.pdf"].covered for name in "ba"] == [True, False]


def test_a_gzip_with_another_checksum_keeps_all_that_came_out(examine) -> None:
    for number, coded in enumerate((gzip.compress(MAIL)[:-8] + bytes(8), bz2.compress(MAIL)[:-4] + bytes(4))):
        name = f"{number}.eml.gz"
        item = examine({name: coded}).items[f"{name}!@0"]
        assert outcome(item) == (Status.PARTIAL, "container.damaged")
        assert (item.kind, item.sha256, item.from_email) == (Kind.EMAIL, digest(MAIL), "anna@campaign.example")


def test_a_compressed_tar_with_another_checksum_gives_its_members(examine) -> None:
    found = examine({"t.tgz": gzip.compress(tarred(("a.eml", MAIL)))[:-8] + bytes(8)})
    assert outcome(found.items["t.tgz"]) == (Status.PARTIAL, "container.damaged")
    assert outcome(found.items["t.tgz!a.eml"]) == (Status.OK, None)


def test_a_tar_of_mails_is_an_archive_of_mails(examine) -> None:
    found = examine({"t.tar": tarred(("0.eml", MAIL), ("1.eml", MAIL))})
    assert [found.items[path].kind for path in ("t.tar", "t.tar!0.eml", "t.tar!1.eml")] == ["archive", "email", "email"]


@pytest.mark.parametrize("behind", [b"behind", b"\x1f\x8a" * 30])
def test_octets_behind_a_compressed_tar_are_a_gap_of_the_file(examine, behind: bytes) -> None:
    whole = gzip.compress(tarred(("a.eml", MAIL)))
    found = examine({"t.tgz": whole + behind})
    assert outcome(found.items["t.tgz"]) == (Status.PARTIAL, "container.trailing")
    gap = found.items[f"t.tgz!@{len(whole)}"]
    assert gap.kind is Kind.GAP and found.octets(gap) == behind


def test_gaps_in_the_decoded_and_in_the_compressed_octets_have_paths_of_their_own(examine) -> None:
    archive = tarred(("a.txt", b"x"))
    whole = gzip.compress(archive + b"\1" * 512)
    whole += bytes(len(archive) - len(whole))  # zeros behind a gzip are padding
    found = examine({"t.tgz": whole + b"behind"})
    assert found.items[f"t.tgz!@{len(archive)}"].size == 512
    assert found.octets(found.items[f"t.tgz!@{len(archive)}#2"]) == b"behind"


def test_an_archive_that_no_reader_opens_is_an_error_and_not_an_empty_container(examine) -> None:
    item = examine({"a.ar": b"!<arch>\n" + bytes(60)}).items["a.ar"]
    assert outcome(item) == (Status.ERROR, "container.unsupported_format")
    assert item.kind is Kind.ARCHIVE and item.holds_messages


def test_a_mailbox_without_empty_lines_gives_a_row_for_each_message(examine) -> None:
    line = b"From ???@??? Tue Mar 14 10:00:00 2017\n"
    mail = b"Received: from a\nFrom: a@press.example\nSubject: x\n\nbody\n"
    close, mixed = (line + mail) * 3, (line + mail) * 2 + b"\n" + line + mail
    found = examine({"close": close, "mixed": mixed})
    assert [path for path in found.items if path.startswith("close!")] == [
        f"close!@{n * len(line + mail)}" for n in range(3)
    ]
    assert sum(found.size_of("close")) == len(close)
    first, last = (found.items[f"mixed!@{at}"] for at in (0, 2 * len(line + mail) + 1))
    assert first.notes == ("container.separators_inside",) and not last.notes


def test_a_message_behind_zeros_that_a_crash_left_in_a_mailbox_is_noted(examine) -> None:
    line = b"From a@press.example Tue Mar 14 10:00:00 2017\n"
    mail = b"Received: from a\nFrom: a@press.example\nSubject: x\n\nbody\n\n"
    torn = (line + mail) * 2 + b"\0" * 500 + line + mail
    found = examine({"torn": torn, "zeros": (line + mail) * 2 + b"\0" * 500 + b"From here on\n"})
    assert found.items[f"torn!@{len(line + mail)}"].notes == ("container.separators_inside",)
    assert not found.items["torn!@0"].notes and not found.items[f"zeros!@{len(line + mail)}"].notes
