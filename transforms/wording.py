"""The sentences of a verdict: plain and modest, for somebody who must decide tonight (VERDICT §9)."""

from __future__ import annotations

from datetime import UTC, datetime

from transforms.auth.coverage import ADDED_TEXT
from transforms.auth.proof import Proof
from transforms.auth.repair import detached
from transforms.model import Finding, Verdict
from transforms.verdict import Case, Decision

# Reason code -> (headline, what would change the verdict). Both are whole sentences.
REASONS: dict[str, tuple[str, str]] = {
    "unread": (
        "This could not be read, so nothing can be said about it.",
        "A readable copy of this file.",
    ),
    "limited": (
        "Reading stopped at a safety limit, so nothing can be said about it.",
        "A smaller or undamaged copy, or higher limits.",
    ),
    "container": (
        "A container: look at the items inside it, each has its own verdict.",
        "Nothing; what it holds is judged item by item.",
    ),
    "gap": (
        "Octets of a container that belong to no message or member.",
        "Nothing; they are kept so that every octet is accounted for.",
    ),
    "link": (
        "A link, which was not followed.",
        "The file that it points to, if it lies inside the dump, has its own row.",
    ),
    "no_signature": (
        "Nothing here can be checked: there is no signature of a mail system. That does not make it fake.",
        "A copy with its signature, or a verified message that carries exactly these octets.",
    ),
    "key_unknown": (
        "There is a signature, but the key that would decide it is not at hand. That does not make it fake.",
        "The public key of selector {selector} of {domain}, from the time of the mail.",
    ),
    "key_recovered": (
        "The signature names {domain} and agrees with a key, but the key was computed from signatures in this very "
        "dump, and nothing else confirms it. Whoever plants such mails owns such a key, so it does not say who signed.",
        "The public key of selector {selector} of {domain} from an archive, if it is the same.",
    ),
    "key_two_recovered": (
        "The signatures that name selector {selector} of {domain} were made with two different keys, computed from "
        "this dump; nothing at hand says which of them is genuine.",
        "The public key of selector {selector} of {domain} from an archive.",
    ),
    "body_changed_after_signing": (
        "{domain} signed these header fields; the body is not exactly the one it signed. "
        "Exporters and mailing lists often cause this.",
        "A copy of the message with its body as it was sent.",
    ),
    "header_changed_after_signing": (
        "The signature does not match these header fields. Relays and exporters often cause this; "
        "it does not make it fake.",
        "A copy as it was received, or another key of selector {selector} of {domain}.",
    ),
    "mail.rebuilt": (
        "readpst wrote this message anew from what Outlook had kept of it, so the signature of {domain} cannot match "
        "what stands here. That does not make it fake.",
        "The Outlook file (PST) that it came from, whose header fields can be proven, or a copy as it was received.",
    ),
    "header_proven_body_lost": (
        "{domain} signed these header fields. Outlook does not keep the body as it was sent, so the text and the "
        "attachments cannot be tested.",
        "The same message as it was received (.eml or a mailbox), from another account or copy.",
    ),
    "body_not_hashed": (
        "{domain} signed these header fields; its body was not tested, since too much of it would have to be hashed.",
        "A copy that carries fewer signatures with l=.",
    ),
    "proven_except_added_text": (
        "{domain} signed this message before something in it was added or rewritten: lists, gateways and exporters "
        "do that. The signed values are proven, what stands here is not.",
        "A copy without the change; the findings give both texts.",
    ),
    "copy.same_as_verified": (
        "It cannot be checked by itself. Subject, texts and attachments equal those of a verified copy of the same "
        "message in this dump; its other header fields may differ.",
        "Nothing is needed for what it says: rely on the verified copy, which the findings name.",
    ),
    "thread.answered_before_sent": (
        "A verified reply was carried before this message, by all clocks of both. Imports and messages that were sent "
        "again bear later dates; a person must look.",
        "A copy with its signature, or with its first Received fields.",
    ),
    "thread.answers_a_later_message": (
        "It was carried before the verified message that it answers, by all clocks of both. A server's clock may have "
        "been wrong; a person must look.",
        "A copy with its signature, or with its first Received fields.",
    ),
    "thread.quoted_in_verified_reply": (
        "It cannot be checked by itself. A verified reply quotes every word that it says, so its words are as the "
        "replier had them before him; the findings name who that was.",
        "A copy with its signature. Whoever controls the replier's domain could have signed the quotation.",
    ),
    "thread.quote_disagrees": (
        "A verified reply quotes other words than this message shows. Repliers mistype and shorten what they quote; "
        "a person must compare the two.",
        "A copy with its signature, or further replies that quote it.",
    ),
    "document.is_signed_attachment": (
        "These very octets are the attachment that was taken out of a message: with them put back, the signature of "
        "its sender's domain matches. The message at hand no longer carries them, so this supports the file and is no "
        "proof.",
        "A copy of that message which still holds its attachment; the findings name the message.",
    ),
    "parent_not_verified": (
        "The message that carries it is not verified, or this part may hold messages of others, which no proof "
        "reaches; so nothing can be said about it.",
        "Whatever verifies the message, or what the part holds.",
    ),
    "blanks_not_signed": (
        "The message that carries it is verified, but its signature leaves blanks and line ends open, and in this "
        "part they may have been changed. Its words are as they were sent.",
        "The same part from a copy that was signed to the octet, or as base64.",
    ),
    "encoding_ambiguous": (
        "Its encoding can be read in two ways, so the message's signature does not cover it.",
        "The same file from another copy of the message, or as a loose file.",
    ),
    "sent_by_outsider": (
        "Exactly these octets were sent by {author}{on}, whose signature is valid. "
        "Sending a file does not make it authentic.",
        "Naming the sender's domain with --protect, if it is the organisation that the file claims.",
    ),
    "arc.receiver_recorded_pass": (
        "A trusted mail system held exactly this message and recorded that the author's domain had passed its check. "
        "That supports it, and is no proof.",
        "The public key of the author's own signature, or a copy of the message that carries it whole.",
    ),
    "arc.failed_at_receipt": (
        "A trusted mail system recorded that the author's domain had failed its check when the message came in. "
        "Lists, forwarders and gateways often cause this.",
        "A copy of the message from its author's own mailbox, or the key of its signature.",
    ),
}

