"""The tables: a schema each and a sentence for each column (docs/columns.md is made from this)."""

from __future__ import annotations

import pyarrow as pa

ENUM = pa.dictionary(pa.int32(), pa.string())
TEXT = pa.string()
COUNT = pa.int64()
FLAG = pa.bool_()
TIME = pa.timestamp("us", tz="UTC")
NAMES = pa.list_(pa.string())
EVIDENCE = pa.list_(pa.struct([("code", TEXT), ("direction", TEXT), ("strength", TEXT), ("summary", TEXT)]))

ROW_GROUP = 122_880  # rows
FILE_ROWS = 5_000_000  # rows of one file; more are written as NAME-00001-of-0000N

Column = tuple[str, pa.DataType, str]

ITEMS: tuple[Column, ...] = (
    ("item_id", TEXT, "First 32 hex digits of sha256(path); the key of this table."),
    ("parent_id", TEXT, "The item that holds this one; null for a file of the dump."),
    ("source_path", TEXT, "The file of the dump that the octets come from."),
    ("path", TEXT, "Where the item lies, unique: steps separated by `!`, see docs/method.md."),
    ("path_bytes", pa.binary(), "The name as stored, only where it is not UTF-8."),
    ("depth", COUNT, "How many items are around it; 0 for a file of the dump."),
    ("ordinal", COUNT, "Position in its source file, parents before children."),
    ("byte_start", COUNT, "First octet, in the parent's decoded octets (a file's own at the top); of a gap beside a "
     "single message, in the octets of the file that holds both; null if compressed, or encoded with a From_ line."),
    ("byte_len", COUNT, "Octets it takes there, still encoded; null where byte_start is."),
    ("file_name", TEXT, "Name as claimed by the file system, archive or message, made printable."),
    ("kind", ENUM, "What it is: email, mailbox, archive, document, image ... gap, link, special; docs/method.md."),
    ("media_type", TEXT, "Type found in the content."),
    ("media_type_claimed", TEXT, "Type that the message claims for its part."),
    ("size", COUNT, "Decoded octets; of a limited item, those read."),
    ("sha256", TEXT, "SHA-256 of the decoded octets, lower-case hex."),
    ("sha1", TEXT, "SHA-1, only with --also-hash sha1."),
    ("md5", TEXT, "MD5, only with --also-hash md5."),
    ("edrm_mih", TEXT, "MD5 of the Message-ID with its brackets, to join with other platforms."),
    ("dup_of", TEXT, "The first item in walk order with equal octets; null for that first one."),
    ("status", ENUM, "ok, partial, limited or error: whether it could be read. Not a verdict."),
    ("error_code", TEXT, "Why the status is not ok."),
    ("verdict", ENUM, "suspected_fake, verified or unverifiable; never null."),
    ("basis", ENUM, "What a verified item rests on."),
    ("subtype", ENUM, "What kind of suspicion."),
    ("confidence", ENUM, "strong, moderate or limited; null for unverifiable."),
    ("rule", ENUM, "The rule of the ordered table that decided (docs/method.md)."),
    ("reason_code", TEXT, "The plainest reason for the verdict."),
    ("headline", TEXT, "The verdict in one sentence."),
    ("would_change", TEXT, "What would change an unverifiable item's verdict."),
    ("n_supports", COUNT, "Findings that speak for the item."),
    ("n_contradicts", COUNT, "Findings that contradict what it claims to be."),
    ("message_id", TEXT, "Message-ID without angle brackets."),
    ("in_reply_to", TEXT, "First identifier of In-Reply-To."),
    ("thread_id", TEXT, "Name of its thread: one for all messages that name one another or share a Thread-Index."),
    ("from_email", TEXT, "Address of the author, from the From field that a signature hashes."),
    ("from_name", TEXT, "Display name of the author: anybody can write anything here."),
    ("from_domain", TEXT, "Domain of that address as A-label."),
    ("to_emails", NAMES, "Addresses of the To field."),
    ("cc_emails", NAMES, "Addresses of the Cc field."),
    ("subject", TEXT, "Subject, decoded and made printable."),
    ("date_utc", TIME, "The Date field; the sender's clock, null if it names no zone."),
    ("date_raw", TEXT, "The Date field as written."),
    ("date_offset_min", COUNT, "Its zone in minutes east of UTC."),
    ("received_utc", TIME, "Time of the topmost Received field."),
    ("signed_utc", TIME, "t= of the signature that is shown."),
    ("dkim_result", ENUM, "none, pass, fail, policy, neutral, temperror or permerror (RFC 8601)."),
    ("dkim_domain", TEXT, "d= of the signature that is shown."),
    ("dkim_selector", TEXT, "s= of the signature that is shown."),
    ("dkim_aligned", ENUM, "exact, provider, relaxed or none: d= against the From domain."),
    ("arc_result", ENUM, "The ARC chain (RFC 8617): none, pass, fail, policy (a key that proves nothing) or neutral."),
    ("repairs", TEXT, "What had to be undone for the signature to match, joined by +."),
    ("inherits_from", TEXT, "item_id of the verified message that carries exactly these octets."),
    ("near_dup_of", TEXT, "item_id of an attachment of a verified message that is nearly the same."),
    ("lookalike_of", TEXT, "The domain that the sender's resembles: named with --protect, or taught by the dump."),
    ("author", TEXT, "Author by the document's metadata, which anybody can edit."),
    ("last_modified_by", TEXT, "Last editor by the document's metadata."),
    ("created_utc", TIME, "Creation time by the document's metadata; null where it names no zone."),
    ("modified_utc", TIME, "Modification time by the document's metadata; null where it names no zone."),
    ("producer", TEXT, "Software by the document's metadata, with its version."),
    ("evidence", EVIDENCE, "The findings, strongest first, 16 at most."),
)  # fmt: skip

