"""A signature under a recovered key: weak support at most, an alarm beside a second key, never a contradiction."""

from __future__ import annotations

import pytest

from prepared_signature import SIGNATURE
from transforms.auth.proof import best_proof
from transforms.case import ItemView
from transforms.checks import recovered, signatures
from transforms.model import Direction, Finding, Kind, SignatureResult, Strength
from transforms.verdict import Case, decide
from transforms.wording import headline, would_change

KEY = "k" * 64
HONEST = SignatureResult(0, True, "ok", KEY, "pass", "key_recovered", "key_recovered", 2048)
RIVAL = HONEST._replace(reason="key_two_recovered")
OTHER_BODY = HONEST._replace(result="neutral")
UNKNOWN = SignatureResult(0, None, "missing", None, "neutral", None, "key_unknown")
VALID = SignatureResult(0, True, "ok", KEY, "pass", None, "pass", 2048)


def view(*results: SignatureResult) -> ItemView:
    ours = tuple(SIGNATURE._replace(seq=seq) for seq in range(len(results)))
    theirs = tuple(result._replace(seq=seq) for seq, result in enumerate(results))
    return ItemView(Kind.EMAIL, (), None, True, best_proof(ours, theirs), ours, theirs)


def findings(*results: SignatureResult) -> list[Finding]:
    return [*recovered.check(view(*results)), *signatures.check(view(*results))]


@pytest.mark.parametrize(
    ("result", "codes"),
    [
        (HONEST, ["key.consistent_with_recovered_key"]),
        (OTHER_BODY, ["key.header_consistent_with_recovered_key"]),
        (RIVAL, ["key.consistent_with_recovered_key", "key.two_recovered"]),
        (UNKNOWN, ["dkim.key_unknown"]),
        (VALID, ["dkim.valid"]),
    ],
)
def test_each_signature_is_spoken_of_by_one_check(result: SignatureResult, codes: list[str]) -> None:
    assert [finding.code for finding in findings(result)] == codes


def test_a_recovered_key_makes_no_other_signature_speak() -> None:
    """Neither X-Google-DKIM-Signature nor what h= names once more than it stands."""
    google = SIGNATURE._replace(type="google", domain="1e100.net")
    sealed = SIGNATURE._replace(type="arc-message", domain="google.com", seq=1)
    more = SIGNATURE._replace(oversigned=("from",), seq=2)
    ours, theirs = (google, sealed, more), tuple(HONEST._replace(seq=seq) for seq in range(3))
    item = view()._replace(signatures=ours, results=theirs, proof=best_proof((more,), (theirs[2],)))
    codes = [finding.code for check in (recovered, signatures) for finding in check.check(item)]
    assert codes == ["key.consistent_with_recovered_key"]


def test_nothing_here_is_more_than_weak_or_contradicts() -> None:
    for rule in recovered.RULES:
        assert rule.strength is Strength.WEAK and rule.direction is not Direction.CONTRADICTS


@pytest.mark.parametrize("result", [HONEST, OTHER_BODY, RIVAL])
def test_the_item_stays_unverifiable_and_says_why(result: SignatureResult) -> None:
    case = Case(Kind.EMAIL, proof=view(result).proof, findings=tuple(findings(result)))
    decision = decide(case)
    assert (decision.verdict, decision.reason_code) == ("unverifiable", result.reason)
    said = headline(case, decision)
    assert "campaign.example" in said and "computed" in said
    change = would_change(case, decision)
    assert change is not None and "selector s1 of campaign.example from an archive" in change


def test_a_known_key_beside_it_decides() -> None:
    assert {one.code for one in findings(HONEST, VALID)} == {"key.consistent_with_recovered_key", "dkim.valid"}
    case = Case(Kind.EMAIL, proof=view(HONEST, VALID).proof)
    assert decide(case).verdict == "verified"


def test_an_anchored_key_is_named_in_the_headline() -> None:
    anchored = VALID._replace(reason="key_anchored")
    case = Case(Kind.EMAIL, proof=view(anchored).proof)
    decision = decide(case)
    assert (decision.verdict, decision.basis, decision.rule) == ("verified", "anchored_recovered_key", "anchored")
    assert "receiver's seal" in headline(case, decision)