REASONS["key_weak"] = (
    "There is a valid signature, but its key is so short that others could have computed the private key. "
    "That does not make it fake.",
    "A signature of the same mail under a longer key, or another copy that is proven by other means.",
)
REASONS["key_known_weak"] = (
    "There is a valid signature, but anybody could have computed the private key of selector {selector} of {domain}. "
    "That does not make it fake.",
    "A signature of the same mail under a sound key, or another copy that is proven by other means.",
)

# Of a message that is proven_except_added_text since an attachment was taken out.
_TAKEN_OUT = (
    "{domain} signed this message with an attachment that was taken out of it since; with the file put back, the "
    "signature matches. The signed values are proven, the note that stands here in its place is not.",
    "A copy which still holds its attachment; the findings name the file.",
)

# keys.parquet.weakness in words: why a key proves nothing.
KEY_WEAKNESS = {
    "weak": "shorter than 1024 bits: others could have factored it",
    "revoked": "withdrawn: the record names no key",
    "unparsable": "the record is damaged: no key can be read from it",
    "refused": "its numbers are unsafe: an even or oversized modulus, or a small, even or oversized exponent",
    "small_factor": "its modulus has a small factor: damaged, or never made as a key",
    "close_primes": "its two primes lie so close together that anybody can find them",
    "known_factor": "one of its primes was found and published by a survey of keys",
    "shared_factor": "it shares a prime with another key at hand, so anybody can compute both private keys",
    "roca": "made by a smart card library whose keys can be factored (CVE-2017-15361)",
    "unanchored": "computed from signatures of the dump; nothing says whose it is, so it verifies nothing",
    "two_recovered": "ALARM: one of two keys computed from the dump under this name, and nothing says which is genuine",
    "prime_modulus": "its modulus is a prime: anybody can compute the private key",
}

# What a look-up of `keys fetch` came to.
LOOK_UPS = {
    "found": "found",
    "nxdomain": "do not exist any more (NXDOMAIN)",
    "no_key": "hold no key",
    "error": "without an answer",
}
LOOK_UP_REVEALS = """\
What this tells others, and cannot be taken back:
- The resolver ({servers}), whoever runs it, and whoever listens on the way see every name and when it was asked.
- The name servers of each of these domains see it too. A key of years ago interests few: who reads their logs can
  conclude that somebody holds mail of theirs, from which time, and, by the combination of names, which mail.
- A mail may carry a selector made for it alone, in order to learn when, and from where, it is examined.
If that matters, do this from a network that does not point to you, or look for an archive of keys instead.
What it gives: the keys of today. One that is first seen now, years after the mail, gives a limited proof only.
"""

