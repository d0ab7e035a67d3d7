"""What do the keys make of a message's ARC sets, and which seals count? (RFC 8617 §5.2; VERDICT §4)"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from transforms.auth.alignment import registered_domain
from transforms.auth.arc import MESSAGE_SIGNATURE, SEAL
from transforms.auth.coverage import BLOCKING
from transforms.mail.authentication_results import Result, from_text
from transforms.model import PreparedSignature, SignatureResult

Pair = tuple[PreparedSignature, SignatureResult]

_UNACCEPTABLE = frozenset({"key_weak", "key_known_weak", "key_recovered"})  # keys that confirm, and prove nothing


class Seal(NamedTuple):
    """One set of a trusted sealer: its seal is valid over all sets up to its own."""

    instance: int
    message: PreparedSignature  # the message signature of this set, of the same domain
    outcome: SignatureResult  # what the keys made of it
    results: tuple[Result, ...]  # what the sealer recorded when it took the message


class Chain(NamedTuple):
    """The ARC sets of one message under the keys at hand."""

    result: str  # none | pass | fail | policy | neutral
    reason: str  # one code: why the result is what it is; "" for none and pass
    seals: tuple[Seal, ...] = ()  # those that count, by instance
    untrusted: str = ""  # d= of the highest valid seal of a domain that is not trusted
    waiting: tuple[tuple[str, str], ...] = ()  # (d=, s=) of trusted seals without a key


NO_CHAIN = Chain("none", "")


def judge_chain(pairs: Sequence[Pair], defect: str | None, sealers: Collection[str]) -> Chain:
    """The chain of one message; pairs are all of its signatures, defect is Item.arc_defect.

    result is that of the whole chain (RFC 8617 §5.2): a missing or unusable key leaves it neutral, a
    key that proves nothing makes it `policy` (RFC 8601 §2.7.1).
    """
    messages = {s.instance: (s, r) for s, r in pairs if s.type == MESSAGE_SIGNATURE and s.instance is not None}
    seals = {s.instance: (s, r) for s, r in pairs if s.type == SEAL and s.instance is not None}
    result, reason = _whole(messages, seals, defect)
    counting: list[Seal] = []
    waiting: list[tuple[str, str]] = []
    untrusted = ""
    for instance in sorted(seals):
        seal, outcome = seals[instance]
        if not _consistent(seals, instance) or instance not in messages:
            break
        message, of_message = messages[instance]
        valid = outcome.result == "pass" and outcome.objection not in BLOCKING
        if not is_trusted(seal.domain, sealers):
            untrusted = seal.domain if valid else untrusted
        elif message.domain != seal.domain:
            continue
        elif valid:
            results = tuple(filter(None, map(from_text, seal.reported)))
            counting.append(Seal(instance, message, of_message, results))
        elif outcome.key_status == "missing":
            waiting.append((seal.domain, seal.selector))
    return Chain(result, reason, tuple(counting), untrusted, tuple(dict.fromkeys(waiting)))


def _whole(messages: dict[int, Pair], seals: dict[int, Pair], defect: str | None) -> tuple[str, str]:
    if defect is not None:
        return ("neutral" if defect == "arc_too_many_sets" else "fail"), defect
    if not seals:
        return "none", ""
    last = max(seals)
    if seals[last][0].chain_validation == "fail":  # RFC 8617 §5.2 step 2
        return "fail", "arc_failed_before"
    if not _consistent(seals, last):
        return "fail", next((s.invalid for s, _ in seals.values() if s.invalid), "arc_inconsistent")
    worst = "pass", ""
    for _, outcome in (messages[last], *(seals[i] for i in range(last, 0, -1))):
        worst = max(worst, _of_chain(outcome), key=lambda pair: _SEVERITY.index(pair[0]))
    return worst


_SEVERITY = ("pass", "policy", "neutral", "fail")


def _of_chain(outcome: SignatureResult) -> tuple[str, str]:
    if outcome.result == "pass":
        return ("policy", outcome.objection or "") if outcome.objection in _UNACCEPTABLE else ("pass", "")
    if outcome.result == "neutral" or outcome.reason.startswith("key_"):
        return "neutral", outcome.reason
    return "fail", outcome.reason


def _consistent(seals: dict[int, Pair], instance: int) -> bool:
    """Whether cv= is none at the first set and pass at all others up to this one (RFC 8617 §5.2 step 3)."""
    if any(i not in seals or seals[i][0].invalid is not None for i in range(1, instance + 1)):
        return False
    return all(seals[i][0].chain_validation == ("pass" if i > 1 else "none") for i in range(1, instance + 1))


# ---- trusted sealers --------------------------------------------------------------------------


def is_trusted(domain: str, sealers: Collection[str]) -> bool:
    """Whether d= is a trusted sealer or lies below one; nothing lies below a public suffix."""
    if domain in sealers:
        return True
    return any(domain.endswith(f".{sealer}") and registered_domain(sealer) is not None for sealer in sealers)


@cache
def default_sealers() -> frozenset[str]:
    """The domains of data/trusted_sealers.txt."""
    lines = files("transforms.data").joinpath("trusted_sealers.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
