"""The sentences of the page: plain and modest, for somebody who must decide tonight (VERDICT §9)."""

from __future__ import annotations

# Verdict -> (name, sign, what it says, what it does not say).
VERDICTS = {
    "suspected_fake": (
        "Suspected",
        "▲",
        "Named facts contradict what these items claim to be. A person must look at each of them.",
        "That they are fake. The innocent explanations stand beside the facts.",
    ),
    "verified": (
        "Verified",
        "✓",
        "Exactly this was signed by the mail system of the domain named, or was sent inside a message that was.",
        "Who typed it; that it is true; that its date is right. Decoys planted on the sender's own server carry valid "
        "signatures, and a leaked key ends the proof.",
    ),
    "unverifiable": (
        "Unverifiable",
        "○",
        "Nothing can be said either way. Each item gives its reason and what would change it.",
        "That they are fake. Most honest mail is unsigned, or its key is gone; a signature that fails is never, alone, "
        "a reason to suspect.",
    ),
}

# basis, subtype and the reasons whose code alone says little, as the list and the drawer show them.
REASONS = {
    "signature": "its own signature",
    "repaired_signature": "its signature, damage undone",
    "provider_signature": "signature of its provider",
    "receiver_seal": "seal of a receiver",
    "anchored_recovered_key": "recovered key, vouched for",
    "inherited": "sent in verified mail",
    "altered": "altered after signing",
    "altered_copy": "altered copy",
    "grafted_signature": "signature of another mail",
    "spoofed_at_receipt": "spoofed, says its receiver",
    "parent_not_verified": "no verified message passes proof to it",
    "sent_by_outsider": "sent by an outsider",
    "key_unknown": "key not at hand",
    "gap": "gap in a container",
    "unread": "could not be read",
}

APART = {
    "container": "containers (mailboxes, archives): what they hold is judged item by item",
    "gap": "gaps: octets of a container that belong to no message or member",
    "link": "links, which were not followed",
    "unread": "files or members that could not be read",
}

STATUS = {
    "ok": "read whole",
    "partial": "read, with damage inside",
    "limited": "stopped at a safety limit",
    "error": "not read",
}

# error_code -> words; of a code that is not here, the words of its area.
ERRORS = {
    "container": "the container is damaged, or uses something that is not read",
    "container.needs_archives_extra": "its reader is not installed: pip install 'leak-triage[archives]'; run again",
    "container.needs_pst_extra": "its reader is not installed: pip install 'leak-triage[pst]'; run again",
    "container.needs_rar_program": "compressed: unrar, 7zz, 7z or bsdtar on the PATH would open it; run again",
    "container.other_volume": "a part of an archive that lies in several files: put it together, then run again",
    "container.unsupported_format": "a format that is not read",
    "container.by_reference": "the file holds a reference to it, and not the thing itself",
    "container.ole_object": "an embedded object that is not read",
    "container.sparse": "a member with holes, which are not read",
    "container.encrypted": "encrypted: the password would be needed",
    "container.truncated": "cut off: what lies before the cut was read",
    "container.damaged": "damaged: what lies before the damage was read",
    "container.unsupported_method": "compressed in a way that is not read",
    "container.checksum": "its checksum does not match",
    "container.zip_no_directory": "the archive's table of contents is missing; members were found one by one",
    "container.zip_overlap": "two members of the archive claim the same octets",
    "container.zip_unlisted": "a member that the archive does not list",
    "container.trailing": "octets follow the end of the archive",
    "crash": "its reader failed; the item was set apart",
    "crash.died": "its reader was stopped by the system; the item was set apart",
    "crash.memory": "its reader needed too much memory; the item was set apart",
    "crash.timeout": "its reader did not come to an end; the item was set apart",
    "document": "the document is damaged",
    "io": "the file could not be read",
    "io.changed": "the file changed while it was read",
    "io.special": "a device, pipe or socket: not opened",
    "io.unreadable": "the file system did not give it",
    "io.vanished": "the file was gone when it was to be read",
    "limit": "a safety limit stopped the reading",
    "limit.depth": "nested too deep",
    "limit.cycle": "it leads back to itself",
    "limit.header": "its header is longer than any reader takes",
    "limit.memory": "too large to be read at once",
    "limit.member": "a member larger than the limit",
    "limit.members": "more members than the limit",
    "limit.name": "a name longer than the limit",
    "limit.parts": "more parts than the limit",
    "limit.mime_depth": "parts nested too deep",
    "limit.source_output": "its file expands to more than the limit",
    "limit.ratio": "expands to far more than its size, as bombs do",
}

SOURCES = {
    "archive": "archive given with --keys",
    "file": "file given with --keys",
    "dns": "looked up in the DNS",
    "recovered": "computed from the dump's own signatures: supports, proves nothing by itself",
}

KINDS = {
    "email": "messages",
    "mailbox": "mailboxes",
    "archive": "archives",
    "document": "documents",
    "image": "pictures",
    "signature": "detached signatures",
    "calendar": "calendar entries",
    "contact": "contacts",
    "text": "texts",
    "other": "other files",
    "gap": "gaps",
    "link": "links",
    "special": "special files",
}

# What would change the verdict of an item that does not say it by itself.
WOULD_CHANGE = {
    "verified": "Proof that the key had leaked, or was not this domain's, at the time of the mail.",
    "suspected_fake": "One of the innocent explanations, shown to be true; or another copy with a valid signature that "
    "says the same.",
}

PRINT = (
    (
        "verified",
        "“The mail was signed by the mail server of <em>domain</em>; the signature covers sender, date, subject and "
        "text.” Not: “is genuine”, “was written by”.",
    ),
    (
        "unverifiable",
        "“The authenticity of this mail could not be checked by technical means.” Not: “could not be confirmed” with "
        "an undertone.",
    ),
    (
        "suspected",
        "Never “fake”. “This copy differs from a version that is proven by its signature: …”, with both values.",
    ),
)


def error(code: str) -> str:
    """Why something was not read whole."""
    return ERRORS.get(code) or ERRORS.get(code.partition(".")[0], code)


def share(part: int, whole: int) -> str:
    """A share that never rounds something to nothing, or nearly all to all."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if part and percent < 0.1:
        return "under 0.1 %"
    if part < whole and percent > 99.9:
        return "over 99.9 %"
    return f"{percent:.1f} %"


def reason(code: str | None) -> str:
    """Why an item has its verdict, in a few words."""
    return REASONS.get(code or "") or (code or "").rpartition(".")[2].replace("_", " ")