# Objection to a valid signature -> what it leaves open, to stand behind a colon.
OBJECTIONS: dict[str, str] = {
    "from_not_signed": "the signature does not cover the From field, which anybody could have written",
    "from_ambiguous": "the message does not name exactly one author in exactly one From field",
    "doubled_field": "a field that may stand once stands twice, and one of the two is not signed",
    "header_ambiguous": "two mail programs could show different header fields",
    "body_length_limit": "the signature covers only the beginning of the body (l=); anybody could have added to it",
    "body_length_beyond": "the signature claims to cover more of the body than there is (l=)",
    "subject_not_signed": "the signature does not cover the subject",
    "date_not_signed": "the signature does not cover the date",
    "not_aligned": "the domain that signed is not the sender's and does not speak for it",
    "mime_reinterpretation_possible": "what says how the body reads is unsigned or unreadable: it could read otherwise",
    "proven_except_added_text": "something was added or rewritten after signing, and stands here unsigned",
    "key_granularity": "the key was published for other addresses of the domain (g=)",
    "key_weak": "the key is so short that others could have computed it",
    "key_known_weak": "anybody could have computed the private key",
    "key_recovered": "the key was computed from signatures in this very dump, and nothing else confirms it",
    "selector_later_than_mail": "by its name, the key was made days after the mail says that it was written",
    "expired_at_receipt": "the signature had expired when the mail was received (x=)",
    "sha1": "the signature rests on SHA-1, which can be attacked with much effort",
    "other_key_at_that_time": "at the time of the mail, archives saw another key under this name and not this one",
    "key_first_seen_later": "the key was first seen long after the mail; a later owner of the domain could have signed",
    "aligned_relaxed": "a related domain signed, not the sender's own",
    "part_only": "the signature covers a part, not who sent it, when, to whom and under which subject",
    "no_root_given": "the signature brings its own key, and nothing here says who holds that key",
    "recipients_not_covered": "the signature does not cover who the message was sent to",
}

# Why the result of a signature is no pass -> the same.
OUTCOMES: dict[str, str] = {
    "signature_syntax": "the signature's field cannot be read",
    "signature_duplicate_tag": "the signature's field says the same thing twice",
    "signature_missing_tag": "the signature's field lacks a part that it must have",
    "signature_version": "the signature is of an unknown version",
    "signature_algorithm": "the signature's algorithm is unknown",
    "signature_canonicalization": "the signature's canonical form is unknown",
    "signature_domain": "the signature names no signing domain",
    "signature_selector": "the signature names no key",
    "signature_auid": "the signature speaks for an address outside its own domain (i=)",
    "signature_query": "the signature's key is kept in an unknown way (q=)",
    "signature_fields": "the signature's list of signed fields cannot be read",
    "key_revoked": "the domain has withdrawn the key",
    "key_unparsable": "the key record cannot be read",
    "key_refused": "the key has unsafe numbers",
    "key_type": "the key is of another type than the signature",
    "key_hash_not_allowed": "the key must not be used with this hash (h=)",
    "key_service_not_allowed": "the key is not for mail (s=)",
    "key_auid_not_allowed": "the key must not sign for sub-domains (t=s)",
    "key_unknown": "the key is not at hand",
    "header_changed_after_signing": "the key does not confirm these header fields",
    "body_changed_after_signing": "the body is not exactly the one that was signed",
    "body_not_hashed": "the body could not be tested",
    "content_changed_after_signing": "what it covers is not exactly what was signed",
    "signature_not_of_its_key": "the key of its certificate did not make this signature",
    "byte_range": "it leaves out octets that could say anything, or covers more than there is",
    "signature_form": "it is of a form that is not checked, such as a time stamp",
    "signatures_nested": "too many signatures lie inside each other",
    "signature_too_large": "the signature is larger than any honest one",
    "certificate_missing": "the signer's certificate is not enclosed",
    "key_not_valid_then": "the key was not published at the time of the mail",
}

# One strong contradiction, in its rule's own words.
_FLAGGED = (
    "{fact}. By itself that does not make it fake.",
    "Whatever explains it, such as a second copy from another mailbox; the findings give both values.",
)

_UNCHECKED = (
    "There is a signature, but it proves too little here: {plain}. That does not make it fake.",
    "A copy whose signature covers what a reader sees.",
)


def in_words(code: str) -> str:
    """An objection, or the reason for a result, in words; the code itself if it is neither."""
    return OBJECTIONS.get(code) or OUTCOMES.get(code) or code


def headline(case: Case, decision: Decision) -> str:
    """One sentence that says why, naming address and signing domain, never a display name."""
    if decision.verdict is Verdict.VERIFIED:
        return _verified(case, decision)
    if decision.verdict is Verdict.SUSPECTED_FAKE:
        return _suspected(case, decision)
    return _fill(_sentences(case, decision)[0], case, decision)


