"""Proof goes down only, one hop, and never through anything that holds messages (VERDICT §3)."""

from __future__ import annotations

import pytest

from transforms.auth.proof import Proof
from transforms.inheritance import carriers
from transforms.model import Kind

PROVEN = Proof("signature", "strong", "", 0, "campaign.example", "s1")
LIMITED = Proof("signature", "limited", "key_first_seen_later", 0, "campaign.example", "s1")
RECIPIENTS = Proof("signature", "limited", "recipients_not_covered", 0, "campaign.example", "s1")
FAILED = Proof(None, None, "body_changed_after_signing", 0, "campaign.example", "s1")

MAIL = {"holds_messages": True, "covered": False}
COVERED = {"covered": True, "exact": True}
HOLDS = {"covered": True, "exact": True, "holds_messages": True}


def test_a_covered_attachment_inherits_from_its_message(make_proven) -> None:
    one = make_proven(
        ("a.eml", Kind.EMAIL, MAIL), ("a.eml!2", Kind.DOCUMENT, COVERED), ("b.pdf", Kind.DOCUMENT, {}),
        proofs={0: PROVEN},
    )  # fmt: skip
    assert carriers(one) == [None, 0, None]


@pytest.mark.parametrize(
    ("proof", "carrier"), [(PROVEN, 0), (RECIPIENTS, 0), (LIMITED, None), (FAILED, None), (None, None)]
)
def test_only_a_message_that_passes_proof_on_carries(make_proven, proof: Proof | None, carrier: int | None) -> None:
    one = make_proven(("a.eml", Kind.EMAIL, MAIL), ("a.eml!2", Kind.IMAGE, COVERED), proofs={0: proof} if proof else {})
    assert carriers(one) == [None, carrier]


def test_nothing_inherits_from_what_outlook_kept(make_proven) -> None:
    """Even if its signature were to prove something: the parts are not those that it was made over."""
    outlook = {**MAIL, "media_type": "application/vnd.ms-outlook"}
    one = make_proven(("a.msg", Kind.EMAIL, outlook), ("a.msg!2", Kind.IMAGE, COVERED), proofs={0: PROVEN})
    assert carriers(one) == [None, None]


def test_an_attachment_that_reads_two_ways_does_not_inherit(make_proven) -> None:
    one = make_proven(("a.eml", Kind.EMAIL, MAIL), ("a.eml!2", Kind.DOCUMENT, {"covered": False}), proofs={0: PROVEN})
    assert carriers(one) == [None, None]


def test_members_of_a_covered_archive_inherit_through_archives(make_proven) -> None:
    one = make_proven(
        ("a.eml", Kind.EMAIL, MAIL),
        ("a.eml!2", Kind.ARCHIVE, COVERED),
        ("a.eml!2!x.pdf", Kind.DOCUMENT, COVERED),
        ("a.eml!2!in.zip", Kind.ARCHIVE, COVERED),
        ("a.eml!2!in.zip!y.png", Kind.IMAGE, COVERED),
        proofs={0: PROVEN},
    )
    assert carriers(one) == [None, 0, 0, 0, 0]


@pytest.mark.parametrize("kind", [Kind.EMAIL, Kind.MAILBOX, Kind.OTHER, Kind.DOCUMENT])
def test_proof_stops_at_an_archive_with_a_message_anywhere_inside(make_proven, kind: Kind) -> None:
    one = make_proven(
        ("a.eml", Kind.EMAIL, MAIL),
        ("a.eml!2", Kind.ARCHIVE, COVERED),
        ("a.eml!2!x.pdf", Kind.DOCUMENT, COVERED),
        ("a.eml!2!in.zip", Kind.ARCHIVE, COVERED),
        ("a.eml!2!in.zip!deep.msg", kind, HOLDS),
        ("a.eml!3", Kind.DOCUMENT, COVERED),
        proofs={0: PROVEN},
    )
    assert carriers(one) == [None, None, None, None, None, 0]


def test_parts_of_a_nested_message_rest_on_its_own_signature(make_proven) -> None:
    rows = (
        ("a.eml", Kind.EMAIL, MAIL),
        ("a.eml!2", Kind.EMAIL, HOLDS),
        ("a.eml!2!1", Kind.DOCUMENT, COVERED),
        ("a.eml!3", Kind.DOCUMENT, COVERED),
    )
    assert carriers(make_proven(*rows, proofs={0: PROVEN})) == [None, None, None, 0]
    assert carriers(make_proven(*rows, proofs={1: PROVEN})) == [None, None, 1, None]


def test_messages_and_mailboxes_never_inherit(make_proven) -> None:
    one = make_proven(
        ("a.eml", Kind.EMAIL, MAIL),
        ("a.eml!2", Kind.EMAIL, COVERED),
        ("a.eml!3", Kind.MAILBOX, COVERED),
        ("a.eml!4", Kind.GAP, COVERED),
        ("a.eml!5", Kind.OTHER, HOLDS),
        proofs={0: PROVEN},
    )
    assert carriers(one) == [None] * 5
