"""zip: directories of many makers, lies between headers, overlaps, encryption, cuts, and any damage."""

from __future__ import annotations

import io
import random
import struct
import warnings
import zipfile
import zlib

import pytest

from transforms.containers import zip as zip_archive
from transforms.limits import LIMITS
from transforms.model import ContainerError, Entry
from transforms.span import in_memory

MAIL = b"Subject: a\r\n\r\n" + b"words and more words\r\n" * 400
OCTETS = b"".join(b"%d %s\r\n" % (n, hex(n * n).encode()) for n in range(9000))
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def archive(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as writer:
        warnings.simplefilter("ignore")  # a name twice
        for name, octets in members:
            writer.writestr(name, octets)
        writer.comment = comment
    return out.getvalue()


def streamed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """As written to a pipe: sizes follow the members (flag bit 3)."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError

    out = Pipe()
    with zipfile.ZipFile(out, "w", method) as writer:
        for name, octets in members:
            writer.writestr(name, octets)
    return out.getvalue()


def listed(octets: bytes) -> list[Entry]:
    span = in_memory(octets)
    return list(zip_archive.entries(span, zip_archive.read_directory(span)))


def read(octets: bytes) -> list[tuple[bytes | None, bytes, str | None]]:
    """Name, what came out, error_code of each member."""
    found = []
    for entry in listed(octets):
        if entry.form == "gap":
            continue
        content, code = b"", entry.error_code
        if entry.start is not None and entry.length is not None:
            content = octets[entry.start : entry.start + entry.length]
        elif entry.content is not None:
            try:
                for chunk in entry.content():
                    assert len(chunk) <= LIMITS.chunk
                    content += chunk
            except ContainerError as error:
                code = error.code
        found.append((entry.name, content, code))
    return found


def edited(octets: bytes, mark: bytes, at: int, value: bytes, nth: int = 0) -> bytes:
    """The archive with some octets of its nth header with this mark replaced."""
    place = -1
    for _ in range(nth + 1):
        place = octets.index(mark, place + 1)
    return octets[: place + at] + value + octets[place + at + len(value) :]


LOCAL, CENTRAL = b"PK\3\4", b"PK\1\2"


@pytest.mark.parametrize("method", METHODS)
def test_members_come_in_directory_order_with_their_content(method: int) -> None:
    octets = archive(("a.eml", MAIL), ("d/b", b""), ("c", b"x"), method=method)
    assert read(octets) == [(b"a.eml", MAIL, None), (b"d/b", b"", None), (b"c", b"x", None)]


def test_stored_members_are_given_by_their_place() -> None:
    (entry,) = listed(archive(("a", MAIL), method=zipfile.ZIP_STORED))
    assert (entry.length, entry.content) == (len(MAIL), None)


def test_folders_are_not_entries_but_one_with_octets_is() -> None:
    assert [name for name, _, _ in read(archive(("d/", b""), ("e/", b"hidden")))] == [b"e/"]


def test_streamed_members_are_read_by_the_directory() -> None:
    assert read(streamed(("a", MAIL), ("b", b"2"))) == [(b"a", MAIL, None), (b"b", b"2", None)]


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "C:\\x", "été.eml", "com1", "@1", "a!b"])
def test_names_are_kept_whatever_they_say(name: str) -> None:
    assert [found for found, _, _ in read(archive((name, b"1")))] == [name.encode()]


def test_equal_names_are_two_members() -> None:
    assert read(archive(("a", b"1"), ("a", b"2"))) == [(b"a", b"1", None), (b"a", b"2", None)]


def test_a_name_with_nul_is_whole() -> None:
    octets = archive(("aXb", b"1")).replace(b"aXb", b"a\0b")
    assert read(octets) == [(b"a\0b", b"1", None)]


def _named(name: bytes) -> bytes:
    """One stored member of the octet `1`."""
    sizes = struct.pack("<3L2H", zlib.crc32(b"1"), 1, 1, len(name), 0)
    local = LOCAL + struct.pack("<5H", 20, 0, 0, 0, 0) + sizes + name + b"1"
    central = CENTRAL + struct.pack("<6H", 20, 20, 0, 0, 0, 0) + sizes + struct.pack("<3H2L", 0, 0, 0, 0, 0) + name
    return local + central + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, len(central), len(local), 0)


def test_an_empty_name_is_a_name() -> None:
    assert read(_named(b"")) == [(b"", b"1", None)]


def test_a_name_in_code_page_437_is_read_as_such() -> None:
    octets = archive(("aXb", b"1")).replace(b"aXb", b"\x82t\x82")
    assert read(octets)[0][0] == "été".encode()
    claims_utf8 = edited(edited(octets, LOCAL, 7, b"\x08"), CENTRAL, 9, b"\x08")
    assert read(claims_utf8)[0][0] == b"\x82t\x82"


def test_a_comment_may_hold_an_end_record() -> None:
    comment = b"see " + archive(("z", b""))[-22:] + b" there"
    assert read(archive(("a", b"1"), comment=comment)) == [(b"a", b"1", None)]


def test_octets_in_front_and_behind_are_no_hindrance() -> None:
    octets = b"MZ self extractor" * 100 + archive(("a", MAIL))
    assert read(octets) == [(b"a", MAIL, None)]
    assert read(octets + b"junk") == [(b"a", MAIL, None)]


@pytest.mark.parametrize("prefix", [b"", b"MZ" * 50])
def test_zip64_sizes_and_places_are_read(prefix: bytes) -> None:
    crc = struct.pack("<L", zlib.crc32(b"abc"))
    local = LOCAL + struct.pack("<5H", 45, 0, 0, 0, 0) + crc + struct.pack("<2L2H", 2**32 - 1, 2**32 - 1, 1, 20)
    local += b"a" + struct.pack("<2H2Q", 1, 16, 3, 3) + b"abc"
    central = CENTRAL + struct.pack("<6H", 45, 45, 0, 0, 0, 0) + crc
    central += struct.pack("<2L5H2L", 2**32 - 1, 2**32 - 1, 1, 34, 0, 0, 0, 0, 2**32 - 1)
    central += b"a" + struct.pack("<2HH", 0x5455, 2, 0) + struct.pack("<2H3Q", 1, 24, 3, 3, 0)
    end64 = b"PK\6\6" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, 1, 1, len(central), len(local))
    locator = b"PK\6\7" + struct.pack("<LQL", 0, len(local + central), 1)
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 2**16 - 1, 2**16 - 1, 2**32 - 1, 2**32 - 1, 0)
    octets = prefix + local + central + end64 + locator + end
    assert read(octets) == [(b"a", b"abc", None)]
    assert listed(octets)[0].defects == ()
    assert read(local + central + b"no end") == [(b"a", b"abc", None)]


def test_encrypted_members_are_named_with_size_crc_and_time() -> None:
    octets = edited(edited(archive(("a", MAIL)), LOCAL, 6, b"\1"), CENTRAL, 8, b"\1")
    (entry,) = listed(edited(octets, CENTRAL, 12, struct.pack("<HH", 10 << 11, 37 << 9 | 4 << 5 | 24)))
    assert (entry.error_code, entry.declared_size) == ("container.encrypted", len(MAIL))
    said = f"container.listed: {len(MAIL)} octets, CRC-32 {zlib.crc32(MAIL):08x}, modified 2017-04-24 10:00:00"
    assert entry.defects == (said,)


def test_methods_that_cannot_be_read_are_named() -> None:
    deflate64 = edited(edited(archive(("a", MAIL)), LOCAL, 8, b"\x09"), CENTRAL, 10, b"\x09")
    assert read(deflate64) == [(b"a", b"", "container.unsupported_method")]


def test_a_checksum_that_differs_is_said_behind_the_content() -> None:
    octets = edited(archive(("a", MAIL)), CENTRAL, 16, b"\0\0\0\0")
    assert read(octets) == [(b"a", MAIL, "container.checksum")]


def test_a_damaged_member_leaves_the_others() -> None:
    octets = edited(archive(("a", MAIL), ("b", b"2")), LOCAL, 31, b"\xff" * 30)
    assert [code for _, _, code in read(octets)] == ["container.damaged", None]


def test_headers_that_differ_are_said() -> None:
    octets = archive(("a", MAIL), ("b", MAIL))
    for lie in (
        edited(octets, LOCAL, 30, b"x"),  # name
        edited(octets, LOCAL, 14, b"\0\0\0\0"),  # CRC
        edited(octets, LOCAL, 22, b"\1\0\0\0"),  # size
    ):
        first, second = listed(lie)
        assert first.defects == ("container.zip_headers_differ",)
        assert second.defects == ()
        assert [content for _, content, _ in read(lie)] == [MAIL, MAIL]


def test_a_stored_size_that_lies_is_said() -> None:
    octets = edited(archive(("a", b"abc"), method=zipfile.ZIP_STORED), CENTRAL, 24, b"\xff")
    assert "container.zip_size_differs" in listed(octets)[0].defects


def test_of_overlapping_members_the_first_alone_is_read() -> None:
    octets = archive(("a", MAIL), ("b", MAIL))
    twice = edited(octets, CENTRAL, 42, b"\0\0\0\0", nth=1)  # both at the first one's place
    # The second one's own octets are listed no longer, and found by their local header.
    assert read(twice) == [(b"a", MAIL, None), (b"b", b"", "container.zip_overlap"), (b"b", MAIL, None)]
    inside = edited(octets, CENTRAL, 42, b"\x05\0\0\0", nth=1)
    assert [code for _, _, code in read(inside)] == [None, "container.zip_overlap", None]


def test_a_flat_bomb_gives_its_kernel_once() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("0000", bytes(1_000_000))
    one = out.getvalue()
    start = one.index(CENTRAL)
    record = one[start : one.index(b"PK\5\6")]
    directory = b"".join(record[:46] + b"%04d" % n + record[50:] for n in range(2000))
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 2000, 2000, len(directory), start, 0)
    found = read(one[:start] + directory + end)
    assert sum(len(content) for _, content, _ in found) == 1_000_000
    assert [code for _, _, code in found[1:]] == ["container.zip_overlap"] * 1999


def test_a_member_said_to_reach_past_the_end_takes_nothing_from_others() -> None:
    octets = edited(archive(("a", MAIL), ("b", MAIL)), CENTRAL, 20, b"\xf0\xff\xff\x7f")
    assert read(octets) == [(b"a", b"", "container.truncated"), (b"b", MAIL, None), (b"a", MAIL, None)]


def test_an_archive_cut_off_gives_what_lies_whole_before_the_cut() -> None:
    octets = archive(("a", MAIL), ("b", b"2" * 50), ("c", MAIL), method=zipfile.ZIP_STORED)
    found = listed(octets[: octets.rindex(b"Subject") + 9])
    assert [(entry.name, entry.error_code) for entry in found] == [
        (b"a", None),
        (b"b", None),
        (b"c", "container.truncated"),
        (None, None),  # what there is of it, as a gap
    ]
    assert found[0].defects == ("container.zip_no_directory",)


@pytest.mark.parametrize("method", METHODS[:3])
def test_a_streamed_archive_cut_off_gives_what_lies_whole_before_the_cut(method: int) -> None:
    octets = streamed(("a", MAIL), ("b", b"PK\7\x08" * 9), ("c", MAIL), method=method)
    cut = octets[: octets.index(CENTRAL) - 20]
    assert read(cut) == [
        (b"a", MAIL, None),
        (b"b", b"PK\7\x08" * 9, None),
        (b"c", b"", "container.truncated"),
    ]


def test_a_directory_that_hides_every_member_is_not_believed() -> None:
    octets = archive(("a", MAIL))
    hidden = octets[: octets.index(CENTRAL)] + archive()
    assert read(hidden) == [(b"a", MAIL, None)]


def test_an_empty_archive_has_no_members() -> None:
    assert listed(archive()) == []


@pytest.mark.parametrize("octets", [b"", b"PK\3\4", b"PK\5\6", b"PK", b"x" * 100])
def test_what_is_no_archive_is_refused(octets: bytes) -> None:
    with pytest.raises(ContainerError) as caught:
        list(zip_archive.read_directory(in_memory(octets)).members)
    assert caught.value.code == "container.truncated"


def test_links_show_their_target() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as writer:
        for name, method in (("s", zipfile.ZIP_STORED), ("d", zipfile.ZIP_DEFLATED)):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr, info.compress_type = 3, 0o120777 << 16, method
            writer.writestr(info, "../../etc/passwd")
    assert [(entry.form, entry.target) for entry in listed(out.getvalue())] == [("link", b"../../etc/passwd")] * 2


def test_a_bomb_comes_in_bounded_chunks() -> None:
    for method in METHODS[1:]:
        ((_, content, code),) = read(archive(("a", bytes(20_000_000)), method=method))
        assert (len(content), code) == (20_000_000, None)


def test_an_lzma_dictionary_beyond_the_limit_is_refused() -> None:
    octets = archive(("a", MAIL), method=zipfile.ZIP_LZMA)
    assert read(edited(octets, LOCAL, 31 + 5, b"\xff\xff\xff\xff")) == [(b"a", b"", "container.unsupported_method")]
    assert read(edited(octets, LOCAL, 31 + 4, b"\xff")) == [(b"a", b"", "container.damaged")]


def test_ranges_of_members_give_together_what_the_whole_gives() -> None:
    octets = archive(*((f"{n}.eml", MAIL) for n in range(10)), method=zipfile.ZIP_STORED)
    span = in_memory(octets)
    directory = zip_archive.read_directory(span)
    ranges = zip_archive.split(directory, 3 * len(MAIL))
    assert ranges == ((0, 3), (3, 6), (6, 9), (9, 10))
    parts = [entry for a, b in ranges for entry in zip_archive.entries(span, directory, a, b)]
    assert parts == list(zip_archive.entries(span, directory))
    assert zip_archive.split(zip_archive.read_directory(in_memory(archive())), 10) == ()


def test_office_files_are_documents() -> None:
    def type_of(*names: str, mimetype: bytes = b"") -> str | None:
        members = [("mimetype", mimetype)] if mimetype else []
        octets = archive(*members, *((name, b"x") for name in names), method=zipfile.ZIP_STORED)
        return zip_archive.office_type(zip_archive.read_directory(in_memory(octets)))

    assert (type_of("[Content_Types].xml", "word/document.xml") or "").endswith("wordprocessingml.document")
    assert (type_of("xl/workbook.xml", "_rels/.rels", "[Content_Types].xml") or "").endswith("spreadsheetml.sheet")
    assert (type_of("[Content_Types].xml", "ppt/presentation.xml") or "").endswith("presentationml.presentation")
    assert type_of("content.xml", mimetype=b"application/vnd.oasis.opendocument.text") == (
        "application/vnd.oasis.opendocument.text"
    )
    assert type_of("META-INF/container.xml", mimetype=b"application/epub+zip") == "application/epub+zip"
    assert type_of("a.eml", mimetype=b"text/plain") is None
    assert type_of("word/a.eml", "mimetype") is None


@pytest.mark.parametrize("make", [archive, streamed])
def test_any_damage_ends_in_content_or_an_error_code(make) -> None:  # type: ignore[no-untyped-def]
    draw = random.Random(3)
    for method in METHODS:
        octets = make(("a", MAIL), ("b", b"2" * 100), ("c", MAIL[:500]), method=method)
        for _ in range(80):
            broken = bytearray(octets)
            for _ in range(draw.randrange(1, 6)):
                broken[draw.randrange(len(broken))] = draw.choice((0, 255, draw.randrange(256)))
            if draw.random() < 0.3:
                del broken[draw.randrange(len(broken)) :]
            try:
                found = read(bytes(broken))
            except ContainerError as error:
                assert error.code in ("container.truncated", "limit.members")
            else:
                assert sum(len(content) for _, content, _ in found) < 1_000_000


def test_a_flood_of_descriptor_marks_takes_bounded_time() -> None:
    head = streamed(("a", b"x" * 100))[:31]
    with pytest.raises(StopIteration):  # one member that cannot be read, and no more
        found = iter(read(head + b"PK\7\x08" * 500_000))
        assert next(found) == (b"a", b"", "container.truncated")
        next(found)


# ---- what the directory leaves out -----------------------------------------------------------------


def hidden(octets: bytes, *names: bytes) -> bytes:
    """The archive with these members struck from its directory."""
    end = octets.rindex(b"PK\5\6")
    size, start = struct.unpack_from("<LL", octets, end + 12)
    lines = [CENTRAL + line for line in octets[start : start + size].split(CENTRAL)[1:]]
    kept = [line for line in lines if not line[46:].startswith(names)]
    record = struct.pack("<4H2LH", 0, 0, len(kept), len(kept), len(b"".join(kept)), start, 0)
    return octets[:start] + b"".join(kept) + b"PK\5\6" + record


def left_out(octets: bytes) -> tuple[list[bytes], list[bytes], tuple[str, ...]]:
    """Names not listed, gaps, and defects. Every octet is in a member, a gap or the archive's own records."""
    span = in_memory(octets)
    directory = zip_archive.read_directory(span)
    unlisted = [member.name for member in directory.members if "container.zip_unlisted" in member.defects]
    return unlisted, [octets[start:stop] for start, stop in directory.gaps], directory.defects


@pytest.mark.parametrize("make", [archive, streamed])
@pytest.mark.parametrize("method", METHODS)
def test_members_that_the_directory_hides_are_found(make, method: int) -> None:  # type: ignore[no-untyped-def]
    members = [("a", MAIL), ("b.eml", MAIL[::-1]), ("d/", b""), ("c", b"x" * 300), ("e", MAIL)]
    whole = make(*members, method=method)
    assert left_out(whole) == ([], [], ())
    for names in ((b"a",), (b"b.eml", b"d/", b"c"), (b"e",)):
        octets = hidden(whole, *names)
        found = {name: content for name, content, code in read(octets) if code is None and name != b"d/"}
        assert found == {name.encode(): content for name, content in members if name != "d/"}
        unlisted, gaps, defects = left_out(octets)
        assert [name for name in unlisted if name != b"d/"] == [name for name in names if name != b"d/"]
        assert (gaps, defects) == ([], ("container.zip_unlisted",))
    assert listed(hidden(whole, b"a"))[-1].defects == ("container.zip_unlisted",)


def test_of_two_archives_in_a_row_the_first_is_read_as_well() -> None:
    first, second = archive(("first.txt", b"f" * 50)), archive(("second.txt", b"g" * 50))
    assert read(first + second) == [(b"second.txt", b"g" * 50, None), (b"first.txt", b"f" * 50, None)]
    directory_of_first = first[first.index(CENTRAL) :]
    defects = ("container.zip_unlisted", "container.outside_members")
    assert left_out(first + second) == ([b"first.txt"], [directory_of_first], defects)


@pytest.mark.parametrize("make", [archive, streamed])
def test_octets_before_between_and_behind_are_gaps(make) -> None:  # type: ignore[no-untyped-def]
    octets = make(("a", MAIL), ("b", MAIL), method=zipfile.ZIP_STORED)
    at = octets.index(CENTRAL)
    between = octets[:at] + b"between" + octets[at:]
    between = edited(between, b"PK\5\6", 16, struct.pack("<L", at + 7))
    outside = ("container.outside_members",)
    assert left_out(b"PK\3\4 text of the leak" + octets) == ([], [b"PK\3\4 text of the leak"], outside)
    assert left_out(octets + b"appended") == ([], [b"appended"], outside)
    assert left_out(between) == ([], [b"between"], outside)
    assert left_out(bytes(700) + octets + bytes(100)) == ([], [], ())  # zeros are padding
    assert left_out(b"PK00" + octets) == ([], [], ())
    entries = listed(octets + b"appended")
    assert (entries[-1].form, entries[-1].offset, entries[-1].start, entries[-1].length) == (
        "gap", len(octets), len(octets), 8,
    )  # fmt: skip


def test_members_behind_a_signature_of_the_directory_are_listed() -> None:
    octets = archive(("a", MAIL), ("b", MAIL))
    at = octets.rindex(CENTRAL)
    signed = octets[:at] + b"PK\5\5\3\0sig" + octets[at:]
    size = len(octets) - 22 - octets.index(CENTRAL) + 9
    signed = edited(signed, b"PK\5\6", 12, struct.pack("<L", size))
    assert read(signed) == [(b"a", MAIL, None), (b"b", MAIL, None)]
    assert left_out(signed) == ([], [], ())


def test_a_number_of_members_that_lies_is_said() -> None:
    octets = archive(("a", b"1"), ("d/", b""))
    assert left_out(octets) == ([], [], ())
    assert left_out(edited(octets, b"PK\5\6", 10, b"\x09")) == ([], [], ("container.zip_count",))


def test_octets_behind_the_end_of_a_member_are_said() -> None:
    for method in METHODS[1:3]:
        whole = archive(("a", MAIL), method=method)
        (member,) = zipfile.ZipFile(io.BytesIO(whole)).infolist()
        octets = archive(("a", whole[31 : 31 + member.compress_size] + b"hidden"), method=zipfile.ZIP_STORED)
        octets = edited(edited(octets, LOCAL, 8, bytes([method])), CENTRAL, 10, bytes([method]))
        crc = struct.pack("<L", zlib.crc32(MAIL))
        octets = edited(edited(octets, LOCAL, 14, crc), CENTRAL, 16, crc)
        assert read(octets) == [(b"a", MAIL, "container.trailing")]


@pytest.mark.parametrize("method", METHODS[1:])
def test_what_a_damaged_member_held_before_the_damage_is_kept(method: int) -> None:
    octets = bytearray(archive(("a", OCTETS), method=method))
    octets[len(octets) * 3 // 4] ^= 0x55
    ((_, content, code),) = read(bytes(octets))
    assert code in ("container.damaged", "container.checksum", "container.truncated")
    same = next((n for n, (a, b) in enumerate(zip(content, OCTETS, strict=False)) if a != b), len(content))
    if method != zipfile.ZIP_BZIP2:  # of one block
        assert same > len(OCTETS) // 2


@pytest.mark.parametrize("mark", [LOCAL, LOCAL + b"\x14\0\x08\0\0\0" + bytes(16) + b"\1\0\0\0a", b"PK\7\x08"])
def test_a_flood_of_marks_outside_of_members_takes_bounded_time(mark: bytes) -> None:
    octets = archive(("a", b"1")) + mark * 200_000
    unlisted, gaps, _ = left_out(octets)
    assert unlisted == [] and b"".join(gaps).endswith(mark * 100_000)


@pytest.mark.parametrize("make", [archive, streamed])
def test_every_octet_is_in_a_member_a_gap_or_the_directory(make) -> None:  # type: ignore[no-untyped-def]
    """Text put anywhere outside of a member's stored octets is seen."""
    octets = make(("a", MAIL), ("b", b"2" * 100), ("c", b""), method=zipfile.ZIP_STORED)
    end = octets.index(CENTRAL)
    for place in (octets.index(LOCAL, 1), octets.index(LOCAL, octets.index(LOCAL, 1) + 1), end):
        text = b"words that no member holds"
        moved = octets[:place] + text + octets[place:]
        headers = [n for n, m in enumerate(zipfile.ZipFile(io.BytesIO(octets)).infolist()) if m.header_offset >= place]
        for nth in headers:
            at = zipfile.ZipFile(io.BytesIO(octets)).infolist()[nth].header_offset + len(text)
            moved = edited(moved, CENTRAL, 42, struct.pack("<L", at), nth=nth)
        moved = edited(moved, b"PK\5\6", 16, struct.pack("<L", end + len(text)))
        assert left_out(moved) == ([], [text], ("container.outside_members",))
        assert [name for name, _, _ in read(moved)] == [b"a", b"b", b"c"]


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        (struct.pack("<BL", 1, zlib.crc32(b"\x82t\x82.txt")) + "été.txt".encode(), "été.txt"),
        (struct.pack("<BL", 1, 7) + b"other.txt", "été.txt"),  # of another name: cp437 it is
        (struct.pack("<BL", 2, zlib.crc32(b"\x82t\x82.txt")) + b"other.txt", "été.txt"),
        (b"\1", "été.txt"),
    ],
)
def test_a_name_given_in_utf8_beside_one_of_a_code_page_is_shown(field: bytes, shown: str) -> None:
    made = zipfile.ZipInfo("nam.txt")
    made.extra = b"\x99\x99\1\0x" + struct.pack("<2sH", b"up", len(field)) + field
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive_file:
        archive_file.writestr(made, b"x")
    (entry,) = listed(out.getvalue().replace(b"nam.txt", b"\x82t\x82.txt"))
    assert entry.name == shown.encode()


