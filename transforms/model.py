"""The nouns: what flows from room to room. Frozen, plain, no behaviour beyond reading them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from transforms.span import Span

SCHEMA_VERSION = 4


class Kind(StrEnum):
    """What an item is (items.kind)."""

    EMAIL = "email"
    MAILBOX = "mailbox"
    ARCHIVE = "archive"
    DOCUMENT = "document"
    IMAGE = "image"
    SIGNATURE = "signature"
    CALENDAR = "calendar"
    CONTACT = "contact"
    TEXT = "text"
    OTHER = "other"
    GAP = "gap"
    LINK = "link"
    SPECIAL = "special"


class Status(StrEnum):
    """Whether an item could be read (items.status); never mixed with the verdict."""

    OK = "ok"
    PARTIAL = "partial"  # read, something inside it was damaged
    LIMITED = "limited"  # a limit of limits.py stopped it
    ERROR = "error"  # not read


class Verdict(StrEnum):
    SUSPECTED_FAKE = "suspected_fake"
    VERIFIED = "verified"
    UNVERIFIABLE = "unverifiable"


VERDICTS = tuple(Verdict)  # in the order of the tables


class Direction(StrEnum):
    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    NEUTRAL = "neutral"


class Strength(StrEnum):
    DECISIVE = "decisive"
    STRONG = "strong"
    WEAK = "weak"


# ---- the dump and its work units --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One directory entry of the dump that is not a directory."""

    name: bytes  # relative to the dump's root, `/` between parts
    size: int
    mtime_ns: int
    form: str  # file | link | special | unreadable


@dataclass(frozen=True, slots=True)
class WorkUnit:
    """What one worker does at a time: whole small files, or a range of one large container."""

    unit_id: str  # 32 hex: schema, limits, options, entries with size and mtime, range
    sequence: int  # position in walk order
    # files | whole | mailbox_range | close_range (of a mailbox without empty lines) | zip_range | tar_range
    # | repeats_range (of a tar in which members share a name)
    form: str
    entries: tuple[FileEntry, ...]
    start: int = 0  # octets of a mailbox or tar, or index of the first member of a zip
    stop: int = 0
    ranges: int = 0  # how many its file is split into; 0: the file is not split

    # `whole` hashes a split container and gives its own row; its ranges give the rows inside.
    @property
    def octets(self) -> int:
        """How large it is; of a range of a zip, an equal share."""
        if self.form in ("mailbox_range", "close_range", "tar_range", "repeats_range"):
            return self.stop - self.start
        if self.form == "zip_range":
            return self.entries[0].size // self.ranges
        return sum(entry.size for entry in self.entries)


class Planned(NamedTuple):
    """Where the plan on disk holds a unit: what crosses a shuffle in its place, however many files it has."""

    unit_id: str
    sequence: int
    form: str
    octets: int
    at: int  # octet of the plan at which it begins
    size: int  # octets there