def would_change(case: Case, decision: Decision) -> str | None:
    """What would change an unverifiable item's verdict."""
    if decision.verdict is not Verdict.UNVERIFIABLE:
        return None
    sentence = _fill(_sentences(case, decision)[1], case, decision)
    if case.chain.waiting:
        domain, selector = case.chain.waiting[0]
        sentence += f" Or the key of selector {selector} of {domain}, which sealed the message when it held it."
    return sentence


def _sentences(case: Case, decision: Decision) -> tuple[str, str]:
    if decision.reason_code == ADDED_TEXT and case.proof is not None and detached.NAME in case.proof.repairs:
        return _TAKEN_OUT
    if decision.reason_code not in REASONS and _fact(case, decision):
        return _FLAGGED
    return REASONS.get(decision.reason_code, _UNCHECKED)


def _verified(case: Case, decision: Decision) -> str:
    if decision.basis == "inherited" and case.inheritance is not None:
        carrier = case.inheritance
        on = f" on {carrier.date}" if carrier.date else ""
        how = "held and sealed" if carrier.sealed else "signed"
        return f"Sent by {carrier.author}{on} in exactly this form; {carrier.domain} {how} the message."
    assert case.proof is not None
    limit = f" Limited: {in_words(decision.reason_code)}." if decision.confidence == "limited" else ""
    if decision.basis == "receiver_seal" and case.sealed is not None:
        seal = case.sealed
        on = f" on {datetime.fromtimestamp(seal.signed_at, UTC):%Y-%m-%d}" if seal.signed_at is not None else ""
        return (
            f"Exactly these octets were held by {seal.sealer}'s mail system{on}, which recorded that "
            f"{seal.signer}'s signature was valid.{limit}"
        )
    if decision.basis == "repaired_signature":
        return (
            f"{case.proof.domain}'s mail system signed what this says; damage to it on the way was undone, "
            f"and the signature then matches.{limit}"
        )
    if decision.basis == "anchored_recovered_key":
        limit = " The key was computed from signatures in this dump, and a receiver's seal confirms it." + limit
    return f"Exactly these octets were signed by {case.proof.domain}'s mail system.{limit}"


def _suspected(case: Case, decision: Decision) -> str:
    if decision.subtype == "impersonation" and case.likeness is not None:
        signed = " It was really sent from there: the signature is valid." if _is_proven(case) else ""
        return (
            f"The sender's domain {case.sender} imitates {case.likeness.imitates} and is not it.{signed} "
            "A person must look."
        )
    contradicting = [f for f in case.findings if f.direction.value == "contradicts" and f.strength.value != "weak"]
    # The same two values are one fact, however many joins have found them.
    facts = len({(f.expected, f.actual) if f.expected or f.actual else f.code for f in contradicting})
    what = "1 fact contradicts" if facts == 1 else f"{facts} facts contradict"
    proof = next((f for f in contradicting if f.code in _SIGNED_VALUES), None)
    told = _told(proof)
    if decision.subtype == "contradicted":
        told = "".join(f" {sentence}." for sentence in sorted({_sentence(finding) for finding in contradicting}))
    return f"{what} what this item claims to be; a person must look.{told}"


def _fact(case: Case, decision: Decision) -> str:
    """The finding that gave the reason, in words; "" if none did."""
    return next((_sentence(finding) for finding in case.findings if finding.code == decision.reason_code), "")


def _sentence(finding: Finding) -> str:
    """The sentence of a finding's rule, without what it is about."""
    return finding.summary.partition(": ")[0]


# Findings whose summary names the value that was signed and the one that is shown (VERDICT §5.1).
_SIGNED_VALUES = ("dkim.altered", "dkim.grafted_signature", "copy.altered")


def _told(proof: Finding | None) -> str:
    """What was shown and what was signed, as the finding says it behind its own sentence."""
    detail = proof.summary.partition(": ")[2] if proof is not None else ""
    return f" {detail[0].upper()}{detail[1:]}." if detail else ""


def _is_proven(case: Case) -> bool:
    return case.proof is not None and case.proof.basis is not None


def _fill(sentence: str, case: Case, decision: Decision) -> str:
    proof = case.proof or Proof(None, None, "")
    carrier = case.inheritance
    return sentence.format(
        plain=in_words(decision.reason_code),
        fact=_fact(case, decision),
        domain=proof.domain or "the signing domain",
        selector=proof.selector or "?",
        author=carrier.author if carrier else "",
        on=f" on {carrier.date}" if carrier and carrier.date else "",
    )
