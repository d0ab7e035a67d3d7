"""README.txt of a proof: what it shows, the commands, and where the key came from, for somebody with openssl alone."""

from __future__ import annotations

import base64
import hashlib
import textwrap
from collections.abc import Mapping, Sequence

from pipeline.lookup import Record
from pipeline.proof.exhibit import Exhibit, Inside
from transforms.auth.key import parse_record
from transforms.checks.repairs import WORDS
from transforms.mail.transfer import IDENTITY
from transforms.text import clean_text

_SHOWN = 2_000  # characters of each side of a repair


def text(
    item: Record, carrier: Record, exhibits: Sequence[Exhibit], inside: Inside | None, files: Mapping[str, bytes]
) -> str:
    """The whole page; every value of the leak in it is clean."""
    first = exhibits[0]
    blocks = [
        "PROOF OF ONE ITEM OF A LEAK\n",
        _field("item", item["path"]) + _field("sha256", item["sha256"]) + _field("verdict", item["verdict"])
        + _field("confidence", item["confidence"]) + _field("it says", item["headline"])
        + (_field("carried by", carrier["path"]) if inside is not None else "")
        + _field("from", carrier["from_email"]) + _field("date", carrier["date_raw"])
        + _field("subject", carrier["subject"]),
        _title("What this shows"),
        _shows(carrier, first),
        _title("Check it"),
        _words(
            "Run these commands in this folder (openssl 1.1.1 or newer). Change one bit of a file that they read, and "
            "they say so."
        ),
        *(_commands(one) for one in exhibits),
    ]  # fmt: skip
    if inside is not None:
        blocks += [_title("The document in the message"), _document(inside)]
    for one in exhibits:
        of_seal = " of the seal" if one.prefix else ""
        blocks += [_title(f"The key{of_seal}"), _key(one), _title(f"What the signature{of_seal} covers"), _covered(one)]
    if first.signed.prepared.repairs or first.signed.unquoted:
        blocks += [_title("What had to be undone"), _repair(first)]
    blocks += [_title("The files"), "".join(_field(name, _meaning(name)) for name in sorted(files))]
    return "\n".join(block.rstrip("\n") + "\n" for block in blocks)


_FILES = {
    "message.eml": "the message as it lies in the leak",
    "body.canonical": "its body in the form that is hashed (RFC 6376 section 3.4)",
    "headers.canonical": "its signed header fields in the form that is hashed, the signature's own field last",
    "signature.bin": "the signature, decoded from b=",
    "key.pem": "the public key",
    "key-record.txt": "the DNS record that the key stands in",
    "part.bin": "the attachment, decoded, that the item lies in",
}


def _meaning(name: str) -> str:
    of_seal = "of the seal: " if name.startswith("seal.") else ""
    return of_seal + _FILES.get(name.removeprefix("seal."), "the item")


def _shows(carrier: Record, first: Exhibit) -> str:
    limits = (
        "It does not show who typed the message, that what it says is true, or that its date is right; and if the "
        "private key has leaked since, others could have signed."
    )
    signed = (
        "the header fields listed below and the body, exactly as they stand in headers.canonical and body.canonical"
    )
    if carrier["basis"] == "receiver_seal":
        return _words(
            f"The mail system of {first.row['domain']}, which received the message, signed {signed}, and sealed what "
            "it had found then: that the signature of the author's domain was valid. Its words stand in "
            f"seal.headers.canonical, in the field ARC-Authentication-Results with i={first.row['instance']}. {limits}"
        )
    return _words(f"The mail system of {first.row['domain']} signed {signed}. {limits}")


def _commands(one: Exhibit) -> str:
    p, name = one.prefix, one.hash_name
    steps = []
    if one.signed.body is not None:
        claim = base64.b64encode(one.signed.prepared.body_hash).decode()
        steps.append((
            f"The hash of the body; it must equal bh= at the end of headers.canonical, which is\n{claim}:",
            f"openssl dgst -{name} -binary {p}body.canonical | openssl base64 -A",
        ))  # fmt: skip
    if one.is_ed25519:
        steps.append((
            "The signature over the hash of the header fields; it must answer: Signature Verified Successfully",
            f"openssl dgst -sha256 -binary -out {p}headers.sha256 {p}headers.canonical && openssl pkeyutl -verify "
            f"-pubin -inkey {p}key.pem -rawin -in {p}headers.sha256 -sigfile {p}signature.bin",
        ))  # fmt: skip
    else:
        steps.append((
            "The signature over the header fields; it must answer: Verified OK",
            f"openssl dgst -{name} -verify {p}key.pem -signature {p}signature.bin {p}headers.canonical",
        ))  # fmt: skip
    steps.append(("The key; it must be what p= of the DNS record holds:", _key_command(one)))
    return "".join(f"{says}\n\n    {command}\n\n" for says, command in steps)


