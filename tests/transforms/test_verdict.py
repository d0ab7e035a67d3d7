"""The ordered table: what may be verified or suspected, and in which order (VERDICT §7)."""

from __future__ import annotations

import itertools
import random

import pytest

from transforms.auth.proof import NO_SIGNATURE, Proof
from transforms.model import Direction, Finding, Kind, Status, Strength, Verdict
from transforms.verdict import RULES, Case, Inheritance, decide

SIGNED = Proof("signature", "strong", "", 0, "campaign.example", "s1", "k", "exact", None, "", "pass")
CARRIER = Inheritance("id", "a.eml", "campaign.example", "anna@campaign.example", "2017-03-01", False, False)


def finding(code: str, strength: Strength, direction: Direction = Direction.CONTRADICTS) -> Finding:
    return Finding(code, direction, strength, "a fact")


ALTERED = finding("copy.altered", Strength.DECISIVE)
IMPERSONATION = finding("identity.impersonation", Strength.DECISIVE)
SPOOFED = finding("arc.spoofed_at_receipt", Strength.DECISIVE)
STRONG_CLOCK = finding("clock.date_contradicted", Strength.STRONG)
STRONG_CLIENT = finding("client.not_released", Strength.STRONG)
WEAK = finding("identity.reply_to_differs", Strength.WEAK)


def test_rules_stand_in_the_order_of_the_method() -> None:
    assert [name for name, _ in RULES] == [
        "unread", "container", "gap", "link", "decisive", "impersonation", "signature", "repaired", "provider",
        "seal", "anchored", "document_signature", "inherited", "spoofed_at_receipt", "contradicted", "flagged",
        "corroborated", "plain",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "verdict", "rule", "reason"),
    [
        (Case(Kind.EMAIL, Status.ERROR, "io.unreadable"), Verdict.UNVERIFIABLE, "unread", "unread"),
        (Case(Kind.EMAIL, Status.LIMITED, "limit.header", SIGNED), Verdict.UNVERIFIABLE, "unread", "limited"),
        (Case(Kind.MAILBOX), Verdict.UNVERIFIABLE, "container", "container"),
        (Case(Kind.GAP), Verdict.UNVERIFIABLE, "gap", "gap"),
        (Case(Kind.LINK), Verdict.UNVERIFIABLE, "link", "link"),
        (Case(Kind.EMAIL, proof=SIGNED), Verdict.VERIFIED, "signature", "signature"),
        (Case(Kind.EMAIL, proof=NO_SIGNATURE), Verdict.UNVERIFIABLE, "plain", "no_signature"),
        (Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=(ALTERED,)), Verdict.SUSPECTED_FAKE, "decisive", "copy.altered"),
        (Case(Kind.EMAIL, proof=SIGNED, findings=(ALTERED,)), Verdict.VERIFIED, "signature", "signature"),
        (
            Case(Kind.EMAIL, proof=SIGNED, findings=(IMPERSONATION,)),
            Verdict.SUSPECTED_FAKE, "impersonation", "identity.impersonation",
        ),
        (
            Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=(SPOOFED,)),
            Verdict.SUSPECTED_FAKE, "spoofed_at_receipt", "arc.spoofed_at_receipt",
        ),
        (Case(Kind.DOCUMENT, inheritance=CARRIER), Verdict.VERIFIED, "inherited", "inherited"),
        (
            Case(Kind.DOCUMENT, inheritance=CARRIER._replace(loose=True)),
            Verdict.UNVERIFIABLE, "plain", "sent_by_outsider",
        ),
        (
            Case(Kind.DOCUMENT, inheritance=CARRIER._replace(loose=True, protected=True)),
            Verdict.VERIFIED, "inherited", "inherited",
        ),
        (Case(Kind.DOCUMENT, inside_message=True), Verdict.UNVERIFIABLE, "plain", "parent_not_verified"),
        (Case(Kind.DOCUMENT), Verdict.UNVERIFIABLE, "plain", "no_signature"),
    ],
)  # fmt: skip
def test_the_first_rule_that_matches_decides(case: Case, verdict: Verdict, rule: str, reason: str) -> None:
    decision = decide(case)
    assert (decision.verdict, decision.rule, decision.reason_code) == (verdict, rule, reason)


def test_two_strong_contradictions_of_one_family_only_flag() -> None:
    twice = (STRONG_CLOCK, finding("clock.hop_contradicted", Strength.STRONG))
    assert decide(Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=twice)).rule == "flagged"


@pytest.mark.parametrize("reason", ["body_length_limit", "doubled_field", "body_changed_after_signing"])
def test_a_signature_that_holds_but_for_something_shown_flags(reason: str) -> None:
    decision = decide(Case(Kind.EMAIL, proof=Proof(None, None, reason)))
    assert (decision.rule, decision.reason_code) == ("flagged", reason)


