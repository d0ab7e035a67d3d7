"""What the known keys make of a prepared signature (RFC 6376 §6.1, RFC 8463; VERDICT §1.1, §1.5)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from transforms.auth.coverage import ORDER, in_order
from transforms.auth.key import KeyRecord, parse_record
from transforms.auth.weakness import is_prime
from transforms.model import PreparedSignature, PublicKey, SignatureResult

# DER of DigestInfo up to the digest (RFC 8017 §9.2, note 1).
DIGEST_INFO = {
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
}
_SEEN_LATER = timedelta(days=400)  # after the mail's Date
_SEEN_NEAR = timedelta(days=90)  # of the mail's Date

_Span = tuple[datetime, datetime]  # first and last observation

_record = lru_cache(maxsize=4096)(parse_record)


def verify_hash(record: KeyRecord, algorithm: str, digest: bytes, signature: bytes) -> bool:
    """Whether signature is the one of digest under this key; algorithm is a=.

    RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2), or Ed25519 over the digest (RFC 8463 §3). Weak keys are
    tried as well; a record without a usable key, or of another type, never matches.
    """
    key_type, _, hash_name = algorithm.partition("-")
    if key_type != record.key_type or not record.spki:
        return False
    try:
        if key_type == "ed25519":
            Ed25519PublicKey.from_public_bytes(record.raw).verify(signature, digest)
            return True
    except InvalidSignature:
        return False
    # The padding has one form only: what it holds, being equal, makes the whole block equal.
    return _opened(record, signature) == DIGEST_INFO[hash_name] + digest


def confirmer(keys: Sequence[PublicKey], prepared: PreparedSignature) -> Callable[[bytes], bool] | None:
    """Asks of a hash whether some key confirms that this signature was made over it; None if none can.

    What an RSA signature holds is opened once, so that each question costs a comparison.
    """
    records = [record for key in keys if _refusal(prepared, record := _record(key.record)) is None]
    key_type, _, hash_name = prepared.algorithm.partition("-")
    if key_type == "ed25519":
        if not records:
            return None
        return lambda digest: any(
            verify_hash(record, prepared.algorithm, digest, prepared.signature) for record in records
        )
    held = {_opened(record, prepared.signature) for record in records} - {None}
    return (lambda digest: DIGEST_INFO[hash_name] + digest in held) if held else None


def _opened(record: KeyRecord, signature: bytes) -> bytes | None:
    """What an RSA signature holds, None unless it has the length of the modulus (RFC 8017 §8.2.2 step 1)."""
    if len(signature) != (record.bits + 7) // 8:
        return None
    try:
        return _rsa_key(record.n, record.e).recover_data_from_signature(signature, PKCS1v15(), None)
    except InvalidSignature:
        return None


@lru_cache(maxsize=1024)
def _rsa_key(n: int, e: int) -> RSAPublicKey:
    return RSAPublicNumbers(e, n).public_key()


def prove(prepared: PreparedSignature, keys: Sequence[PublicKey], written: datetime | None) -> SignatureResult:
    """Try all keys of the signature's (domain, selector); the best result counts.

    written is the mail's Date, None if it cannot be read: then what depends on it counts against the
    mail. Reasons, by result:
        pass       pass, key_anchored (under a recovered key that is anchored)
        fail       header_changed_after_signing, body_changed_after_signing
        neutral    key_unknown, key_not_valid_then, body_not_hashed
        permerror  prepared.invalid; key_revoked, key_unparsable, key_refused, key_type,
                   key_hash_not_allowed, key_service_not_allowed, key_auid_not_allowed
    A recovered key that nothing anchors never says no. What it confirms is a pass or, with another
    body, neutral, for the reason key_recovered (key_two_recovered beside a second such key).
    header_ok is the answer of the signature over the header alone, None if no key could be tried.
    """
    if prepared.invalid is not None:
        return _result(prepared, "permerror", prepared.invalid, _best_status(keys))
    by_id: dict[str, list[PublicKey]] = {}
    for key in keys:
        by_id.setdefault(_record(key.record).key_id, []).append(key)
    tried = (_tried(prepared, key, by_id, written) for key in keys)
    unknown = _result(prepared, "neutral", "key_unknown", "missing")
    return min((result for result in tried if result is not None), key=_rank, default=unknown)


def _tried(
    prepared: PreparedSignature, key: PublicKey, by_id: Mapping[str, Sequence[PublicKey]], written: datetime | None
) -> SignatureResult | None:
    """The result of one key, None if it has nothing to say.

    by_id are the keys of its name, which tell when each was in use and where it comes from.
    """
    record = _record(key.record)
    same = by_id[record.key_id]
    if _self_attesting(same):
        return _consistent(prepared, record, by_id)
    if key.source == "recovered" and any(other.source != "recovered" for other in same):
        return None  # the record of an archive holds the same key, and the restrictions on its use
    refusal = _refusal(prepared, record)
    if refusal is not None:
        return _result(prepared, "permerror", refusal, record.status)
    if not verify_hash(record, prepared.algorithm, prepared.data_hash, prepared.signature):
        return _result(prepared, "fail", "header_changed_after_signing", record.status, record, False)
    found = [*prepared.objections]
    if record.status == "weak":
        found.append("key_weak")
    if any(key.weakness for key in same) or is_prime(record.n):
        record = dataclasses.replace(record, status="weak")
        found.append("key_known_weak")
    if not _granted(record.granularity, prepared.auid):
        found.append("key_granularity")
    others = [_observed(group) for key_id, group in by_id.items() if key_id not in ("", record.key_id)]
    found += _time_objections(_observed(same), others, written)
    objection = in_order(found)[0] if found else None
    if not _within_bounds(same, written):
        result, reason = "neutral", "key_not_valid_then"
    elif prepared.body_ok is None and prepared.type != "arc-seal":  # a seal covers no body (RFC 8617 §4.1.3)
        result, reason = "neutral", "body_not_hashed"
    elif prepared.body_ok is False:
        result, reason = "fail", "body_changed_after_signing"
    else:
        result, reason = "pass", "key_anchored" if all(key.source == "recovered" for key in same) else "pass"
    verified = _result(prepared, result, reason, record.status, record, True)
    return verified._replace(objection=objection, doubts=in_order(found))


def _self_attesting(same: Sequence[PublicKey]) -> bool:
    """Whether a key is known from signatures of the dump alone (VERDICT §4)."""
    return all(key.source == "recovered" and key.anchored_by is None for key in same)


def _consistent(
    prepared: PreparedSignature, record: KeyRecord, by_id: Mapping[str, Sequence[PublicKey]]
) -> SignatureResult | None:
    """What a self-attesting key says: that a signature was made with it, and never a no."""
    if not verify_hash(record, prepared.algorithm, prepared.data_hash, prepared.signature):
        return None
    several = sum(map(_self_attesting, by_id.values())) > 1
    reason = "key_two_recovered" if several else "key_recovered"
    whole = prepared.body_ok or prepared.type == "arc-seal"  # a seal covers no body (RFC 8617 §4.1.3)
    confirmed = _result(prepared, "pass" if whole else "neutral", reason, record.status, record, True)
    doubts = in_order([*prepared.objections, "key_recovered"])
    return confirmed._replace(objection=doubts[0], doubts=doubts)


def _refusal(prepared: PreparedSignature, record: KeyRecord) -> str | None:
    """Why a key must not be tried on this signature (RFC 6376 §6.1.2), None if it may."""
    if not record.spki:
        return f"key_{record.status}"
    key_type, _, hash_name = prepared.algorithm.partition("-")
    if record.key_type != key_type:
        return "key_type"
    if record.hashes is not None and hash_name not in record.hashes:
        return "key_hash_not_allowed"
    if not record.services & {"*", "email"}:
        return "key_service_not_allowed"
    auid_domain = prepared.auid.rpartition("@")[2] if prepared.auid is not None else prepared.domain
    if "s" in record.flags and auid_domain != prepared.domain:
        return "key_auid_not_allowed"
    return None


def _granted(granularity: str, auid: str | None) -> bool:
    """Whether g= lets this local part sign (RFC 4871 §3.6.1): one * stands for anything."""
    if granularity == "*":
        return True
    local_part = (auid or "").rpartition("@")[0]
    prefix, star, suffix = granularity.partition("*")
    if not star:
        return local_part == granularity and bool(granularity)
    return len(local_part) >= len(prefix) + len(suffix) and (
        local_part.startswith(prefix) and local_part.endswith(suffix)
    )


# ---- when a key was in use --------------------------------------------------------------------


def _within_bounds(same: Sequence[PublicKey], written: datetime | None) -> bool:
    """Whether the mail's date lies within every known bound of its key."""
    starts = [key.not_before for key in same if key.not_before is not None]
    ends = [key.not_after for key in same if key.not_after is not None]
    if written is None:
        return not starts and not ends
    return all(start <= written for start in starts) and all(written <= end for end in ends)


