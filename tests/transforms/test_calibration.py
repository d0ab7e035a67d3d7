"""What is usual in a container, and what a planted newsletter cannot make usual (VERDICT §6)."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pyarrow as pa
import pytest

from transforms.calibration import (
    REWRITTEN,
    Calibration,
    Habits,
    Seen,
    bound_exceeds,
    container_of,
    rewriting,
    settle,
    speaks,
    tally,
)
from transforms.checks import clocks, identity, seals
from transforms.joins.correspondents import Learned
from transforms.model import Direction, Finding, Strength

DATE, HOP, LOOK, RECEIPT = (
    clocks.DATE_CONTRADICTED.code, clocks.HOP_ID.code, identity.IMITATES_LEARNED.code, seals.FAILED.code,
)  # fmt: skip
ALL = frozenset({DATE, HOP, LOOK, RECEIPT})
BOTH = frozenset({DATE, HOP})


def seen(
    domain: str,
    *tripped: str,
    one: str | None = None,
    proven: bool = False,
    awaited: bool = False,
    protected: bool = False,
    container: str = "inbox",
    made: frozenset[str] = ALL,
) -> Seen:
    """An item on which every check was made; `one` is what counts once, of itself each is another."""
    seen.count += 1  # type: ignore[attr-defined]
    octets = (one or f"#{seen.count}").encode()  # type: ignore[attr-defined]
    return Seen(
        container,
        domain,
        proven or (protected and not awaited),
        awaited,
        protected,
        made,
        frozenset(tripped),
        lambda: octets,
    )


seen.count = 0  # type: ignore[attr-defined]


def honest(number: int, **how: object) -> list[Seen]:
    """Mail of as many domains on which nothing trips."""
    return [seen(f"honest{n}.example", **how) for n in range(number)]  # type: ignore[arg-type]


def usual(items: Iterable[Seen]) -> dict[str, str]:
    """Codes that are weak in the one container of these items, and why."""
    found = settle(tally(items))
    return dict(found[0].weak) if found else {}


# ---- trips in proven mail --------------------------------------------------------------------------


@pytest.mark.parametrize(("domains", "expected"), [(2, False), (3, True), (4, True)])
def test_a_signal_is_weak_where_it_trips_in_proven_mail_of_three_domains(domains: int, expected: bool) -> None:
    trips = [seen(f"odd{n}.example", DATE, proven=True) for n in range(domains)]
    assert (DATE in usual([*trips, *honest(200, proven=True)])) is expected


@pytest.mark.parametrize(("of", "expected"), [(771, True), (772, True), (773, False)])
def test_three_of_so_many_domains_may_be_chance(of: int, expected: bool) -> None:
    trips = [seen(f"odd{n}.example", DATE, proven=True) for n in range(3)]
    assert (DATE in usual([*trips, *honest(of - 3, proven=True)])) is expected


def test_one_newsletter_that_trips_every_signal_switches_none_off() -> None:
    planted = [seen("newsletter.example", *ALL, proven=True) for _ in range(1000)]
    replayed = [seen("newsletter.example", *ALL, proven=True, one="the same") for _ in range(1000)]
    assert usual([*planted, *replayed, *honest(40, proven=True)]) == {}


def test_two_accomplices_do_not_either() -> None:
    planted = [seen(f"newsletter{n % 2}.example", *ALL, proven=True) for n in range(1000)]
    assert usual([*planted, *honest(40)]) == {}


# ---- protected mail --------------------------------------------------------------------------------


@pytest.mark.parametrize(("trips", "expected"), [(2, False), (3, False), (4, True)])
def test_a_signal_is_weak_above_three_percent_of_protected_mail(trips: int, expected: bool) -> None:
    own = [seen("campaign.example", *([HOP] if n < trips else []), protected=True) for n in range(100)]
    assert (HOP in usual(own)) is expected


def test_a_protected_mail_that_is_passed_on_again_and_again_counts_once() -> None:
    own = [seen("campaign.example", protected=True) for _ in range(99)]
    replayed = [seen("campaign.example", HOP, protected=True, one="the same") for _ in range(500)]
    assert usual([*own, *replayed]) == {}


# ---- any mail --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("trips", "expected"), [(2, False), (3, False), (4, True)])
def test_a_signal_is_weak_above_three_percent_of_all_mail(trips: int, expected: bool) -> None:
    items = [seen(f"odd{n}.example", DATE) for n in range(trips)]
    assert (DATE in usual([*items, *honest(100 - trips)])) is expected


@pytest.mark.parametrize(("domains", "expected"), [(2, False), (3, True)])
def test_those_must_be_of_three_domains(domains: int, expected: bool) -> None:
    items = [seen(f"odd{n % domains}.example", DATE) for n in range(30)]
    assert (DATE in usual([*items, *honest(30)])) is expected


def test_mail_without_a_domain_is_of_none() -> None:
    assert usual([seen("", DATE), seen("a.example", DATE), seen("b.example", DATE)]) == {}


def test_items_that_were_not_looked_at_dilute_nothing() -> None:
    items = [seen(f"odd{n}.example", DATE) for n in range(3)]
    assert DATE in usual([*items, *honest(10_000, made=frozenset({HOP}))])


def test_another_container_has_its_own_habits() -> None:
    odd = [seen(f"odd{n}.example", DATE, container="export") for n in range(10)]
    found = settle(tally([*odd, *honest(50), seen("x.example", DATE, HOP)]))
    assert {one.container: dict(one.weak).keys() for one in found} == {"export": {DATE}, "inbox": set()}


# ---- two contradictions ----------------------------------------------------------------------------

CLIENT = Finding(DATE, Direction.CONTRADICTS, Strength.STRONG, "the date", family="client clock")
TRANSPORT = Finding(HOP, Direction.CONTRADICTS, Strength.STRONG, "a hop", family="transport clock")


def comparable(items: Iterable[Seen], *findings: Finding, sender: str = "forged.example") -> int:
    calibration = Calibration(Learned(), {one.container: one for one in settle(tally(items))})
    weighed = [calibration.weighed("inbox", one) for one in findings or (CLIENT, TRANSPORT)]
    return calibration.comparable("inbox", sender, weighed)


FORGED = seen("forged.example", DATE, HOP)


@pytest.mark.parametrize("number", [28, 29, 30])
def test_comparable_are_the_items_on_which_both_checks_were_made(number: int) -> None:
    others = [*honest(number), *honest(50, made=frozenset({DATE})), *honest(50, container="elsewhere")]
    assert comparable([FORGED, *others]) == number + 1


def test_one_family_is_one_witness() -> None:
    assert comparable([FORGED, *honest(40)], CLIENT, TRANSPORT._replace(family="client clock")) == 0


def test_two_findings_that_rest_on_one_field_are_one_witness() -> None:
    """A relay with a slow clock is behind both, in honest mail."""
    made = ALL | {clocks.DATE_AFTER_HOPS.code}
    both = [CLIENT._replace(code=clocks.DATE_AFTER_HOPS.code), TRANSPORT]
    slow = seen("forged.example", clocks.DATE_AFTER_HOPS.code, HOP, made=made)
    assert comparable([slow, *honest(40, made=made)], *both) == 0


def test_two_findings_that_no_item_shows_together_are_not_compared() -> None:
    assert comparable([seen("a.example", DATE), seen("b.example", HOP), *honest(40)]) == 0


def test_a_weak_signal_is_no_witness() -> None:
    shifted = [seen(f"odd{n}.example", DATE) for n in range(10)]
    assert comparable([FORGED, *shifted, *honest(40)]) == 0


def test_no_witness_rests_on_a_field_that_the_exporter_rewrites() -> None:
    """The weekday is wrong all over the place, so nothing that rests on the Date accuses anybody here."""
    made = ALL | {clocks.WEEKDAY.code}
    shifted = [seen(f"odd{n}.example", clocks.WEEKDAY.code, made=made) for n in range(10)]
    assert comparable([FORGED, *honest(40)]) > 0
    assert comparable([FORGED, *shifted, *honest(40)]) == 0


def test_a_field_that_repairs_had_to_restore_in_mail_of_three_domains_is_rewritten() -> None:
    rewritten = rewriting("list_footer+date_zone")
    assert rewritten == {f"{REWRITTEN}date"}
    made = ALL | rewritten
    restored = [seen(f"odd{n}.example", *rewritten, proven=True, made=made) for n in range(3)]
    assert comparable([FORGED, *honest(40, made=made), *restored[:2]]) > 0
    assert comparable([FORGED, *honest(40, made=made), *restored]) == 0


def test_what_resembles_a_learned_domain_is_flagged_and_nothing_is_added_to_it() -> None:
    """It may be a second domain of the same people; and one may be got learned that an honest one then resembles."""
    alike = CLIENT._replace(code=LOOK, family="identity")
    assert comparable([seen("alike.example", LOOK, HOP), *honest(300)], alike, TRANSPORT, sender="alike.example") == 0


def test_of_two_correspondents_that_look_alike_neither_is_accused() -> None:
    alike = CLIENT._replace(code=identity.ALIKE.code, family="identity")
    made = ALL | {identity.ALIKE.code}
    items = [seen("alike.example", identity.ALIKE.code, HOP, made=made), *honest(300, made=made)]
    assert comparable(items, alike, TRANSPORT, sender="alike.example") == 0


@pytest.mark.parametrize("shown", [(DATE, HOP), (DATE,), (HOP,)])
@pytest.mark.parametrize(("number", "accused"), [(4, True), (5, False), (6, False)])
def test_five_items_of_one_domain_with_the_same_fault_are_its_own_way(
    number: int, accused: bool, shown: tuple[str, ...]
) -> None:
    """A home-made program writes a wrong weekday into every letter; one of them also failed where it arrived."""
    items = [seen("clumsy.example", DATE, HOP), *(seen("clumsy.example", *shown) for _ in range(number - 1))]
    assert (comparable([*items, *honest(300)], sender="mail.clumsy.example") > 0) is accused


# ---- keys that are not at hand -----------------------------------------------------------------------


def test_mail_that_waits_for_its_key_shows_what_is_usual_as_it_would_with_it() -> None:
    """Three domains date their mail wrongly: where their keys are lost, the fourth is accused no sooner."""
    odd = [("odd0.example", DATE), ("odd1.example", DATE), ("odd2.example", DATE)]
    others = [FORGED, *honest(200, proven=True)]
    assert comparable([*others, *(seen(*one, proven=True) for one in odd)]) == 0
    assert comparable([*others, *(seen(*one, awaited=True) for one in odd)]) == 0
    assert comparable([*others, *(seen(*one) for one in odd)]) > 0


@pytest.mark.parametrize("with_keys", range(8))
def test_no_loss_of_keys_adds_up_what_they_would_not_have(with_keys: int) -> None:
    """Each of three domains with its key or without; and 900 others that trip nothing, all with theirs or none."""
    odd = [
        seen(f"odd{n}.example", DATE, proven=bool(with_keys >> n & 1), awaited=not with_keys >> n & 1) for n in range(3)
    ]
    few, many = honest(40), honest(900)
    assert comparable([FORGED, *odd, *few, *(one._replace(proven=True) for one in many[:700])]) == 0
    assert comparable([FORGED, *odd, *few, *(one._replace(awaited=True) for one in many)]) == 0


@pytest.mark.parametrize("awaited", [False, True])
def test_protected_mail_that_waits_for_its_key_shows_it_too(awaited: bool) -> None:
    own = [seen("campaign.example", *([DATE] if n < 4 else []), protected=True, awaited=awaited) for n in range(100)]
    assert comparable([FORGED, *own, *honest(40)]) == 0
    assert (DATE in usual([FORGED, *own, *honest(40)])) is not awaited


def test_mail_that_waits_for_its_key_weakens_no_flag() -> None:
    """Anybody can plant it."""
    assert usual([*(seen(f"odd{n}.example", DATE, awaited=True) for n in range(3)), *honest(200)]) == {}


def test_a_look_alike_is_no_signal_that_wears_off() -> None:
    alike = [seen(f"alike{n}.example", LOOK, identity.ALIKE.code, proven=True) for n in range(50)]
    assert usual([*alike, *(seen("campaign.example", LOOK, protected=True) for _ in range(50))]) == {}


def test_copies_of_one_item_are_no_way() -> None:
    copies = [seen("forged.example", DATE, HOP, one="the same") for _ in range(9)]
    assert comparable([*copies, *honest(300)]) > 0


def test_a_newsletter_with_its_own_way_protects_nobody_else() -> None:
    newsletter = [seen("newsletter.example", *ALL, proven=True) for _ in range(500)]
    assert comparable([*newsletter, FORGED, *honest(40)]) > 0


def test_every_order_gives_the_same() -> None:
    items = [
        FORGED, *honest(40), *(seen(f"odd{n}.example", HOP) for n in range(9)),
        *(seen("campaign.example", RECEIPT, protected=True, container="sent") for _ in range(3)),
    ]  # fmt: skip
    expected = settle(tally(items))
    assert [one.container for one in expected] == ["inbox", "sent"]
    dice = random.Random(1)
    for parts in (1, 2, 5):
        dice.shuffle(items)
        tables = [tally(items[part::parts]) for part in range(parts)]
        assert settle(pa.concat_tables(tables)) == expected


# ---- what a finding is worth ------------------------------------------------------------------------


def test_a_usual_contradiction_is_weak_and_says_so() -> None:
    calibration = Calibration(Learned(), {"inbox": Habits("inbox", ((DATE, "it trips"),), ())})
    weak = calibration.weighed("inbox", CLIENT)
    assert (weak.strength, weak.summary) == (Strength.WEAK, "the date (usual in inbox)")
    assert calibration.weighed("sent", CLIENT) == CLIENT
    assert calibration.weighed("inbox", TRANSPORT) == TRANSPORT


@pytest.mark.parametrize(
    ("direction", "strength"),
    [(Direction.CONTRADICTS, Strength.DECISIVE), (Direction.SUPPORTS, Strength.STRONG)],
)
def test_decisive_findings_and_supports_are_never_weighed(direction: Direction, strength: Strength) -> None:
    calibration = Calibration(Learned(), {"inbox": Habits("inbox", ((DATE, "it trips"),), ())})
    finding = Finding(DATE, direction, strength, "a fact")
    assert not speaks(finding) and calibration.weighed("inbox", finding) == finding


# ---- containers and bounds --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "container"),
    [
        ("a.eml", ""),
        ("mail/2017/a.eml", "mail/2017"),
        ("mail/inbox.mbox!@5312", "mail/inbox.mbox"),
        ("leak.zip!a.eml", "leak.zip!"),
        ("leak.zip!mail/a.eml", "leak.zip!mail"),
        ("leak.zip!mail/inbox.mbox!@0", "leak.zip!mail/inbox.mbox"),
        ("a.eml.gz!@0", "a.eml.gz"),
    ],
)
def test_a_container_is_a_mailbox_or_the_folder_of_loose_files(path: str, container: str) -> None:
    assert container_of(path) == container


@pytest.mark.parametrize(
    ("trips", "of", "expected"),
    [(0, 298, True), (0, 299, False), (1, 100, True), (3, 1_000_000, False), (10_000, 1_000_000, True)],
)
def test_bound_as_the_tables_of_clopper_and_pearson_have_it(trips: int, of: int, expected: bool) -> None:
    """Of 299 without a trip the upper bound is 1 - 0.05 ** (1 / 299) = 0.99697 %; of 298, 1.0003 %."""
    assert bound_exceeds(trips, of, 0.01) is expected
