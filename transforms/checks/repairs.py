"""What had to be undone before a signature matched, and does a reader see the difference? (VERDICT §2)"""

from __future__ import annotations

from collections.abc import Iterator

from transforms.auth.coverage import ADDED_TEXT
from transforms.auth.repair import detached
from transforms.case import ItemView
from transforms.model import Direction, Finding, Kind, PreparedSignature, Rule, Strength

REPAIRED = Rule(
    "dkim.repaired",
    Direction.SUPPORTS,
    Strength.DECISIVE,
    "crypto",
    "A mail system signed this; damage on the way, which left what the author said as it is, had to be undone",
    "Relays, exporters and archives wrap lines, change encodings and write dates and addresses in their own way.",
    "the hash decides: a chance match has a probability of 2 to the power of -256",
)
ADDED = Rule(
    "dkim.proven_except_added_text",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The signature matches once text that a reader sees is taken away or put back",
    "Footers and subject tags of lists, notices of gateways, quoting of mailboxes, rewritten links and senders.",
    "normal for mail that came through a list or a gateway; never evidence of forgery",
)
TAKEN_OUT = Rule(
    "dkim.attachment_taken_out",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "An attachment was taken out of this message, so its body cannot match the signature; no file that gives the "
    "body as it was signed has been put back",
    "Mail programs delete attachments, or save them elsewhere, when their user asks for it.",
    "normal for mail of somebody who keeps his mailbox small; never evidence of forgery",
)
PUT_BACK = Rule(
    "dkim.attachment_put_back",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The signature matches once a file of this dump is put back in the place of an attachment that was taken out",
    "Mail programs delete attachments, or save them elsewhere, when their user asks for it.",
    "the hash decides: a chance match has a probability of 2 to the power of -256; what stands here is a note",
)

RULES = (REPAIRED, ADDED, TAKEN_OUT, PUT_BACK)

# Each repair in words, as what was done to the message.
WORDS = {
    "line_ends": "line ends were changed",
    "mbox_quoting": "lines that begin with From were quoted as in a mailbox",
    "signature_mark": "the blank behind the two dashes above a signature block was lost",
    "flowed_space": "the blanks at the end of soft-wrapped lines were lost",
    "trailing_space": "blanks were added at line ends",
    "blank_lines": "blank lines were added or lost",
    "base64_lines": "base64 lines were wrapped at another width",
    "as_8bit": "text was given a transfer encoding",
    "as_base64": "text in base64 was decoded",
    "as_quoted_printable": "text in quoted-printable was decoded",
    "dot_stuffing": "dots at the beginning of lines were doubled or lost",
    "links": "links were replaced by those of a gateway",
    "detached_attachment": "an attachment was taken out",
    "footer": "a footer was added",
    "banner": "a notice was put above the text",
    "list_part": "a list added a part with its footer",
    "list_wrapper": "a list wrapped the message and added its footer",
    "folding": "header lines were folded in another way",
    "subject_tag": "a tag was put into the subject",
    "encoded_words": "words of the header were encoded in another way",
    "address_form": "addresses were written in another form",
    "parameter_form": "parameters of Content-Type were written in another form",
    "transfer_encoding": "the name of the transfer encoding was changed",
    "list_from": "a list put its own address into From",
    "date_zone": "the date was written in another time zone",
    "message_id": "the Message-ID was replaced, the old one kept in another field",
}


_NOTHING = "(nothing)"  # text that was only added or only taken away


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is not Kind.EMAIL:
        return
    if item.taken_out and not any(detached.NAME in signature.repairs for signature in item.signatures):
        yield TAKEN_OUT(", ".join(item.taken_out))
    for signature, result in zip(item.signatures, item.results, strict=True):
        if not signature.repairs or result.result != "pass" or item.proof is None:
            continue
        if detached.NAME in signature.repairs:
            yield _finding(PUT_BACK, signature)
        elif ADDED_TEXT in signature.objections:
            yield _finding(ADDED, signature)
        elif item.proof.basis is not None and item.proof.seq == signature.seq:
            yield _finding(REPAIRED, signature)


def _finding(rule: Rule, signature: PreparedSignature) -> Finding:
    done = "; ".join(WORDS[name] for name in signature.repairs.split("+"))
    digest = ""
    if signature.restored_sha256 is not None:
        digest = f"; sha256 of the body as signed {signature.restored_sha256.hex()}"
    return rule(
        f"d={signature.domain} s={signature.selector}: {done}{digest}",
        expected=signature.signed or (_NOTHING if signature.shown else None),
        actual=signature.shown or (_NOTHING if signature.signed else None),
    )
