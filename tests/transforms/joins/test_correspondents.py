"""What verified mail teaches about who corresponds, and what teaches nothing (VERDICT §6)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from prepared_signature import SIGNATURE
from transforms.auth.proof import Proof
from transforms.joins import correspondents
from transforms.joins.correspondents import Learned, is_provider, learn
from transforms.model import Kind
from transforms.prove import buckets
from transforms.shard import ProvenShard, Signed

HOME = "campaign.example"
WRITERS = ("printer.test", "newspaper.test", "hall.test")
START = datetime(2017, 1, 1, tzinfo=UTC)


class Mail:
    """One verified mail; whatever a test is about replaces the rest."""

    def __init__(
        self,
        sender: str,
        *to: str,
        day: float = 0,
        b: bytes | None = None,
        fields: tuple[str, ...] = ("from", "date", "subject", "to"),
        cc: tuple[str, ...] = (),
        date: bool = True,
        **proof: object,
    ) -> None:
        self.facts = {
            "from_domain": sender,
            "to_emails": tuple(f"x@{one}" for one in to),
            "cc_emails": tuple(f"x@{one}" for one in cc),
            "date_utc": START + timedelta(days=day) if date else None,
        }
        known = {"basis": "signature", "confidence": "strong", "reason": "", "seq": 0, "domain": sender}
        self.proof = Proof(**{**known, "aligned": "exact", **proof})  # type: ignore[arg-type]
        signature = b if b is not None else f"{sender} {to} {day}".encode()
        self.signature = SIGNATURE._replace(domain=sender, signature=signature, signed_fields=fields)


def exchange(sender: str = HOME, mails: int = 10, days: float = 90, writers: Iterable[str] = WRITERS) -> list[Mail]:
    """As little as makes a domain a learned one."""
    own = [Mail(sender, "printer.test", day=days * n / max(1, mails - 1), b=b"%d" % n) for n in range(mails)]
    return [*own, *(Mail(one, sender) for one in writers)]


Learns = Callable[..., Learned]


@pytest.fixture
def learned(make_proven: Callable[..., ProvenShard]) -> Learns:
    """What mails teach, in some number of units and buckets."""

    def teach(mails: Iterable[Mail], *protected: str, units: int = 1, hashed: int = 1) -> Learned:
        parts: list[list[Mail]] = [[] for _ in range(units)]
        for number, mail in enumerate(mails):
            parts[number % units].append(mail)
        by_bucket: dict[str, list[pa.Table]] = {}
        for sequence, part in enumerate(parts):
            rows = [(f"{n}.eml", Kind.EMAIL, mail.facts) for n, mail in enumerate(part)]
            shard = make_proven(*rows, sequence=sequence).shard
            signed = {row: Signed((mail.signature,), (), mail.proof) for row, mail in enumerate(part)}
            named = frozenset(protected)
            for bucket, table in buckets(correspondents.rows(ProvenShard(shard, signed), named), hashed):
                by_bucket.setdefault(bucket, []).append(table)
        counts = [correspondents.join(pa.concat_tables(tables)) for tables in by_bucket.values()]
        return learn(counts, frozenset(protected))

    return teach


# ---- thresholds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("mails", "expected"), [(9, False), (10, True), (11, True)])
def test_ten_mails_are_enough(learned: Learns, mails: int, expected: bool) -> None:
    assert (HOME in learned(exchange(mails=mails)).names) is expected


@pytest.mark.parametrize(("days", "expected"), [(89.99, False), (90, True), (90.01, True)])
def test_ninety_days_are_enough(learned: Learns, days: float, expected: bool) -> None:
    assert (HOME in learned(exchange(days=days)).names) is expected


@pytest.mark.parametrize(("number", "expected"), [(2, False), (3, True), (4, True)])
def test_three_writers_are_enough(learned: Learns, number: int, expected: bool) -> None:
    writers = [f"writer{n}.test" for n in range(number)]
    assert (HOME in learned(exchange(writers=writers)).names) is expected


def test_what_was_counted_is_told(learned: Learns) -> None:
    (one,) = learned(exchange()).domains
    assert one == (HOME, 10, START, START + timedelta(days=90), 3)


# ---- what teaches nothing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "proof",
    [
        {"basis": None, "confidence": None, "reason": "key_unknown"},
        {"confidence": "limited", "reason": "sha1"},
        {"confidence": "limited", "reason": "recipients_not_covered"},
        {"confidence": "limited", "reason": "aligned_relaxed", "aligned": "relaxed"},
        {"basis": "anchored_recovered_key", "confidence": "moderate"},
    ],
    ids=lambda proof: str(proof["reason"] if "reason" in proof else proof["basis"]),
)
def test_a_mail_that_is_not_fully_proven_teaches_nothing(learned: Learns, proof: dict[str, object]) -> None:
    nine = exchange(mails=9)
    assert HOME not in learned([*nine, Mail(HOME, "printer.test", day=90, b=b"x", **proof)]).names
    assert HOME in learned([*nine, Mail(HOME, "printer.test", day=90, b=b"x")]).names


def test_one_signature_counts_once_however_often_it_is_passed_on(learned: Learns) -> None:
    replayed = [Mail(HOME, "printer.test", day=90, b=b"the same") for _ in range(50)]
    assert HOME not in learned([*exchange(mails=8), *replayed]).names


def test_recipients_that_are_not_signed_received_nothing(learned: Learns) -> None:
    two = exchange(writers=WRITERS[:2])
    unsigned = Mail("hall.test", HOME, fields=("from", "date", "subject"))
    in_copy = Mail("hall.test", "printer.test", cc=(HOME,))
    assert HOME not in learned([*two, unsigned, in_copy]).names
    signed_copy = Mail("hall.test", "printer.test", cc=(HOME,), fields=("from", "date", "subject", "to", "cc"))
    assert HOME in learned([*two, signed_copy]).names


def test_mail_to_oneself_and_from_ones_own_sub_domain_makes_no_writer(learned: Learns) -> None:
    own = [Mail(f"{name}.{HOME}", HOME) for name in ("press", "shop", "lists")]
    assert HOME not in learned([*exchange(writers=()), *own]).names


def test_mail_providers_are_neither_learned_nor_writers(learned: Learns) -> None:
    assert not learned(exchange(sender="gmail.com")).domains
    assert HOME not in learned(exchange(writers=["gmail.com", "yahoo.co.uk", "outlook.fr", "gmx.de"])).names


@pytest.mark.parametrize("domain", ["gmail.com", "yahoo.co.uk", "gmx.net", "outlook.fr", "laposte.net"])
def test_a_shipped_provider_is_one_under_all_its_endings(domain: str) -> None:
    assert is_provider(domain)


def test_a_name_that_only_contains_a_providers_is_none() -> None:
    assert not is_provider("yahoo-group.example") and not is_provider("myfree.fr")


def test_a_domain_that_the_user_named_is_not_learned_and_its_look_alike_is_not_either(learned: Learns) -> None:
    assert HOME not in learned(exchange(), HOME).names
    assert HOME not in learned(exchange(), f"press.{HOME}").names
    mails = exchange(sender="onedrive-campaign.example")
    assert not learned(mails, HOME).domains
    assert learned(mails).names == {"onedrive-campaign.example"}


def test_mails_without_a_date_span_no_time(learned: Learns) -> None:
    undated = [Mail(HOME, "printer.test", b=b"%d" % n, date=False) for n in range(10)]
    assert not learned([*undated, *exchange(mails=0)]).domains


def test_at_most_a_hundred_are_kept_those_that_most_wrote_to(learned: Learns) -> None:
    few = [mail for n in range(101) for mail in exchange(sender=f"org{n:03d}.example")]
    many = exchange(sender="zzz.example", writers=[*WRITERS, "fourth.test"])
    names = learned([*few, *many]).names
    assert len(names) == 100 and "zzz.example" in names


# ---- whose mailboxes these are --------------------------------------------------------------------


def test_the_domain_that_most_others_wrote_to_is_at_home(learned: Learns) -> None:
    assert learned(exchange()).home == HOME


def test_half_of_the_others_are_not_enough(learned: Learns) -> None:
    strangers = [Mail(f"other{n}.test", "elsewhere.test") for n in range(2)]
    assert learned([*exchange(), *strangers]).home == HOME  # three of five
    assert learned([*exchange(), *strangers, Mail("other2.test", "elsewhere.test")]).home is None


def test_a_phishing_domain_that_corresponds_is_not_at_home(learned: Learns) -> None:
    """It wrote to three and was answered: learned, like any correspondent; but others wrote to the organisation."""
    phishing = exchange(sender="secure-files.test", writers=[HOME, "printer.test", "hall.test"])
    found = learned([*exchange(), *phishing, Mail("secure-files.test", HOME)])
    assert found.names == {HOME, "secure-files.test"}
    assert found.home == HOME


def test_as_many_writers_as_the_organisation_leave_nobody_at_home(learned: Learns) -> None:
    assert learned([*exchange(), *exchange(sender="secure-files.test")]).home is None


def test_a_mailbox_at_a_provider_is_nobodys_home(learned: Learns) -> None:
    to_gmail = [Mail(f"writer{n}.test", "gmail.com") for n in range(9)]
    assert learned([*exchange(), *to_gmail]).home is None


def test_a_name_that_resembles_another_is_not_trusted_that_far(learned: Learns) -> None:
    assert learned(exchange(), "campaign.test").home is None
    alike = exchange(sender="campaigns.example", writers=(*WRITERS[:2], "fourth.test"))
    found = learned([*exchange(writers=[*WRITERS, "fourth.test"]), *alike])
    assert found.names == {HOME, "campaigns.example"} and found.home is None


# ---- order ----------------------------------------------------------------------------------------


def test_neither_order_nor_units_nor_buckets_matter(learned: Learns) -> None:
    mails = [*exchange(), *exchange(sender="club.example", writers=["a.test", "b.test", "c.test", "d.test"])]
    expected = learned(mails)
    assert expected.names == {HOME, "club.example"}
    dice = random.Random(1)
    for units, hashed in ((1, 1), (3, 1), (2, 7), (5, 64)):
        dice.shuffle(mails)
        assert learned(mails, units=units, hashed=hashed) == expected


def test_nothing_teaches_nothing() -> None:
    assert learn([], frozenset()) == Learned()