FINDINGS: tuple[Column, ...] = (
    ("item_id", TEXT, "The item that the finding is about."),
    ("seq", COUNT, "Position among its findings, strongest first."),
    ("verdict", ENUM, "The item's verdict, copied here for counting."),
    ("code", TEXT, "area.fact; docs/findings.md explains each."),
    ("direction", ENUM, "supports, contradicts or neutral."),
    ("strength", ENUM, "decisive, strong or weak."),
    ("expected", TEXT, "The value that the evidence gives."),
    ("actual", TEXT, "The value that the item shows."),
    ("summary", TEXT, "The finding in plain words."),
    ("byte_start", COUNT, "Where in the item, if it has a place."),
    ("byte_len", COUNT, "How many octets there."),
)

SIGNATURES: tuple[Column, ...] = (
    ("item_id", TEXT, "The signed message or document."),
    (
        "seq",
        COUNT,
        "Position in the item from 0: dkim from the top, google, ARC sets by instance, smime, pdf, pgp.",
    ),
    ("type", ENUM, "dkim, google (X-Google-DKIM-Signature), arc-message, arc-seal, smime, pdf or pgp."),
    (
        "domain",
        TEXT,
        "d=, the signing domain; of smime and pdf, that of the first address in the certificate.",
    ),
    ("selector", TEXT, "s=, which of its keys; of pgp, fingerprint or ID of the signer's key."),
    ("instance", COUNT, "i= of an ARC set; null for dkim."),
    ("algorithm", ENUM, "a=."),
    ("canonicalization", ENUM, "c=, header/body."),
    ("signed_fields", NAMES, "h=: the fields that the signature covers."),
    ("unsigned_fields", NAMES, "Fields of the message that it does not cover."),
    ("signed_utc", TIME, "t=: when it was signed, by the signer's clock."),
    ("expires_utc", TIME, "x=: when it expires."),
    ("length", COUNT, "l=: how much of the body it covers; null for all of it."),
    ("body_ok", FLAG, "Whether the body, or the part or document, is the one that was signed."),
    ("header_ok", FLAG, "Whether the key confirms the signed fields; null without a usable key."),
    (
        "key_status",
        ENUM,
        "ok, missing, revoked, unparsable, weak or refused; enclosed: it comes with the signature.",
    ),
    (
        "key_id",
        TEXT,
        "The key that decided, a row of keys.parquet; of an enclosed one, SHA-256 of its SPKI.",
    ),
    ("aligned", ENUM, "exact, provider, relaxed or none: d= against the From domain."),
    ("repairs", TEXT, "What had to be undone for it to match."),
    (
        "changes",
        NAMES,
        "Of a pdf: what later saves changed, of pages, content, form, annotations, signature, validation, metadata, "
        "other, unreadable; null if it was not saved again.",
    ),
    ("result", ENUM, "pass, fail, neutral or permerror: the cryptographic outcome."),
    ("objection", TEXT, "Why a pass proves less than everything."),
    ("reason", TEXT, "Why the result is what it is."),
)

