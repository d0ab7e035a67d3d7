"""Does the signing domain speak for the From domain? (VERDICT §1.4)

Domains are A-labels in lower case without a final dot; nothing is mapped here.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain

from publicsuffixlist import PSLFILE, PublicSuffixList

_MAX_DOMAIN = 253  # octets (RFC 1035 §2.3.4)


def align(sdid: str, from_domain: str) -> str:
    """exact | relaxed | none, of d= against the domain of the From address.

    exact: the same, or From lies below d= and d= is no public suffix. relaxed: another domain under
    the same registered one.
    """
    if not sdid or not from_domain:
        return "none"
    if sdid == from_domain:
        return "exact"
    registered = registered_domain(sdid)
    if registered is None or registered != registered_domain(from_domain):
        return "none"  # a public suffix has no registered domain
    return "exact" if from_domain.endswith(f".{sdid}") else "relaxed"


@lru_cache(maxsize=4096)
def registered_domain(domain: str) -> str | None:
    """The public suffix plus one label; None for a public suffix and for what is no domain name.

    Public are the ICANN and the private section of the bundled list, and shared suffixes whose
    tenants are strangers to each other (data/tenants.txt).
    """
    if len(domain) > _MAX_DOMAIN:
        return None
    registered: str | None = _public_suffixes().privatesuffix(domain)
    return registered


@cache
def _public_suffixes() -> PublicSuffixList:
    tenants = files("transforms.data").joinpath("tenants.txt").read_text("utf-8")
    with open(PSLFILE, encoding="utf-8") as bundled:
        return PublicSuffixList(chain(bundled, tenants.splitlines()))