# ---- containers -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a container holds, in container order. The reader of its bytes comes with it.

    Exactly one of (start, length) and content is set for something readable; neither for a
    directory, a link or a member that cannot be opened (error_code says why).
    """

    name: bytes | None  # as stored; None where the place is an offset (mailbox message, gap)
    offset: int | None = None  # path offset of a message or gap: its From_ line, or its first octet
    form: str = "member"  # member | message | gap | link | special; directories are not entries
    start: int | None = None  # range in the container's own octets, stored as they are
    length: int | None = None
    content: Callable[[], Iterable[bytes]] | None = None  # decoded octets, in chunks, checked
    stored_size: int | None = None  # octets in the container, for the ratio limit
    declared_size: int | None = None  # what the container's directory claims
    crc: int | None = None  # CRC-32 of octets stored as they are; what is in content checks its own
    target: bytes | None = None  # of a link
    error_code: str | None = None  # why it cannot be opened: container.encrypted ...
    defects: tuple[str, ...] = ()


class ContainerError(Exception):
    """A container, or one member of it, cannot be read further; code is the row's error_code."""

    def __init__(self, code: str, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.at = at  # in the container's own octets: what lies from there on is in no member; None: not known


# ---- mail -------------------------------------------------------------------------------------


@dataclass(slots=True, unsafe_hash=True, init=False)  # never changed; frozen, it would cost much more to make
class HeaderField:
    name: str  # as written, Latin-1
    raw: bytes  # wire form (CRLF): name to final CRLF, folding kept: what a signature covers
    key: str = field(repr=False, compare=False)  # name in lower case (RFC 5322 §1.2.2)

    def __init__(self, name: str, raw: bytes) -> None:
        self.name = name
        self.raw = raw
        self.key = name.lower()

    @property
    def value(self) -> bytes:
        """Everything after the colon, folding and final CRLF included."""
        return self.raw.partition(b":")[2]


class Message(NamedTuple):
    """A message split on octets, nothing decoded (RFC 5322 §2.1)."""

    fields: tuple[HeaderField, ...]  # top to bottom
    body: Span  # as found, line ends untouched; empty when there is none
    line_ends: str  # of the header section: crlf | lf | mixed | none
    defects: tuple[str, ...] = ()  # plain codes such as mail.junk_before_header

    def named(self, key: str) -> tuple[HeaderField, ...]:
        """Instances of the field with this lower-case name, top to bottom."""
        return tuple(field for field in self.fields if field.key == key)


class Mailbox(NamedTuple):
    """One address of a header field (RFC 5322 §3.4), decoded for display."""

    name: str  # display name, RFC 2047 decoded; "" if none
    address: str  # addr-spec, domain lower case; "" if it could not be read
    domain: str  # A-label, lower case, no final dot; "" if it could not be read


class Part(NamedTuple):
    """One node of the MIME tree (RFC 2046), addressed by its octets."""

    number: str  # RFC 9051 §6.4.5: "1", "2.1"
    media_type: str  # claimed, lower case: "text/plain"
    parameters: dict[str, str]  # of Content-Type, names lower case, RFC 2231 decoded
    disposition: str  # inline | attachment | "" ...
    file_name: str | None  # decoded, as claimed; None if neither field names one
    raw_file_name: bytes | None
    encoding: str  # Content-Transfer-Encoding, lower case; "" if absent
    fields: tuple[HeaderField, ...]  # of the part; the message's own for the root
    body: Span  # still encoded
    body_offset: int  # of body in the message's octets
    is_item: bool  # a row of its own (DESIGN §5), else body text or a multipart
    defects: tuple[str, ...] = ()


class Reading(NamedTuple):
    """Whether a message can be read in one way only (VERDICT §1.3)."""

    author: Mailbox | None  # the one mailbox of the one From field; None: from_ambiguous
    header_ambiguous: str | None  # why the header section can be read in two ways, else None
    body_ambiguous: str | None  # why the body can, if Content-Type or its encoding is unsigned
    blanks_ambiguous: str | None = None  # why it can, if only its relaxed form is signed
    parts_ambiguous: str | None = None  # why it can, whatever is signed: fields of a part are not readable


# ---- signatures -------------------------------------------------------------------------------


class PreparedSignature(NamedTuple):
    """Everything that any key is tried on, without the mail (DESIGN §2)."""

    seq: int  # top to bottom in the message, from 0
    type: str  # dkim | google | arc-message | arc-seal
    domain: str  # d=, lower case A-label
    selector: str  # s=
    auid: str | None  # i=
    algorithm: str  # a=, lower case
    canonicalization: str  # c= as header/body
    signed_fields: tuple[str, ...]  # h=, lower case, in order
    unsigned_fields: tuple[str, ...]  # names present in the message and not in h=
    signed_at: int | None  # t=, seconds since 1970, None if absent or implausible
    expires_at: int | None  # x=
    length: int | None  # l=
    body_hash: bytes  # bh=
    body_ok: bool | None  # None: not computable
    signature: bytes  # b= decoded
    data_hash: bytes  # of the header input, as found, under a='s hash
    repairs: str  # what was undone for body_ok and data_hash, "+" between; "" as found
    invalid: str | None  # the signature cannot be tried at all: reason code
    objections: tuple[str, ...]  # of coverage and reading, most telling first; () = fully covers
    aligned: str  # exact | provider | relaxed | none: d= against the From domain
    oversigned: tuple[str, ...] = ()  # singletons that h= names more often than they stand: none can be added
    open_octets: int | None = None  # at the message's end, as found, that l= leaves unsigned; None: not told
    instance: int | None = None  # i= of its ARC set; None: of no set
    chain_validation: str | None = None  # cv= of a seal: none | pass | fail
    reported: tuple[str, ...] = ()  # on a seal: the results that its own set records, normalised
    restored_sha256: bytes | None = None  # of the body with its damage undone; None: as found
    shown: str = ""  # what repairs changed, as it stands in the message
    signed: str = ""  # the same as it was signed
    found_hash: bytes | None = None  # of the body as it lies here, where body_ok is False
    put_back: tuple[str, ...] = ()  # sha256 of the files that it covers once they stand in the body again


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of a domain's mail system, from one record (RFC 6376 §3.6.1)."""

    key_id: str  # sha256 of the SubjectPublicKeyInfo, hex; "" if revoked or unusable
    domain: str
    selector: str
    record: str  # TXT record as given
    source: str  # archive | file | recovered | dns
    source_ref: str  # file name and sha256 of the archive it came from
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    anchored_by: str | None = None
    weakness: str | None = None  # why anybody may hold the private key (auth/weakness.py)


class SignatureResult(NamedTuple):
    """What one key, or the lack of one, makes of a prepared signature."""

    seq: int
    header_ok: bool | None  # None: no usable key
    key_status: str  # ok | missing | revoked | unparsable | weak | refused
    key_id: str | None
    result: str  # pass | fail | neutral | permerror (RFC 8601 §2.7.1), the cryptographic outcome
    objection: str | None  # policy: why a pass proves less than everything
    reason: str  # one code: why result is what it is
    key_bits: int = 0  # of the key that was tried; 0: none
    testing: bool = False  # t=y: the domain was only testing this key
    # Of a header that this key confirms once damage is undone (auth/repair); replaces what was prepared.
    repairs: str = ""  # all that was undone, "+" between; "": the header is as prepared
    objections: tuple[str, ...] = ()
    shown: str = ""
    signed: str = ""
    subject: str | None = None  # as signed, where another is shown
    message_id: str | None = None
    doubts: tuple[str, ...] = ()  # of a header that a key confirms: all objections, most serious first


class DocumentSignature(NamedTuple):
    """A signature inside a mail or document, checked while the item is read by what it brings itself.

    smime and pdf bring a certificate with the key, which anybody can make in any name: a pass says that what is
    signed is as it was signed, not who signed. pgp brings the first bits of a hash: it fails or is neutral.
    """

    seq: int  # among those of its item, from 0
    type: str  # smime | pdf | pgp
    covers: str  # what is signed: `part 1`, `octets 0 to 5000`, `the content`
    algorithm: str  # rsa-sha256, rsa-pss-sha256, ecdsa-sha384, ed25519 ...; "" if it could not be read
    body_ok: bool | None  # whether what is signed hashes to what the signature says; None: only the key could tell
    result: str  # pass | fail | neutral | permerror
    reason: str  # one code: why the result is what it is
    signed_at: int | None = None  # seconds since 1970, by the signer's own clock
    subject: str = ""  # of its certificate, as the certificate says
    issuer: str = ""
    addresses: tuple[str, ...] = ()  # mail addresses that the certificate names, lower case
    not_before: int | None = None  # of the certificate, seconds since 1970
    not_after: int | None = None
    fingerprint: str = ""  # SHA-256 of the certificate, hex; of pgp, fingerprint or ID of the key
    key_id: str | None = None  # SHA-256 of its SubjectPublicKeyInfo, hex
    unsigned_octets: int | None = None  # of a PDF: behind what is signed, added later; None: not told
    changes: tuple[str, ...] = ()  # of a PDF: kinds of what later saves changed, as pdf_changes.KINDS
    words_signed: str | None = None  # words of its pages that they replaced, "" if none; None: not compared
    words_shown: str = ""  # ... and what stands there now
    repairs: str = ""  # what was undone for body_ok
    digest: bytes = b""  # of pgp: what its key is tried on, as the key comes later ...
    signature: bytes = b""  # ... with the numbers of the signature


# ---- evidence: what one work unit says, without any key -----------------------------------------


class Item(NamedTuple):
    """The facts of one row of items.parquet; the judge adds the verdict."""

    row: int  # position in its unit, parents before children
    parent_row: int  # -1: none, or the parent's row is in another unit
    item_id: str
    parent_id: str | None
    source_path: str
    path: str
    path_bytes: bytes | None  # the name as stored where it is not UTF-8
    depth: int
    byte_start: int | None  # in the decoded octets of the parent; of the file at the top, or beside a gap
    byte_len: int | None
    file_name: str | None
    kind: Kind
    media_type: str | None
    media_type_claimed: str | None
    size: int | None
    sha256: str | None
    sha1: str | None = None
    md5: str | None = None
    status: Status = Status.OK
    error_code: str | None = None
    notes: tuple[str, ...] = ()  # defects and reader's remarks, codes or `code: detail`
    covered: bool = False  # a signature over the parent's octets covers these, decoded strictly
    exact: bool = False  # ... to the octet also where it leaves blanks and line ends open: base64
    holds_messages: bool = False  # is, or may hold, messages: proof does not pass through it
    loose: bool = False  # lies in the dump outside any message
    # of a message; from the instances of the fields that a signature hashes
    edrm_mih: str | None = None
    message_id: str | None = None  # without angle brackets
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    conversation: bytes | None = None  # first 22 octets of Thread-Index: equal in a whole conversation of Outlook
    from_email: str | None = None
    from_name: str | None = None
    from_domain: str | None = None
    to_emails: tuple[str, ...] = ()
    cc_emails: tuple[str, ...] = ()
    reply_to: str | None = None  # the first address of Reply-To
    mail_program: str | None = None  # X-Mailer, or User-Agent
    subject: str | None = None
    date_utc: datetime | None = None
    date_raw: str | None = None
    date_offset_min: int | None = None
    received_utc: datetime | None = None
    received_count: int = 0  # Received fields but for those of handing in: 0 claims no transmission
    intermediaries: tuple[str, ...] = ()  # names of fields that lists, forwarders and resenders add
    delivered_elsewhere: bool = False  # it was taken for an address that To and Cc do not name
    arc_defect: str | None = None  # why the ARC fields form no chain of sets; None: they do, or there are none
    header_ambiguous: str | None = None
    author_known: bool = False  # the From field names exactly one mailbox
    simple_sha256: bytes | None = None  # digests of the canonical body, for joins of bodies
    relaxed_sha256: bytes | None = None
    simple_sha1: bytes | None = None  # only where a signature of the message is over SHA-1
    relaxed_sha1: bytes | None = None
    content_sha256: bytes | None = None  # of all text parts, decoded, and the attachments' digests
    body_start: int | None = None  # where the body begins in the item's own octets
    body_form: bytes | None = None  # 16 octets: equal where Content-Type and its encoding say the same
    sketch: bytes | None = None  # of the text of a file, where there is enough (sketch.py)
    # JSON, where the parent's row is in another shard than this one's: the items around it, inwards from the first one
    # below the file of the dump, each as [last step of its path, byte_start, byte_len, sha256]; None right below it
    around: str | None = None


class Clock(NamedTuple):
    """A moment that some software wrote into a message, and where."""

    source: str  # date | received | queue_id | signature | message_id | boundary | thread_index | field
    generator: str  # family of the software: outlook, exim ...; for date and received "as written"
    micros: int  # since 1970, UTC; of the wall clock where the zone is unknown
    resolution: int  # microseconds
    zone_unknown: bool = False  # compare modulo whole quarters of an hour
    hop: int = -1  # of received and queue_id: 0 is the topmost; -1: not a hop


class DocumentFacts(NamedTuple):
    """What a document or picture says of itself: all of it is easy to edit, and often forgotten.

    None and () where it says nothing. Strings are clean and bounded.
    """

    author: str | None = None
    last_modified_by: str | None = None
    created_utc: datetime | None = None
    modified_utc: datetime | None = None
    created_local: str | None = None  # ISO 8601, where it names no zone: a wall clock somewhere
    modified_local: str | None = None
    application: str | None = None  # what the content was written with
    application_version: str | None = None  # as written
    producer: str | None = None  # what made the file, where that is another program, or a camera
    template: str | None = None
    company: str | None = None
    languages: tuple[str, ...] = ()  # of its text, as written: fr-FR, or the number that Windows gives it
    code_page: int | None = None  # of Windows
    revision: int | None = None  # how often it was saved
    edit_minutes: int | None = None
    custom: tuple[str, ...] = ()  # name=value of properties that users and gateways add
    rsids: tuple[str, ...] = ()  # Word's numbers of editing sessions, as they stand, lower case
    fonts: tuple[str, ...] = ()
    zip_writer: str | None = None  # office | libreoffice | info-zip | macos | python: by how the zip is made
    zip_first: str | None = None  # earliest and latest time of its members, ISO 8601, no zone
    zip_last: str | None = None
    earlier_producers: tuple[str, ...] = ()  # of earlier revisions of a PDF, the latest first
    pdf_revisions: int | None = None  # how often a PDF was saved, the first time included
    identifiers: tuple[str, ...] = ()  # of the document and of this version
    signatures: int = 0  # inside it; not checked
    unsigned_octets: int | None = None  # behind the last one that a PDF signature covers; None: there is none
    encrypted: bool = False
    defects: tuple[str, ...] = ()  # plain codes such as document.damaged

    @property
    def software(self) -> str | None:
        """The programs that it names, each with its version."""
        named = " ".join(filter(None, (self.application, self.application_version)))
        return "; ".join(dict.fromkeys(filter(None, (named, self.producer)))) or None


class Text(NamedTuple):
    row: int
    form: str  # media types it was made from, in order: only like can be compared with like
    text: str  # normalised (mail/content.py), at most limits.text octets of UTF-8
    html: bytes = b""  # digest of the HTML that readers may see instead (mail/content.py); empty where there is none


class Order(NamedTuple):
    """An attachment that was taken out of a message whose signature does not match: a file to look for."""

    row: int  # of the message
    part: str  # number of the part that stands in its place
    file_name: str  # as claimed, made printable; "" if none is
    saved_as: str  # the name under which a mail program says that it saved the file; ""
    size: int | None  # octets, where the message states them


class KeptField(NamedTuple):
    """A raw header field kept with a message's signatures."""

    row: int
    name: str
    raw: bytes


class Source(NamedTuple):
    """One directory entry, or what one range of it contributed; ranges are added up."""

    source_path: str
    size: int
    sha256: str | None
    mtime_ns: int
    kind: Kind
    status: Status
    error_code: str | None
    n_items: int
    n_errors: int
    octets_in_items: int  # direct children of a file, or the one item that it is
    octets_outside: int  # framing: From_ lines and separators
    counts_members: bool  # an archive: members are accounted, not octets


@dataclass(frozen=True, slots=True)
class UnitEvidence:
    """Everything examined in one work unit; written to disk whole or not at all."""

    unit: WorkUnit
    items: tuple[Item, ...]
    signatures: tuple[tuple[int, PreparedSignature], ...]  # (row of the message, signature)
    fields: tuple[KeptField, ...]
    clocks: tuple[tuple[int, Clock], ...]  # (row of the message, clock)
    texts: tuple[Text, ...]
    sources: tuple[Source, ...]
    orders: tuple[Order, ...] = ()
    documents: tuple[tuple[int, DocumentFacts], ...] = ()  # (row of the document, what it says)
    document_signatures: tuple[tuple[int, DocumentSignature], ...] = ()  # (row of the mail or document, signature)
    parts: int = 0  # how many more hold what comes before it in walk order


# ---- findings and verdicts --------------------------------------------------------------------


class Finding(NamedTuple):
    """A fact with a code; its weight is its rule's, given in the file that declares the rule."""

    code: str
    direction: Direction
    strength: Strength
    summary: str
    expected: str | None = None
    actual: str | None = None
    byte_start: int | None = None
    byte_len: int | None = None
    family: str = ""  # of its rule: two of one family are one witness


class Told(NamedTuple):
    """What a join says about one item; the code names its rule."""

    unit_id: str
    row: int
    code: str
    detail: str = ""
    expected: str = ""
    actual: str = ""
    of: str = ""  # item_id of what it is nearly the same as


@dataclass(frozen=True, slots=True)
class Rule:
    """What a check or join may say: declared beside the code that says it."""

    code: str
    direction: Direction
    strength: Strength
    family: str  # of VERDICT: crypto, transport clock, client clock, client fingerprint, identity ...
    sentence: str  # the finding in plain words
    innocent: str  # honest explanations, for docs/findings.md and `triage explain`
    rate: str  # measured or derived false-alarm rate and its source
    # Header fields, lower case, that it rests on: exporters may rewrite them, and one cause may be behind two findings.
    fields: tuple[str, ...] = ()

    def __call__(
        self,
        detail: str = "",
        expected: str | None = None,
        actual: str | None = None,
        byte_start: int | None = None,
        byte_len: int | None = None,
    ) -> Finding:
        summary = f"{self.sentence}: {detail}" if detail else self.sentence
        return Finding(
            self.code, self.direction, self.strength, summary, expected, actual, byte_start, byte_len, self.family
        )
