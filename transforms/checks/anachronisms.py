"""Is something in the mail younger than all that dates it? (VERDICT §1.5)

All of Date, signing time and relays must be older than a thing that did not exist then: a wrong clock of
one program is not enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from transforms.auth.dated_selector import made_on
from transforms.case import ItemView
from transforms.clocks.gmail import YOUNG
from transforms.model import Direction, Finding, Kind, Rule, Strength

SELECTOR = Rule(
    "dkim.selector_later_than_mail",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "crypto",
    "The provider made the key of this signature, as its name says, days after all that dates this mail",
    "An exporter that wrote an earlier date into the mail and dropped its trace.",
    "0 of about 1,400 honest signatures under such names, of 2012 to 2024",
)
BOUNDARY = Rule(
    "client.boundary_later_than_mail",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "client fingerprint",
    "A MIME boundary has the form that Gmail took up after all that dates this mail",
    "None is known.",
    "0 of 194 honest boundaries of Gmail, of 2016 to 2018",
)

RULES = (SELECTOR, BOUNDARY)

_ZEROS = datetime(2018, 4, 5, tzinfo=UTC)  # the first of them; those with a host's number were last seen on 04-26
_EARLY = timedelta(days=30)


def made(item: ItemView) -> Iterator[str]:
    """Codes of the strong contradictions that are looked for in an item: something in it is dated by its form."""
    if item.kind is not Kind.EMAIL:
        return
    if any(made_on(signature.domain, signature.selector) for signature in item.signatures):
        yield SELECTOR.code
    if any(clock.source == "boundary" and clock.generator.startswith("gmail") for clock in item.clocks):
        yield BOUNDARY.code


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is not Kind.EMAIL:
        return
    for signature in item.signatures:
        made = made_on(signature.domain, signature.selector)
        if made is not None and "selector_later_than_mail" in signature.objections:
            name = f"d={signature.domain} s={signature.selector}"
            yield SELECTOR(name, expected=f"{made:%Y-%m-%d} or later", actual=item.date_raw or "no Date")
    if any(clock.generator == YOUNG for clock in item.clocks):
        latest = item.dated_until
        if latest is not None and _ZEROS - latest > _EARLY:
            yield BOUNDARY(expected=f"{_ZEROS:%Y-%m-%d} or later", actual=f"{latest:%Y-%m-%d %H:%M:%S}")
