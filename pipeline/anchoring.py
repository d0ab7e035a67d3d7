"""Whose recovered keys are: the seals of trusted receivers that vouch for one of their signatures (VERDICT §4).

Before Prove, at each judgement, since new keys and sealers bring new seals; only where a recovered key
is anchored by no archive. Kept in OUT/keys/anchors.jsonl.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from itertools import chain

from pipeline import evidence, key_store, recovered
from pipeline.job import Job
from pipeline.key_store import Kept
from pipeline.surveying import Ask, Question, Told
from transforms.auth.anchor import SealedMessage, anchors
from transforms.auth.chain import Pair, Seal, judge_chain
from transforms.auth.coverage import BLOCKING
from transforms.auth.recorded import fields_in
from transforms.auth.verify import prove
from transforms.model import PublicKey
from transforms.shard import Shard

_Candidates = Mapping[tuple[str, str], list[PublicKey]]  # by name


def anchor_keys(job: Job, ask: Ask) -> int:
    """Look for anchors of the recovered keys and keep them; answers how many keys have one."""
    given = Kept(job.out)
    recovered.keep_anchors(job.out, {})
    candidates: dict[tuple[str, str], list[PublicKey]] = {}
    for key in recovered.keys(job.out, given.keys):
        if key.anchored_by is None:
            candidates.setdefault((key.domain, key.selector), []).append(key)
    if not candidates:
        return 0
    looks = functools.partial(_in_group, given, candidates, job.sealers)
    found: dict[recovered.Anchored, str] = {}
    for domain, selector, key_id, by in chain.from_iterable(ask(Question("anchors", "signatures", looks))):
        name = (domain, selector, key_id)
        found[name] = min(by, found.get(name, by))
    recovered.keep_anchors(job.out, found)
    return len(found)


def _in_group(
    given: Kept, candidates: _Candidates, sealers: frozenset[str], group: str, shards: Iterator[tuple[str, Shard]]
) -> Told:
    """What anchors each key in a group, one message for each."""
    ring = key_store.keyring(given.keys)  # without recovered ones: anchors do not chain
    found: dict[recovered.Anchored, str] = {}
    for _, shard in shards:
        for key, item_id, sealer in _in_unit(shard, ring, candidates, sealers):
            name = (key.domain, key.selector, key.key_id)
            by = f"seal of {sealer} in item {item_id}"
            found[name] = min(by, found.get(name, by))
    if found:
        yield group, [(*name, by) for name, by in found.items()]


def _in_unit(
    shard: Shard, ring: key_store.Keyring, candidates: _Candidates, sealers: frozenset[str]
) -> Iterator[tuple[PublicKey, str, str]]:
    """Key, message and sealer of each anchor in a unit."""
    by_row: dict[int, list[Pair]] = {}
    dates = shard.column("date_utc")
    signed = list(evidence.prepared(shard.signatures))
    sealed = {row for row, one in signed if one.type == "arc-seal"}
    named = {row for row, one in signed if one.type == "dkim" and (one.domain, one.selector) in candidates}
    for row, one in signed:
        if row in sealed & named:
            by_row.setdefault(row, []).append((one, prove(one, ring.get((one.domain, one.selector), ()), dates[row])))
    for row, pairs in sorted(by_row.items()):
        chain = judge_chain(pairs, shard.column("arc_defect")[row], sealers)
        for seal in chain.seals:
            message = _sealed_message(seal, pairs, ring)
            if message is None:
                continue
            for one in message.signatures:
                for key in candidates.get((one.domain, one.selector), ()):
                    if anchors(message, key):
                        yield key, shard.column("item_id")[row], seal.message.domain


def _sealed_message(seal: Seal, pairs: list[Pair], ring: key_store.Keyring) -> SealedMessage | None:
    """What anchors() asks of one set, None unless its message signature is valid and leaves nothing open."""
    objections = {*seal.message.objections, seal.outcome.objection}
    if seal.outcome.result != "pass" or not BLOCKING.isdisjoint(objections):
        return None
    own = tuple(one for one, _ in pairs if one.type == "dkim")
    by = [(one, result) for one, result in pairs if one.type == "arc-seal" and one.instance == seal.instance]
    used = [(seal.message, seal.outcome), *by]
    sources = {
        key.source
        for one, result in used
        for key in ring.get((one.domain, one.selector), ())
        if key.key_id == result.key_id
    }
    return SealedMessage(
        seal.message.signed_fields, tuple(sorted(sources)), by[0][0].reported, own, fields_in(len(own))
    )
