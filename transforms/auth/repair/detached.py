"""Where was an attachment taken out of a message, and how may its file have stood there? (VERDICT §2)

Mail programs put a note in the place of an attachment that their user deletes or saves elsewhere. The
hash can be had again only where the part's own header fields are kept: Thunderbird and mutt copy them
into the note, some archives leave them above an empty part. The file itself must come from elsewhere in
the dump: Examine leaves an order for it. What a reader sees differs in every case: never neutral.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from transforms.auth.canonical import BodyDigests, body_digests
from transforms.auth.coverage import ADDED_TEXT, in_order
from transforms.auth.prepare import prepare
from transforms.auth.repair.encoding import WIDTHS, wrapped
from transforms.auth.repair.leaf import MAX_LEAVES, Leaf, edited, in_wire_form, leaves, wire
from transforms.auth.repair.quoting import mbox_quoting
from transforms.limits import LIMITS
from transforms.mail.comments import unfolded
from transforms.mail.fields import split_part
from transforms.mail.mime import parts
from transforms.mail.parameters import raw_parameters
from transforms.mail.reading import read_one_way
from transforms.mail.transfer import IDENTITY
from transforms.model import Message, Order, Part, PreparedSignature
from transforms.span import in_memory
from transforms.text import clean_text

NAME = "detached_attachment"

_NOTE = 16 * 1024  # octets of a part that may be no more than a note
_FIELD = re.compile(rb"[!-9;-~]+:")  # a line that begins a header field (RFC 5322 §2.2)
_ALTERED, _SAVED = "x-mozilla-altered", "x-mozilla-external-attachment-url"
_APPLE = "x-apple-content-length"  # what Apple Mail adds where a file lies beside a .partial.emlx
_EXTERNAL = "message/external-body"  # mutt: access-type=x-mutt-deleted
_ENCODINGS = IDENTITY | {"base64", "quoted-printable"}


class Stub(NamedTuple):
    """What stands in the place of an attachment, in the body of a message in wire form."""

    part: str  # its number
    start: int  # octets of the body: header section and content
    stop: int
    section: bytes  # header section of the attachment as it was, with the empty line
    encoding: str
    file_name: str
    saved_as: str
    size: int | None


class File(NamedTuple):
    """A file of the dump that may be the attachment."""

    name: str  # how findings tell which: path and item_id
    content: bytes


def is_wanted(signature: PreparedSignature) -> bool:
    """Whether a signature could match once attachments are put back; none with l= is ever repaired."""
    return (
        signature.type == "dkim"
        and signature.invalid is None
        and signature.body_ok is False
        and signature.length is None
    )


def orders(
    row: int, message: Message, found: Sequence[Part], signatures: Sequence[PreparedSignature]
) -> tuple[Order, ...]:
    """The files to look for, if a signature of a message does not match; found are its parts.

    Costs a look at the parts of such a message, and more only where one of them may be a note.
    """
    if not any(map(is_wanted, signatures)) or not any(map(_may_be_note, found)):
        return ()
    if message.body.size > LIMITS.in_memory:
        return ()
    return tuple(Order(row, one.part, one.file_name, one.saved_as, one.size) for one in stubs(in_wire_form(message)))


def stubs(message: Message) -> tuple[Stub, ...]:
    """The places of attachments taken out of a message in wire form; () if they are more than LIMITS.taken_out."""
    places = sorted((*leaves(message), *_nothing_below(message)), key=lambda leaf: leaf.start)
    found = tuple(stub for leaf in places if (stub := _stub(leaf)) is not None)
    return found if len(found) <= LIMITS.taken_out else ()


def _nothing_below(message: Message) -> Iterator[Leaf]:
    """Parts that end with their fields: Apple Mail leaves no empty line of theirs above the next boundary."""
    body = message.body.read()
    for part in islice(parts(message), MAX_LEAVES):
        section = b"".join(field.raw for field in part.fields)
        header = part.body_offset - len(section)
        if not part.body.size and header >= 0 and body[header : part.body_offset] == section:
            yield Leaf(part, part.body_offset, part.body_offset, header)


def is_note(part: Part) -> bool:
    """Whether a part is a mail program's note with the header fields of what was there, and nothing else.

    Its content looks like a message without a body, and is none.
    """
    if part.body.size > _NOTE or part.encoding not in IDENTITY or not _is_marked(part):
        return False
    return _copied(wire(part.body.chunks())) is not None


def _may_be_note(part: Part) -> bool:
    return part.body.size <= _NOTE and (_is_marked(part) or (part.encoding == "base64" and part.file_name is not None))


def _is_marked(part: Part) -> bool:
    return part.media_type == _EXTERNAL or any(field.key == _ALTERED for field in part.fields)


def _stub(leaf: Leaf) -> Stub | None:
    if leaf.header is None or not _may_be_note(leaf.part):
        return None
    own = {field.key: field for field in leaf.part.fields}
    if _is_marked(leaf.part):
        section = _copied(leaf.part.body.read())
    else:  # the fields of the attachment, above nothing that its encoding could give
        fields = (field.raw for field in leaf.part.fields if field.key != _APPLE)
        section = None if leaf.content() else b"".join(fields) + b"\r\n"
    if section is None:
        return None
    was = next(parts(split_part(in_memory(section))))
    if was.encoding not in _ENCODINGS or was.media_type.startswith("multipart/"):
        return None
    name = clean_text(was.file_name, LIMITS.display) if was.file_name else ""
    saved_as = _last(unfolded(own[_SAVED].value)) if _SAVED in own else ""
    size = _stated_size(was)
    if not name and not saved_as and size is None:
        return None
    return Stub(leaf.part.number, leaf.header, leaf.stop, section, was.encoding, name, saved_as, size)


def _copied(note: bytes) -> bytes | None:
    """The header section that a note repeats, below what it says in words; None if more follows."""
    lines = note.split(b"\r\n")
    start = next((at for at, line in enumerate(lines) if _FIELD.match(line)), None)
    if start is None:
        return None
    end = next((at for at in range(start, len(lines)) if not lines[at].strip()), len(lines))
    if any(line.strip() for line in lines[end:]):
        return None
    return b"".join(line + b"\r\n" for line in lines[start:end]) + b"\r\n"


def _last(url: bytes) -> str:
    """The file name at the end of a URL or path."""
    return clean_text(re.split(rb"[/\\]", unquote_to_bytes(url.strip()))[-1], LIMITS.display)


def _stated_size(part: Part) -> int | None:
    """What Content-Disposition says (RFC 2183 §2.7)."""
    for field in part.fields:
        if field.key == "content-disposition":
            for parameter in raw_parameters(field.value)[1]:
                if parameter.name == "size" and parameter.octets.isdigit() and len(parameter.octets) < 16:
                    return int(parameter.octets)
    return None


# ---- the second round -----------------------------------------------------------------------------


class Tried(NamedTuple):
    """What became of the signatures of one message."""

    signatures: tuple[PreparedSignature, ...]  # those that match now, as they are prepared then
    exhausted: bool = False  # a budget ended the search


def put_back(
    message: Message,
    signatures: Sequence[PreparedSignature],
    files: Mapping[str, Sequence[File]],
    alive: Callable[[], None],
) -> Tried:
    """Try files in the places of the attachments taken out of a message; the first form that matches counts.

    signatures are those of message, from evidence; files by number of part. Every place needs one. The
    budgets are those of all repairs, reckoned on the body with its files in it.
    """
    wanted = [one for one in signatures if is_wanted(one)]
    sha1 = any(one.algorithm == "rsa-sha1" for one in wanted)
    trials = spent = largest = 0
    for (names, shown, places), (width, end) in product(_places(in_wire_form(message)), _WAYS):
        if not any(place.encoding == "base64" for place in places) and width != WIDTHS[0]:
            continue
        for chosen in product(*(files.get(place.part, ()) for place in places)):
            alive()
            edits = [
                (place.start, place.stop, place.section + _encoded(one.content, place.encoding, width) + end)
                for place, one in zip(places, chosen, strict=True)
            ]
            restored = edited(shown, edits)
            largest = max(largest, restored.body.size, LIMITS.repair_small)
            trials, spent = trials + 1, spent + restored.body.size
            if trials > LIMITS.repair_trials or spent > min(LIMITS.repair_factor * largest, LIMITS.repair_octets):
                return Tried((), exhausted=True)
            digests = body_digests(restored.body.chunks(), sha1)
            matching = [one for one in wanted if _digest(digests, one) == one.body_hash]
            if matching:
                return Tried(_prepared(restored, digests, matching, names, places, chosen))
    return Tried(())


_WAYS = tuple(product(WIDTHS, (b"", b"\r\n")))  # letters in a line, and what follows the last one


def _places(message: Message) -> list[tuple[tuple[str, ...], Message, tuple[Stub, ...]]]:
    """The message as found, then without the quoting of a mailbox, with the name of that repair; and its notes."""
    forms = [((), message), *((("mbox_quoting",), one) for one in islice(mbox_quoting(message), 2))]
    return [(names, one, places) for names, one in forms if (places := stubs(one))]


def _encoded(content: bytes, encoding: str, width: int) -> bytes:
    if encoding == "base64":
        return wrapped(content, width)
    return binascii.b2a_qp(wire([content])) if encoding == "quoted-printable" else wire([content])


def _digest(digests: BodyDigests, signature: PreparedSignature) -> bytes | None:
    form, algorithm = signature.canonicalization.partition("/")[2], signature.algorithm.rpartition("-")[2]
    digest: bytes | None = getattr(digests, f"{form}_{algorithm}")
    return digest


def _prepared(
    restored: Message,
    digests: BodyDigests,
    matching: Sequence[PreparedSignature],
    names: tuple[str, ...],
    places: Sequence[Stub],
    files: Sequence[File],
) -> tuple[PreparedSignature, ...]:
    """The signatures over the message with its attachments, never without an objection."""
    again = {one.seq: one for one in prepare(restored, read_one_way(restored), digests)}
    held = dict(_covered(restored))
    told = [f"{one.name}, sha256 {hashlib.sha256(one.content).hexdigest()}" for one in files]
    found = []
    for before in matching:
        signature = again[before.seq]
        fixes_blanks = signature.canonicalization.endswith("/simple")
        digest_of = (hashlib.sha256(one.content).hexdigest() for one in files)
        covered = (one for one in digest_of if one in held and (held[one] or fixes_blanks))
        repairs = (*filter(None, before.repairs.split("+")), *names, NAME)
        found.append(
            signature._replace(
                repairs="+".join(dict.fromkeys(repairs)),
                objections=in_order({*before.objections, *signature.objections, ADDED_TEXT}),
                restored_sha256=hashlib.sha256(restored.body.read()).digest(),
                shown="a note in the place of " + ", ".join(f"part {place.part}" for place in places),
                signed="; ".join(told),
                put_back=tuple(dict.fromkeys(covered)),
            )
        )
    return tuple(found)


def _covered(message: Message) -> Iterator[tuple[str, bool]]:
    """sha256 of the parts that have one reading, and whether their encoding leaves no blank open."""
    for leaf in leaves(message):
        content = leaf.content() if leaf.part.is_item else None
        if content is not None:
            yield hashlib.sha256(content).hexdigest(), leaf.part.encoding == "base64"