KEYS: tuple[Column, ...] = (
    ("key_id", TEXT, "SHA-256 of the key's SubjectPublicKeyInfo, hex; empty for a revoked record."),
    ("domain", TEXT, "The domain that published it."),
    ("selector", TEXT, "Under which selector."),
    ("record", TEXT, "The TXT record."),
    ("bits", COUNT, "Modulus bits of an RSA key, 256 for Ed25519."),
    ("source", ENUM, "archive, file, recovered or dns."),
    ("source_ref", TEXT, "Name and sha256 of the file it came from, or the two items that a recovered one came from."),
    ("anchored_by", TEXT, "What says whose a recovered key is: the same key given, or a seal; null if nothing does."),
    ("first_seen", TIME, "First observation."),
    ("last_seen", TIME, "Last observation."),
    ("not_before", TIME, "Known not to have been published earlier."),
    ("not_after", TIME, "Known not to have been published later."),
    ("n_verified", COUNT, "Signatures that it confirmed."),
    ("n_failed", COUNT, "Signatures of its name that it did not confirm."),
    ("weakness", TEXT, "Why it proves nothing: weak (short), revoked, unanchored, two_recovered (an alarm) ..."),
)

SOURCES: tuple[Column, ...] = (
    ("source_path", TEXT, "A directory entry of the dump that is not a directory."),
    ("size", COUNT, "Octets on disk."),
    ("sha256", TEXT, "SHA-256 of the file."),
    ("mtime_utc", TIME, "Time of modification by the file system."),
    ("kind", ENUM, "What it is."),
    ("status", ENUM, "ok, partial, limited or error."),
    ("error_code", TEXT, "Why the status is not ok."),
    ("n_items", COUNT, "Items found in it, itself included."),
    ("n_errors", COUNT, "Items in it that were not read whole: with another status than ok."),
    ("bytes_in_items", COUNT, "Octets in direct children; null where members are accounted instead."),
    ("bytes_outside", COUNT, "Octets of framing: From_ lines and separators."),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "items": ITEMS,
    "findings": FINDINGS,
    "signatures": SIGNATURES,
    "keys": KEYS,
    "sources": SOURCES,
}


def schema(table: str) -> pa.Schema:
    """Arrow schema of a table."""
    return pa.schema([pa.field(name, kind) for name, kind, _ in TABLES[table]])


def columns_markdown() -> str:
    """docs/columns.md."""
    lines = ["# Columns", "", "Made from `pipeline/tables.py`; a test compares the two.", ""]
    for table, columns in TABLES.items():
        lines += [f"## {table}.parquet", "", "| column | type | meaning |", "|---|---|---|"]
        lines += [f"| `{name}` | {_type_name(kind)} | {meaning} |" for name, kind, meaning in columns]
        lines.append("")
    return "\n".join(lines)


def _type_name(kind: pa.DataType) -> str:
    names = {
        ENUM: "enum", TEXT: "string", COUNT: "int64", FLAG: "bool", TIME: "time, UTC",
        NAMES: "list of strings", EVIDENCE: "list of struct", pa.binary(): "bytes",
    }  # fmt: skip
    return names[kind]