def _key_command(one: Exhibit) -> str:
    """Prints p=: a SubjectPublicKeyInfo, a bare RSAPublicKey (RFC 6376 §3.6.1), or the 32 octets of Ed25519."""
    if one.is_ed25519:
        return f"openssl pkey -pubin -in {one.prefix}key.pem -outform DER | tail -c 32 | openssl base64 -A"
    spki = base64.b64encode(parse_record(one.key["record"]).spki).decode()
    if spki in "".join(one.key["record"].split()):
        return f"openssl pkey -pubin -in {one.prefix}key.pem -outform DER | openssl base64 -A"
    return f"openssl rsa -pubin -in {one.prefix}key.pem -RSAPublicKey_out -outform DER | openssl base64 -A"


def _document(inside: Inside) -> str:
    place, encoding = inside.place, inside.place.part.encoding
    named = f" ({clean_text(place.part.file_name, 200)})" if place.part.file_name else ""
    cut = f"tail -c +{place.start + 1} body.canonical | head -c {place.length}"
    digest = hashlib.sha256(place.octets).hexdigest()
    lines = [_words(f"Part {place.part.number} of the message{named} is octets {place.start} to "
                    f"{place.start + place.length - 1} of body.canonical"
                    + (f", in {clean_text(encoding)}." if encoding not in IDENTITY else "."))]  # fmt: skip
    if encoding == "base64" or encoding in IDENTITY:
        decode = " | openssl base64 -d" if encoding == "base64" else ""
        lines += [f"Decoded, it has the hash {digest}:", "",
                  f"    {cut}{decode} | openssl dgst -sha256", ""]  # fmt: skip
    else:
        lines += [f"Decoded, it has the hash {digest}; to cut it out:", "", f"    {cut}", ""]
    if inside.steps:
        way = ", then ".join(clean_text(step, 400) for step in inside.steps)
        lines.append(_words(f"That part is {inside.part_file}, an archive. In it lies the item, {inside.item_file}: "
                            f"take out {way}."))  # fmt: skip
    else:
        lines.append(_words(f"That is {inside.item_file}."))
    return "\n".join(lines)


def _key(one: Exhibit) -> str:
    key = one.key
    origin = {
        "archive": "an archive of keys that the user gave", "file": "a file that the user gave",
        "dns": "a look-up in the DNS that the user asked for",
        "recovered": "computed from signatures in the leak, and anchored",
    }  # fmt: skip
    lines = [
        _field("name", f"{key['selector']}._domainkey.{key['domain']}"),
        _field("record", key["record"]),
        _field("bits", key["bits"]),
        _field("from", f"{origin.get(key['source'], key['source'])}: {key['source_ref']}"),
        _field("anchored by", key["anchored_by"]),
        *(_field(name.replace("_", " "), key[name]) for name in ("first_seen", "last_seen", "not_before", "not_after")),
        _words(
            "Do not take this from the bundle: find the record elsewhere, in a public archive of DKIM keys, in records "
            "of passive DNS, or from the domain itself. Old keys are withdrawn; while this one is published, its name "
            "in the DNS (type TXT) holds it, and asking tells the domain that somebody asked."
        ),
    ]
    return "".join(lines)


def _covered(one: Exhibit) -> str:
    row, body = one.row, one.signed.body
    size = f"{len(body)} octets, all of it" if body is not None else "none: a seal covers ARC fields alone"
    return (
        _field("fields", " ".join(row["signed_fields"]))
        + _field("not covered", " ".join(row["unsigned_fields"]) or "no field")
        + _field("body", size)
        + _field("form", row["canonicalization"])
        + _field("signed on", row["signed_utc"])
        + _field("left open", row["objection"])
    )


def _repair(one: Exhibit) -> str:
    prepared = one.signed.prepared
    done = [WORDS[name] for name in prepared.repairs.split("+") if name]
    if one.signed.unquoted:
        done.append(f"lines that begin with From were quoted as its mailbox does ({one.signed.unquoted})")
    lines = [_words(
        "message.eml is not, octet for octet, what was signed. This was done to it on the way: "
        f"{'; '.join(done)}. The canonical files are the message with that undone; that the signature matches them is "
        "the proof of it."
    )]  # fmt: skip
    lines += _diff("- as it stands in message.eml", prepared.shown, "-")
    lines += _diff("+ as it was signed", prepared.signed, "+")
    return "\n".join(lines)


def _diff(label: str, value: str, sign: str) -> list[str]:
    if not value:
        return []
    lines = clean_text(value.replace("\n", " "), _SHOWN)
    return [label, *(f"{sign}   {line}" for line in textwrap.wrap(lines, 110)), ""]


def _title(words: str) -> str:
    return f"{words}\n{'-' * len(words)}"


def _field(name: str, value: object) -> str:
    return f"{name + ':':<18} {clean_text(str(value))}\n" if value not in (None, "") else ""


def _words(sentence: str) -> str:
    return textwrap.fill(sentence, 100) + "\n"