@pytest.mark.parametrize("reason", ["header_changed_after_signing", "key_unknown", "not_aligned", "from_ambiguous"])
def test_a_signature_that_says_nothing_does_not(reason: str) -> None:
    assert decide(Case(Kind.EMAIL, proof=Proof(None, None, reason))).rule == "plain"


def test_what_a_signature_says_of_another_form_flags_and_adds_up_with_nothing() -> None:
    reused = Finding("dkim.signature_reused", Direction.NEUTRAL, Strength.WEAK, "", "crypto")
    found = (STRONG_CLOCK, reused)
    assert decide(Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=(reused,))).rule == "flagged"
    assert decide(Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=found, comparable=30)).rule == "flagged"


def test_documents_saved_in_one_go_with_other_words_than_were_mailed_flag_and_neither_alone_does() -> None:
    batch = Finding("document.changed_in_a_batch", Direction.NEUTRAL, Strength.WEAK, "", "document")
    near = batch._replace(code="document.near_duplicate")
    rules = [decide(Case(Kind.DOCUMENT, findings=found)).rule for found in ((batch,), (near,), (near, batch))]
    assert rules == ["plain", "plain", "flagged"]


def test_two_strong_contradictions_of_different_families_suspect() -> None:
    case = Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=(STRONG_CLOCK, STRONG_CLIENT), comparable=30)
    decision = decide(case)
    assert (decision.verdict, decision.subtype, decision.confidence) == (
        Verdict.SUSPECTED_FAKE,
        "contradicted",
        "limited",
    )


def test_two_strong_contradictions_of_what_a_signature_may_vouch_for_only_flag() -> None:
    case = Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=(STRONG_CLOCK, STRONG_CLIENT), comparable=30, vouched=True)
    assert decide(case).rule == "flagged"


def test_two_strong_contradictions_in_a_small_container_only_flag() -> None:
    case = Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=(STRONG_CLOCK, STRONG_CLIENT), comparable=29)
    assert decide(case).rule == "flagged"


def test_two_strong_contradictions_yield_to_corroboration() -> None:
    support = finding("thread.quoted_in_verified_reply", Strength.STRONG, Direction.SUPPORTS)
    case = Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=(STRONG_CLOCK, STRONG_CLIENT, support), comparable=30)
    assert decide(case).verdict is Verdict.UNVERIFIABLE


def test_any_number_of_weak_contradictions_changes_nothing() -> None:
    assert decide(Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=(WEAK,) * 50)).rule == "plain"


@pytest.mark.parametrize("reason", ["body_changed_after_signing", "key_unknown", "header_changed_after_signing"])
def test_a_failing_or_missing_signature_alone_never_suspects(reason: str) -> None:
    proof = Proof(None, None, reason, 0, "a.example", "s", None, "exact", None, "", "fail")
    assert decide(Case(Kind.EMAIL, proof=proof)).verdict is Verdict.UNVERIFIABLE


def test_proven_header_fields_without_their_body_are_no_proof() -> None:
    proof = Proof(None, None, "body_not_hashed", 0, "a.example", "s", None, "exact", None, "", "neutral")
    lost = decide(Case(Kind.EMAIL, proof=proof, body_lost=True))
    assert (lost.verdict, lost.rule, lost.reason_code) == (Verdict.UNVERIFIABLE, "plain", "header_proven_body_lost")
    assert decide(Case(Kind.EMAIL, proof=proof)).reason_code == "body_not_hashed"


def test_the_order_of_findings_does_not_matter() -> None:
    pool = (ALTERED, STRONG_CLOCK, STRONG_CLIENT, WEAK, SPOOFED)
    for size in range(len(pool) + 1):
        for some in itertools.combinations(pool, size):
            decisions = {decide(Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=p)) for p in itertools.permutations(some)}
            assert len(decisions) == 1


def test_no_set_of_findings_verifies_without_a_proof() -> None:
    dice = random.Random(1)
    codes = ["dkim.valid", "copy.same_as_verified", "document.sent_in_verified_message", "identity.impersonation"]
    for _ in range(2000):
        some = tuple(
            finding(dice.choice(codes), dice.choice(list(Strength)), dice.choice(list(Direction)))
            for _ in range(dice.randrange(6))
        )
        kind = dice.choice([k for k in Kind])
        proof = NO_SIGNATURE if kind is Kind.EMAIL else None
        assert decide(Case(kind, proof=proof, findings=some)).verdict is not Verdict.VERIFIED


def test_an_email_never_inherits() -> None:
    assert decide(Case(Kind.EMAIL, proof=NO_SIGNATURE, inheritance=CARRIER)).verdict is Verdict.UNVERIFIABLE
