"""Does the signing domain speak for the From domain? (VERDICT §1.4, §1 provider_signature)

Domains are A-labels in lower case without a final dot; nothing is mapped here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain

from publicsuffixlist import PSLFILE, PublicSuffixList, encode_idn

_MAX_DOMAIN = 253  # octets (RFC 1035 §2.3.4)

# Google Workspace signs mail of a domain without a key of its own as DOMAIN-TLD.DATE.gappssmtp.com; `_` in 2015.
# Only of two labels without a hyphen is it certain which domain that was.
_TENANT = re.compile(r"([a-z0-9]+)[-_]([a-z0-9]+)\.[0-9]{8}\.gappssmtp\.com")


def align(sdid: str, from_domain: str) -> str:
    """exact | provider | relaxed | none, of d= against the domain of the From address.

    exact: the same, or From lies below d= and d= is no public suffix. provider: the name that a provider
    makes of this From domain and of no other. relaxed: another domain under the same registered one.
    """
    if not sdid or not from_domain:
        return "none"
    if sdid == from_domain:
        return "exact"
    tenant = _TENANT.fullmatch(sdid)
    if tenant is not None and from_domain == f"{tenant[1]}.{tenant[2]}":
        return "provider"
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


def is_registry(domain: str) -> bool:
    """Whether anybody can register names below a domain: one of the list's ICANN section, such as gov.br.

    Not its private section: those who run such a suffix send mail of their own for its tenants.
    """
    return len(domain) <= _MAX_DOMAIN and _registries().is_public(domain) is True


@cache
def _registries() -> PublicSuffixList:
    return PublicSuffixList(accept_encoded_idn=False, only_icann=True)


@cache
def _public_suffixes() -> PublicSuffixList:
    tenants = files("transforms.data").joinpath("tenants.txt").read_text("utf-8")
    with open(PSLFILE, encoding="utf-8") as bundled:
        return PublicSuffixList(_in_both_forms(chain(bundled, tenants.splitlines())), accept_encoded_idn=False)


def _in_both_forms(lines: Iterable[str]) -> Iterator[str]:
    """Rules, and those that are not ASCII with A-labels too: the list itself encodes all 10,000 for that."""
    for line in lines:
        yield line
        if not line.isascii() and not line.startswith("//"):
            rule = line.split()[0].lower()
            yield rule[: rule.startswith("!")] + encode_idn(rule.lstrip("!"))
