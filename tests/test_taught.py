"""What a dump teaches, end to end, and those who would teach it something false (VERDICT §6, §8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clocked_mail import FORGED, clocked, inbox
from correspondence import (
    HOME,
    MINUTES,
    NEWSLETTER,
    OTHERS,
    PHISHING,
    PHISHING_TOO,
    SIGNERS,
    Signer,
    correspondence,
    mail,
    sign,
)
from transforms.auth.key import parse_record
from transforms.model import PublicKey

Rows = dict[str, dict[str, Any]]


@pytest.fixture
def told(judged: Callable[..., Rows], tmp_path: Path) -> Callable[..., Rows]:
    def judge(files: dict[str, bytes], *protect: str) -> Rows:
        for name, octets in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(octets)
        keys = [
            PublicKey(parse_record(one.record()).key_id, one.domain, one.selector, one.record(), "archive", "test")
            for one in SIGNERS.values()
        ]
        return judged(tmp_path, keys, protect)

    return judge


def contradictions(row: dict[str, Any]) -> dict[str, str]:
    return {f["code"]: f["strength"] for f in row["findings"] if f["direction"] == "contradicts"}


# ---- learned domains ------------------------------------------------------------------------------


def test_a_loose_file_of_the_organisation_is_verified_without_being_named(told: Callable[..., Rows]) -> None:
    files = correspondence(HOME, OTHERS)
    rows = told({**files, "sent.eml": mail(HOME, "hall.test", 95, attached=MINUTES), "minutes.pdf": MINUTES})
    loose = rows["minutes.pdf"]
    assert (loose["verdict"], loose["basis"], loose["confidence"]) == ("verified", "inherited", "moderate")
    assert loose["headline"].startswith(f"Sent by a@{HOME} on 2017-04-06 in exactly this form")


def test_a_look_alike_of_a_learned_domain_is_flagged_and_never_suspected(told: Callable[..., Rows]) -> None:
    phish = {"phish.eml": mail(PHISHING, HOME, 50, signed=False), "signed.eml": mail(PHISHING, HOME, 51)}
    rows = told({**correspondence(HOME, OTHERS), **phish})
    assert rows["phish.eml"]["verdict"] == "unverifiable"
    assert rows["phish.eml"]["reason_code"] == "identity.imitates_learned"
    assert rows["phish.eml"]["lookalike_of"] == HOME
    assert rows["phish.eml"]["headline"].startswith("The sender's domain is made to look like one with a long")
    assert rows["signed.eml"]["verdict"] == "verified"
    assert contradictions(rows["signed.eml"]) == {"identity.imitates_learned": "strong"}
    assert all(not contradictions(row) for path, row in rows.items() if path.startswith(HOME))


def test_named_with_protect_it_is_suspected(told: Callable[..., Rows]) -> None:
    rows = told({**correspondence(HOME, OTHERS), "phish.eml": mail(PHISHING, HOME, 50)}, HOME)
    assert (rows["phish.eml"]["verdict"], rows["phish.eml"]["subtype"]) == ("suspected_fake", "impersonation")


# ---- a phishing domain that corresponds -------------------------------------------------------------


@pytest.fixture
def phished() -> dict[str, bytes]:
    """It wrote for months and was answered by three, and mailed a document that now lies loose in the dump."""
    victims = {f"answer-{one}.eml": mail(one, PHISHING, 20) for one in (HOME, "printer.test", "hall.test")}
    forged = {"forged.eml": mail(PHISHING, HOME, 99, attached=MINUTES), "forged.pdf": MINUTES}
    honest = {"unsigned.eml": mail(HOME, "printer.test", 33, signed=False)}
    return {**correspondence(HOME, OTHERS), **correspondence(PHISHING, ()), **victims, **forged, **honest}


def test_both_are_flagged_and_nothing_honest_is_suspected(told: Callable[..., Rows], phished: dict[str, bytes]) -> None:
    rows = told(phished)
    assert not [path for path, row in rows.items() if row["verdict"] == "suspected_fake"]
    assert contradictions(rows["unsigned.eml"]) == {"identity.alike_correspondents": "strong"}
    assert contradictions(rows["forged.eml"]) == {"identity.alike_correspondents": "strong"}
    assert all(row["verdict"] == "verified" for path, row in rows.items() if path.startswith(f"{HOME}/"))


def test_its_documents_are_not_laundered(told: Callable[..., Rows], phished: dict[str, bytes]) -> None:
    row = told(phished)["forged.pdf"]
    assert (row["verdict"], row["reason_code"]) == ("unverifiable", "sent_by_outsider")


def test_named_with_protect_the_organisation_has_nothing_against_it(
    told: Callable[..., Rows], phished: dict[str, bytes]
) -> None:
    rows = told(phished, HOME)
    assert not contradictions(rows["unsigned.eml"])
    assert rows["forged.eml"]["subtype"] == "impersonation"
    assert rows["forged.pdf"]["verdict"] == "unverifiable"


def test_a_phishing_domain_of_another_name_launders_nothing_either(told: Callable[..., Rows]) -> None:
    victims = {f"answer-{one}.eml": mail(one, PHISHING_TOO, 20) for one in (HOME, "printer.test", "hall.test")}
    forged = {"forged.eml": mail(PHISHING_TOO, HOME, 99, attached=MINUTES), "forged.pdf": MINUTES}
    rows = told({**correspondence(HOME, OTHERS), **correspondence(PHISHING_TOO, ()), **victims, **forged})
    assert (rows["forged.pdf"]["verdict"], rows["forged.pdf"]["reason_code"]) == ("unverifiable", "sent_by_outsider")


# ---- contradicted -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("honest", "verdict"), [(28, "unverifiable"), (29, "suspected_fake"), (30, "suspected_fake")])
def test_two_strong_contradictions_suspect_among_thirty_comparable_mails(
    told: Callable[..., Rows], honest: int, verdict: str
) -> None:
    rows = told({**inbox(honest), **FORGED})
    row = rows["inbox/forged.eml"]
    assert set(contradictions(row)) == {"clock.date_contradicted", "clock.hop_contradicts_its_id"}
    assert row["verdict"] == verdict
    assert not any(contradictions(row) for path, row in rows.items() if path not in FORGED)


def test_the_headline_of_a_contradicted_mail_names_each_fact(told: Callable[..., Rows]) -> None:
    row = told({**inbox(30), **FORGED})["inbox/forged.eml"]
    assert (row["subtype"], row["confidence"], row["rule"]) == ("contradicted", "limited", "contradicted")
    assert row["headline"].startswith("2 facts contradict what this item claims to be; a person must look. A relay's")
    assert "wrote another day into the mail than its Date shows." in row["headline"]


def test_one_contradiction_flags(told: Callable[..., Rows]) -> None:
    forged = {"inbox/forged.eml": clocked(500, HOME, shown=timedelta(days=-3))}
    row = told({**inbox(40), **forged})["inbox/forged.eml"]
    assert (row["verdict"], row["reason_code"]) == ("unverifiable", "clock.date_contradicted")


@pytest.mark.parametrize("domains", [40, 3, 1])
def test_an_exporter_that_shifts_all_clocks_accuses_nobody(told: Callable[..., Rows], domains: int) -> None:
    shift = {"shown": timedelta(days=-3), "printed": timedelta(days=-3)}
    mails = {f"inbox/{n:03d}.eml": clocked(n, f"sender{n % domains}.example", **shift) for n in range(40)}
    rows = told(mails)
    assert not [row for row in rows.values() if row["verdict"] == "suspected_fake"]
    strengths = {strength for row in rows.values() for strength in contradictions(row).values()}
    assert strengths == ({"weak"} if domains >= 3 else {"strong"})


def test_one_newsletter_that_trips_every_signal_does_not_save_the_forgery(told: Callable[..., Rows]) -> None:
    odd = {"shown": timedelta(days=-30), "printed": timedelta(days=-20)}
    planted = {f"inbox/news{n}.eml": sign(clocked(600 + n, NEWSLETTER, **odd), SIGNERS[NEWSLETTER]) for n in range(60)}
    rows = told({**inbox(40), **FORGED, **planted})
    assert rows["inbox/news7.eml"]["verdict"] == "verified"
    assert set(contradictions(rows["inbox/news7.eml"]).values()) == {"strong"}
    assert [path for path, row in rows.items() if row["verdict"] == "suspected_fake"] == ["inbox/forged.eml"]


def test_a_verified_mail_is_never_contradicted(told: Callable[..., Rows]) -> None:
    ((path, octets),) = FORGED.items()
    row = told({**inbox(40), path: sign(octets, SIGNERS[HOME])})[path]
    assert row["verdict"] == "verified" and set(contradictions(row).values()) == {"strong"}


def test_a_key_that_is_lost_turns_no_verified_mail_into_a_suspected_one(told: Callable[..., Rows]) -> None:
    ((path, octets),) = FORGED.items()
    row = told({**inbox(40), path: sign(octets, Signer(HOME, "lost", "campaign"))})[path]
    assert (row["verdict"], row["rule"], row["n_contradicts"]) == ("unverifiable", "flagged", 2)


def test_a_signature_over_the_header_vouches_for_odd_clocks(told: Callable[..., Rows]) -> None:
    """The footer of a list: the Date was signed as it stands, so it is the sender's own clock that is wrong."""
    ((path, octets),) = FORGED.items()
    row = told({**inbox(40), path: sign(octets, SIGNERS[HOME]) + b"Leave the list here.\r\n"})[path]
    assert (row["verdict"], row["rule"], row["n_contradicts"]) == ("unverifiable", "flagged", 2)