def _time_objections(seen: _Span | None, others: Sequence[_Span | None], written: datetime | None) -> list[str]:
    """What the observations of a key, and of the others under its name, say about a mail's date."""
    if written is None:
        return ["key_first_seen_later"] if seen else []
    found = []
    if seen and seen[0] - written > _SEEN_LATER:
        found.append("key_first_seen_later")
    # Differences alone: sums with an archive's 9999-12-31 leave the calendar.
    near = seen is not None and seen[0] - written <= _SEEN_NEAR and written - seen[1] <= _SEEN_NEAR
    if not near and any(other is not None and other[0] <= written <= other[1] for other in others):
        found.append("other_key_at_that_time")
    return found


def _observed(keys: Sequence[PublicKey]) -> _Span | None:
    """First and last observation of one key, in any archive."""
    moments = [moment for key in keys for moment in (key.first_seen, key.last_seen) if moment is not None]
    return (min(moments), max(moments)) if moments else None


# ---- results ----------------------------------------------------------------------------------

_RESULTS = ("pass", "neutral", "fail", "permerror")


def _rank(result: SignatureResult) -> tuple[int, int, int]:
    """A key that confirms the header first, then one that denies it, then those not tried."""
    header = {True: 0, False: 1, None: 2}[result.header_ok]
    objection = ORDER.index(result.objection) if result.objection is not None else len(ORDER)
    return header, _RESULTS.index(result.result), -objection


def _best_status(keys: Sequence[PublicKey]) -> str:
    statuses = {_record(key.record).status for key in keys if not _self_attesting([key])}
    return next((s for s in ("ok", "weak", "revoked", "refused", "unparsable") if s in statuses), "missing")


def _result(
    prepared: PreparedSignature,
    result: str,
    reason: str,
    key_status: str,
    record: KeyRecord | None = None,
    header_ok: bool | None = None,
) -> SignatureResult:
    objection = prepared.objections[0] if prepared.objections else None
    key_id = record.key_id if record is not None else None
    key_bits = record.bits if record is not None else 0
    testing = record is not None and "y" in record.flags
    return SignatureResult(prepared.seq, header_ok, key_status, key_id, result, objection, reason, key_bits, testing)