# ---- an archive in several files ------------------------------------------------------------------


def spanned(cut: int, *members: tuple[str, bytes]) -> tuple[bytes, bytes]:
    """The two files of an archive that is cut there (§8.5): each offset is counted in the file that it lies in."""
    octets = b"PK\7\x08" + archive(*members)
    first, second = octets[:cut], octets[cut:]
    directory = second.index(CENTRAL)
    at = directory
    while second[at : at + 4] == CENTRAL:
        header = struct.unpack_from("<L", second, at + 42)[0] + 4
        disk, header = (0, header) if header < cut else (1, header - cut)
        second = second[: at + 34] + struct.pack("<H", disk) + second[at + 36 :]
        second = second[: at + 42] + struct.pack("<L", header) + second[at + 46 :]
        at += 46 + sum(struct.unpack_from("<3H", second, at + 28))
    end = second.index(b"PK\5\6")
    second = second[: end + 4] + struct.pack("<2H", 1, 1) + second[end + 8 :]
    return first, second[: end + 16] + struct.pack("<L", directory) + second[end + 20 :]


def test_of_an_archive_in_several_files_each_gives_what_lies_whole_in_it() -> None:
    whole = archive(("a.eml", MAIL), ("b", OCTETS))
    cut = 4 + whole.index(LOCAL, 10) + 1000
    first, second = spanned(cut, ("a.eml", MAIL), ("b", OCTETS), ("c.eml", MAIL))
    assert read(first) == [(b"a.eml", MAIL, None), (b"b", b"", "container.truncated")]
    assert zip_archive.read_directory(in_memory(first)).defects == (
        "container.other_volume",
        "container.outside_members",
    )
    assert read(second) == [
        (b"a.eml", b"", "container.other_volume"),
        (b"b", b"", "container.other_volume"),
        (b"c.eml", MAIL, None),
    ]
    assert f"CRC-32 {zlib.crc32(MAIL):08x}" in listed(second)[0].defects[0]


def test_a_directory_that_says_members_lie_in_another_file_hides_none() -> None:
    octets = edited(archive(("a.eml", MAIL)), b"PK\5\6", 4, struct.pack("<2H", 1, 1))
    assert read(octets) == [(b"a.eml", b"", "container.other_volume"), (b"a.eml", MAIL, None)]
    assert zip_archive.read_directory(in_memory(octets)).defects == ("container.zip_unlisted",)
    assert read(edited(archive(("a.eml", MAIL)), b"PK\5\6", 4, b"\xff\xff\xff\xff")) == [(b"a.eml", MAIL, None)]