def test_without_the_key_it_does_so_whatever_became_of_the_body(told: Callable[..., Rows]) -> None:
    """A list that keeps the text alone: the lost key would speak of the header only."""
    ((path, octets),) = FORGED.items()
    row = told({**inbox(40), path: sign(octets, Signer(HOME, "lost", "campaign")) + b"Leave the list here.\r\n"})[path]
    assert (row["verdict"], row["rule"], row["n_contradicts"]) == ("unverifiable", "flagged", 2)


@pytest.mark.parametrize("field", [b"d=outsider.test", b"d=campaign.example; d=campaign.example"])
def test_a_signature_that_cannot_speak_for_the_author_vouches_for_nothing(
    told: Callable[..., Rows], field: bytes
) -> None:
    ((path, octets),) = FORGED.items()
    forged = sign(octets, Signer(HOME, "lost", "campaign")).replace(b"d=campaign.example", field, 1)
    assert told({**inbox(40), path: forged})[path]["subtype"] == "contradicted"


def test_three_copies_against_one_accuse_nobody(told: Callable[..., Rows]) -> None:
    """No majority vote: who plants most copies must not decide which is genuine."""
    honest = mail(HOME, "printer.test", 5, signed=False)
    copies = {f"inbox/copy{n}.eml": honest.replace(b"is booked", b"was never booked") for n in range(3)}
    rows = told({**inbox(40), "inbox/honest.eml": honest, **copies})
    assert {row["verdict"] for row in rows.values()} == {"unverifiable"}
    assert not contradictions(rows["inbox/honest.eml"])
