"""Which signature of a message does a receiver's recorded dkim=pass speak of? (RFC 8601 §2.7.1, RFC 6008)

Without header.b a result names a domain and a selector, and whoever holds a copy may have taken the
signature that passed away and put another one of that name there.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence

from transforms.limits import LIMITS
from transforms.model import PreparedSignature

MIN_PREFIX = 8  # characters of header.b (RFC 6008 §3)


def vouched_for(
    results: Sequence[str], signatures: Sequence[PreparedSignature], signature_fields: int, oversigned: bool
) -> Iterator[PreparedSignature]:
    """The signatures that a passing result names, each alone, and that no other result could contradict.

    results are normalised: `dkim=pass header.d=a.example ...`. signatures are the message's own DKIM
    signatures, signature_fields how many such fields it has. oversigned: the receiver's message signature
    names the field more often than it stands, so none can have been taken away since.
    """
    said: dict[int, set[str]] = {}
    for outcome, properties in _dkim_results(results):
        meant = [one for one in signatures if _fits(one, properties)]
        names = _names_one(properties, signature_fields, oversigned) and len(meant) == 1
        if outcome != "pass" or names:
            for one in meant:
                said.setdefault(one.seq, set()).add(outcome)
    return (one for one in signatures if said.get(one.seq) == {"pass"})


def fields_in(examined: int) -> int:
    """DKIM-Signature fields in a message of which so many were examined; at the limit, as if there were one more.

    Beyond the limit nobody counted them, so no message signature can be said to cover them all.
    """
    return examined if examined < LIMITS.signatures else examined + 1


def _names_one(properties: Mapping[str, str], signature_fields: int, oversigned: bool) -> bool:
    """Whether a result says which signature it is about: of whose domain, and which one of several."""
    if "header.d" not in properties and "header.i" not in properties:
        return False
    if "header.b" not in properties:
        return oversigned and signature_fields == 1
    return len(properties["header.b"]) >= MIN_PREFIX and (signature_fields == 1 or "header.s" in properties)


def _fits(one: PreparedSignature, properties: Mapping[str, str]) -> bool:
    """Whether all that a result says of a signature is true of this one."""
    auid = one.auid or f"@{one.domain}"
    return (
        properties.get("header.d", one.domain).lower() == one.domain
        and properties.get("header.i", auid).lower() == auid.lower()
        and properties.get("header.s", one.selector).lower() == one.selector
        and base64.b64encode(one.signature).decode().startswith(properties.get("header.b", ""))
    )


def _dkim_results(results: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Outcome and properties of each result of the method dkim; one that says a thing twice is left out."""
    for result in results:
        words = [word.partition("=") for word in result.split()]
        properties = {name.lower(): value for name, _, value in words}
        if len(properties) == len(words) and words and words[0][0].lower().partition("/")[0] == "dkim":
            yield words[0][2].lower(), properties
