"""Did somebody sign who does not speak for the author, where the author's own house would have? (VERDICT §1.4)

A stranger's signature proves what the stranger sent. Beside one of the author's own domain that holds for another
body it shows who last wrote the body; under a name that a registry runs it is nobody's at all.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from transforms.auth.alignment import is_registry
from transforms.case import ItemView
from transforms.model import Direction, Finding, Kind, PreparedSignature, Rule, Strength

REWRITTEN = Rule(
    "dkim.body_signed_by_another",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The author's own domain signed these header fields over another body, and a stranger signed the body that lies "
    "here",
    "A forwarder, a gateway or a list that signs what it changed, and leaves no other mark of having passed it on.",
    "0 of 280 honest or damaged mails of the labelled corpus with a valid signature of a stranger beside one of the "
    "author's; not measured on mail of offices, so it only flags",
)
OF_A_REGISTRY = Rule(
    "dkim.signed_by_a_registry",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The name that signed is an ending under which anybody can register a domain, and speaks for none of them",
    "A ministry or school whose mail a central office signs under the common ending.",
    "0 of 418 honest or damaged mails of the labelled corpus with a valid signature of a stranger; so it only flags",
)

RULES = (REWRITTEN, OF_A_REGISTRY)


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is not Kind.EMAIL or len(item.signatures) == 0:
        return
    strangers = [
        signature
        for signature, result in zip(item.signatures, item.results, strict=True)
        if signature.type == "dkim" and signature.aligned == "none" and result.result == "pass"
    ]
    if not strangers:
        return
    if not item.intermediaries and not item.delivered_elsewhere:
        yield from _rewritten(item, strangers[0])
    domain = item.from_domain or ""
    for one in strangers:
        if domain.endswith(f".{one.domain}") and is_registry(one.domain):
            yield OF_A_REGISTRY(f"d={one.domain} s={one.selector}", domain, one.domain)
            return


def _rewritten(item: ItemView, stranger: PreparedSignature) -> Iterator[Finding]:
    for signature, result in item.own:
        if result.header_ok and result.reason == "body_changed_after_signing" and signature.found_hash is not None:
            detail = f"d={signature.domain} s={signature.selector}; d={stranger.domain} signed what lies here"
            expected, actual = (
                f"bh={base64.b64encode(one).decode()}" for one in (signature.body_hash, signature.found_hash)
            )
            yield REWRITTEN(detail, expected, actual)
            return
