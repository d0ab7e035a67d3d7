"""A stranger's signature over the author's own header, or a registry's, is worth a look; services and lists are not."""

from __future__ import annotations

import pytest

from prepared_signature import SIGNATURE
from transforms.auth.proof import best_proof
from transforms.case import ItemView
from transforms.checks.strangers import OF_A_REGISTRY, REWRITTEN, check
from transforms.model import Finding, Kind, PreparedSignature, SignatureResult
from transforms.verdict import Case, decide

PASS = SignatureResult(0, True, "ok", "k" * 64, "pass", None, "pass", 2048)
CHANGED = PASS._replace(result="neutral", reason="body_changed_after_signing")
OWN = SIGNATURE._replace(body_ok=False, found_hash=b"\4\5\6")
STRANGER = SIGNATURE._replace(domain="outsider.test", aligned="none", objections=("not_aligned",))


def view(*pairs: tuple[PreparedSignature, SignatureResult]) -> ItemView:
    ours = tuple(signature._replace(seq=seq) for seq, (signature, _) in enumerate(pairs))
    theirs = tuple(result._replace(seq=seq) for seq, (_, result) in enumerate(pairs))
    proof = best_proof(ours, theirs)
    return ItemView(Kind.EMAIL, (), None, True, proof, ours, theirs, from_domain="campaign.example")


def rule_of(item: ItemView) -> tuple[list[Finding], str]:
    found = list(check(item))
    return found, decide(Case(Kind.EMAIL, proof=item.proof, findings=tuple(found))).rule


def test_a_body_that_a_stranger_signed_under_a_header_of_the_author_is_flagged_with_both_hashes() -> None:
    (found,), rule = rule_of(view((OWN, CHANGED), (STRANGER, PASS)))
    assert (found.code, rule) == (REWRITTEN.code, "flagged")
    assert (found.expected, found.actual) == ("bh=AQID", "bh=BAUG")


@pytest.mark.parametrize(
    "item",
    [
        view((SIGNATURE, PASS), (STRANGER, PASS)),  # the author's own holds as well
        view((STRANGER, PASS)),  # a service that sends for him
        view((OWN, CHANGED), (STRANGER, CHANGED)),
        view((OWN, PASS._replace(header_ok=None, result="neutral", reason="key_unknown")), (STRANGER, PASS)),
        view((OWN, CHANGED), (STRANGER, PASS))._replace(intermediaries=("list-id",)),
        view((OWN, CHANGED), (STRANGER, PASS))._replace(delivered_elsewhere=True),  # a forwarder
        view((OWN, CHANGED), (STRANGER._replace(type="google"), PASS)),
        view((OWN, CHANGED), (STRANGER, PASS))._replace(kind=Kind.DOCUMENT),
        view(),
    ],
)
def test_what_services_lists_and_forwarders_do_is_not_told(item: ItemView) -> None:
    assert list(check(item)) == []


@pytest.mark.parametrize(("domain", "sender"), [("example", "campaign.example"), ("gov.br", "club.gov.br")])
def test_a_signature_of_an_ending_is_flagged_with_both_names(domain: str, sender: str) -> None:
    item = view((STRANGER._replace(domain=domain), PASS))._replace(from_domain=sender)
    (found,), rule = rule_of(item)
    assert (found.code, found.expected, found.actual, rule) == (OF_A_REGISTRY.code, sender, domain, "flagged")


@pytest.mark.parametrize(
    ("domain", "sender", "result"),
    [
        ("github.io", "club.github.io", PASS),  # who runs the suffix sends for its tenants
        ("club.example", "mail.club.example", PASS),
        ("gov.br", "club.example", PASS),  # another one's ending
        ("gov.br", "club.gov.br", CHANGED),  # nothing that holds
        ("gov.br", "gov.br", PASS),
    ],
)
def test_other_domains_above_or_beside_the_author_are_not(domain: str, sender: str, result: SignatureResult) -> None:
    item = view((STRANGER._replace(domain=domain), result))._replace(from_domain=sender)
    assert list(check(item)) == []
