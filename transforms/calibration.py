"""What the signals of a container are worth there: its control group (VERDICT §5.4, §6).

A container is what one exporter filled in one go: a mailbox, or the folder in which loose files lie, inside an
archive as outside; what lies in a message belongs to the container of that message. A program that writes wrong
clocks, or an exporter that rewrites a field, makes honest mail contradict itself. It does so in the mail of many
senders, and in mail that is proven; a forger does so here and there. So a signal that trips too often in a
container is weak there.

A planted newsletter can trip every signal, and be verified, and be there a thousand times: so each registered
domain adds one trip, and one signature counts once. Decisive findings are never weighed here, and look-alikes
are not either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import combinations
from math import exp, lgamma, log, log1p
from typing import Any, NamedTuple

import pyarrow as pa

from transforms import checks, joins
from transforms.arrow_bytes import to_table
from transforms.auth.alignment import registered_domain
from transforms.checks import identity
from transforms.joins.correspondents import Learned
from transforms.model import Direction, Finding, Rule, Strength

DOMAINS = 3  # unrelated ones in which a signal must trip
BOUND = 0.01  # of verified domains: the 95 % upper bound of the share that trips ...
SHARE = 0.03  # ... and of protected mail, or of all mail of the container, the share itself
HABIT = 5  # different items of one domain with the same contradiction: its own way

# Facts about a domain and not about a mail: all its mail shows them, and no exporter makes them. Nothing is added to
# them: of two that look alike either may be genuine, and a look-alike that nobody named may be a second domain of the
# same people, whose odd mail is honest.
_OF_DOMAINS = frozenset({identity.ALIKE.code, identity.IMITATES_LEARNED.code})

REWRITTEN = "rewritten."  # before the name of a field: not a code, but that a repair had to undo its rewriting
_REWRITING = {"date_zone": "date"}  # repair: the field that was rewritten

TALLY = pa.schema(
    [
        ("key", pa.string()),  # container
        ("domain", pa.string()),  # registered domain of the sender; "": none
        ("proven", pa.bool_()),  # whether its signature teaches
        ("awaited", pa.bool_()),  # whether it would, as far as is known, if its key were at hand
        ("protected", pa.bool_()),  # ... and it is mail of a protected domain
        ("made", pa.string()),  # codes of the strong checks made on it, in order, a blank between
        ("tripped", pa.string()),  # those that spoke against it
        ("one", pa.binary()),  # what counts once: its signature, or its octets; null: `items` of them
        ("items", pa.int64()),
    ]
)


class Seen(NamedTuple):
    """One item, as far as the control group is concerned."""

    container: str
    domain: str  # registered, of its sender; ""
    proven: bool
    awaited: bool  # not proven, and may be for want of a key
    protected: bool
    made: frozenset[str]
    tripped: frozenset[str]
    one: Callable[[], bytes]  # what counts once, asked for where that matters


class Pair(NamedTuple):
    """Two contradictions that some item shows together."""

    codes: tuple[str, str]  # in order
    comparable: int  # items of the container on which both checks were made
    ways: tuple[str, ...]  # domains that show one of them again and again


class Habits(NamedTuple):
    """What is usual in one container."""

    container: str
    weak: tuple[tuple[str, str], ...]  # code, or REWRITTEN and a field; and why
    pairs: tuple[Pair, ...]


class Calibration(NamedTuple):
    """All that a dump teaches its own judgement."""

    learned: Learned = Learned()
    habits: Mapping[str, Habits] = {}

    def weighed(self, container: str, finding: Finding) -> Finding:
        """A finding as strong as it is in this container."""
        usual = self.habits.get(container)
        if usual is None or not speaks(finding) or finding.code not in dict(usual.weak):
            return finding
        return finding._replace(strength=Strength.WEAK, summary=f"{finding.summary} (usual in {container or 'here'})")

    def comparable(self, container: str, domain: str, findings: Iterable[Finding]) -> int:
        """Items of its container on which the same two checks were made, of different families (VERDICT §5.4).

        domain is the sender's as it stands.

        0 if no two strong contradictions of an item may be added up: the container's exporter rewrites a field
        that one of them rests on, or the sender's domain shows one of them in several messages.
        """
        usual = self.habits.get(container)
        if usual is None or not usual.pairs:
            return 0
        sender = registered_domain(domain) or ""
        strong = {finding.code: finding.family for finding in findings if speaks(finding)}
        return max(
            (
                pair.comparable
                for pair in usual.pairs
                if strong.keys() >= set(pair.codes)
                and strong[pair.codes[0]] != strong[pair.codes[1]]
                and sender not in pair.ways
            ),
            default=0,
        )


def speaks(finding: Finding) -> bool:
    """Whether a finding is weighed: a strong contradiction."""
    return finding.direction is Direction.CONTRADICTS and finding.strength is Strength.STRONG


# ---- one unit -----------------------------------------------------------------------------------


def container_of(path: str) -> str:
    """The container of an item that lies outside of any message, by its path."""
    around, _, last = path.rpartition("!")
    if last.startswith("@"):
        return around
    folder = last.rpartition("/")[0]
    return f"{around}!{folder}" if around else folder


def made_on(item: Any, findings: Iterable[Finding]) -> frozenset[str]:
    """Codes of the strong contradictions that were looked for in an item.

    A check says so itself; a join has looked where it says anything.
    """
    asked = {code for module in asking() for code in module.made(item)}
    for finding in findings:
        asked |= _of_join(finding.code)
    return frozenset(asked)


def rewriting(repairs: str) -> frozenset[str]:
    """What was rewritten in a message whose signature matches once repairs, "+" between, are made."""
    return frozenset(REWRITTEN + _REWRITING[name] for name in repairs.split("+") if name in _REWRITING)


REWRITABLE = frozenset(REWRITTEN + field for field in _REWRITING.values())


def tally(seen: Iterable[Seen]) -> pa.Table:
    """Rows of TALLY: a row for each of those that count once, and one for all others that are alike."""
    single: set[tuple[Any, ...]] = set()
    many: Counter[tuple[Any, ...]] = Counter()
    for item in seen:
        alike = (
            item.container,
            item.domain,
            item.proven,
            item.awaited,
            item.protected,
            " ".join(sorted(item.made)),
            " ".join(sorted(item.tripped)),
        )
        if item.protected or item.tripped:
            single.add((*alike, item.one(), 0))
        else:
            many[alike] += 1
    return to_table(TALLY, sorted(single) + [(*alike, None, count) for alike, count in many.items()])


# ---- the whole dump -----------------------------------------------------------------------------


class _Group(NamedTuple):
    """Items of one container that are alike."""

    domain: str
    proven: bool
    awaited: bool
    protected: bool
    made: frozenset[str]
    tripped: frozenset[str]
    items: int


def settle(table: pa.Table) -> list[Habits]:
    """What is usual in each container of a TALLY, by name; nothing of those where nothing trips."""
    alike = table.group_by(["key", "domain", "proven", "awaited", "protected", "made", "tripped"])
    counted = alike.aggregate([("one", "count_distinct"), ("items", "sum")])
    groups: dict[str, list[_Group]] = {}
    for one in counted.to_pylist():
        made, tripped = frozenset(one["made"].split()), frozenset(one["tripped"].split())
        items = one["one_count_distinct"] + one["items_sum"]
        group = _Group(one["domain"], one["proven"], one["awaited"], one["protected"], made, tripped, items)
        groups.setdefault(one["key"], []).append(group)
    found = (_habits(container, groups[container]) for container in sorted(groups))
    return [habits for habits in found if habits.weak or habits.pairs]


def _habits(container: str, groups: list[_Group]) -> Habits:
    codes = sorted({code for group in groups for code in group.tripped})
    weighed = [code for code in codes if code not in _OF_DOMAINS]
    weak = tuple((code, why) for code in weighed if (why := _usual(code, groups)) is not None)
    # A signal that would be weak, if the keys were at hand that mail waits for, is told and not added up.
    usual = dict(weak).keys() | {code for code in weighed if _usual_with_all_keys(code, groups)}
    fields = {code.removeprefix(REWRITTEN) for code in usual if code.startswith(REWRITTEN)}
    fields |= {field for code in usual if code in _rules() for field in _rules()[code].fields}
    shut = _OF_DOMAINS | usual
    open_codes = {code for code in codes if code in _rules().keys() - shut and fields.isdisjoint(_rules()[code].fields)}
    together = {pair for group in groups for pair in combinations(sorted(group.tripped & open_codes), 2)}
    return Habits(container, weak, tuple(_pair(pair, groups) for pair in sorted(together) if _independent(*pair)))


def _independent(one: str, other: str) -> bool:
    """Whether two contradictions rest on different fields: one wrong clock may be behind all that rest on one."""
    return set(_rules()[one].fields).isdisjoint(_rules()[other].fields)


def _usual(code: str, groups: list[_Group]) -> str | None:
    """Why a signal is weak in a container, in words; None if it is not."""
    made = [group for group in groups if code in group.made]
    proven = {group.domain for group in made if group.proven} - {""}
    tripping = {group.domain for group in made if group.proven and code in group.tripped} - {""}
    if len(tripping) >= DOMAINS and bound_exceeds(len(tripping), len(proven), BOUND):
        return f"it trips in verified mail of {len(tripping)} of {len(proven)} domains"
    protected = [group for group in made if group.proven and group.protected]
    if _share(code, protected) > SHARE:
        return f"it trips in {_count(code, protected)} of {_all(protected)} verified mails of protected domains"
    domains = {group.domain for group in made if code in group.tripped} - {""}
    if len(domains) >= DOMAINS and _share(code, made) > SHARE:
        return f"it trips in {_count(code, made)} of {_all(made)} items, of {len(domains)} domains"
    return None


def _usual_with_all_keys(code: str, groups: list[_Group]) -> bool:
    """Whether some keys more could make a signal weak: no loss of keys then adds up what they would not have.

    Mail that waits for a key counts where it trips, and where it does not its key might as well speak against it.
    """
    given = (group._replace(proven=True) if group.awaited and code in group.tripped else group for group in groups)
    return _usual(code, list(given)) is not None


def _count(code: str, groups: Iterable[_Group]) -> int:
    return sum(group.items for group in groups if code in group.tripped)


def _all(groups: Iterable[_Group]) -> int:
    return sum(group.items for group in groups)


def _share(code: str, groups: list[_Group]) -> float:
    return _count(code, groups) / (_all(groups) or 1)


def bound_exceeds(trips: int, of: int, share: float) -> bool:
    """Whether the 95 % upper bound of trips in so many is above a share (Clopper and Pearson 1934).

    It is exactly if as few trips, or fewer, have a chance above 5 % where the share is the true rate.
    """
    if trips >= of * share:
        return True
    chances = (
        lgamma(of + 1) - lgamma(k + 1) - lgamma(of - k + 1) + k * log(share) + (of - k) * log1p(-share)
        for k in range(trips + 1)
    )
    return sum(map(exp, chances)) > 0.05


def _pair(codes: tuple[str, str], groups: list[_Group]) -> Pair:
    both = frozenset(codes)
    shown: Counter[tuple[str, str]] = Counter()
    for group in groups:
        for code in both & group.tripped:
            shown[group.domain, code] += group.items
    ways = sorted({domain for (domain, _), items in shown.items() if items >= HABIT})
    return Pair(codes, _all(group for group in groups if group.made >= both), tuple(ways))


# ---- what may be looked for ---------------------------------------------------------------------


@cache
def asking() -> tuple[Any, ...]:
    """The checks that may make a strong contradiction."""
    return tuple(module for module in checks.modules() if _strong(module))


@cache
def _of_join(code: str) -> frozenset[str]:
    """The strong contradictions of the join that says this; none if no join does."""
    for module in joins.by_name().values():
        if any(rule.code == code for rule in module.RULES):
            return _strong(module)
    return frozenset()


def _strong(module: Any) -> frozenset[str]:
    return frozenset(
        rule.code
        for rule in module.RULES
        if rule.direction is Direction.CONTRADICTS and rule.strength is Strength.STRONG
    )


@cache
def _rules() -> dict[str, Rule]:
    modules: Iterator[Any] = iter((*checks.modules(), *joins.by_name().values()))
    return {rule.code: rule for module in modules for rule in module.RULES}
