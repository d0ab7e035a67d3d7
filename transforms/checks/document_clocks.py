"""Can the document have been as it is when the mail that carries it was sent, and when it says that it was saved?

Whoever edits a document that was mailed long ago leaves the day of his edit in it, or the version of his program.
Both are easy to set back, so their silence proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from transforms.case import ItemView
from transforms.model import Direction, DocumentFacts, Finding, Kind, Rule, Strength
from transforms.releases import available_from

CHANGED_AFTER = Rule(
    "document.changed_after_mail",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "document",
    "The document says that it was made or changed more than a day after the mail that carries it",
    "The writer's computer had a wrong clock; a mail program that lets its user edit an attachment and save it back.",
    "derived: 1 of 4,020 honest mails of 2002 was dated as long after its last relay, by a computer's clock, which "
    "dates its documents as well (upper bound 0.12 %); measured: 0 of 33 dated documents in office mail of 2000 to "
    "2002 (upper bound 9 %)",
)
ZIPPED_AFTER = Rule(
    "document.zipped_after_mail",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "document",
    "The zip that the document is was made more than a day after the mail that carries it",
    "Archives, exporters and virus gateways that clean documents write them anew, whatever the mail's age.",
    "not measured; weak whatever the count",
)
CLOCK_AHEAD = Rule(
    "document.clock_ahead_of_mail",
    Direction.NEUTRAL,
    Strength.WEAK,
    "document",
    "By its own clock it was made or changed more than a day after the mail that carries it, where that says little",
    "In a verified mail the clock of the writer's computer was wrong. Clocks of cameras often are, calendars are "
    "made anew when they are looked at, and Outlook lets its user edit an attachment.",
    "derived: what a signature covers cannot have been changed after it",
)
NOT_YET_RELEASED = Rule(
    "document.software_not_yet_released",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "document",
    "It says that it was saved more than a month before anybody could have had the program that it names",
    "A computer whose clock stood years back, as one with an empty battery; a converter that keeps the old date.",
    "0 of 165 dated documents of listed programs in the test files of Apache Tika (upper bound 1.8 %); one of them was "
    "saved with a preview half a year before the sale, so the days are those of previews",
)
DESCRIBED = Rule(
    "document.describes_itself",
    Direction.NEUTRAL,
    Strength.WEAK,
    "document",
    "What it says of itself",
    "Anybody can write anything here.",
    "a list, no contradiction",
)

RULES = (CHANGED_AFTER, ZIPPED_AFTER, CLOCK_AHEAD, NOT_YET_RELEASED, DESCRIBED)

_SLACK = timedelta(hours=26)  # a wall clock of any zone, half a day of delay
_MARGIN = timedelta(days=30)
_FIRST = datetime(1995, 1, 1, tzinfo=UTC)  # a save before it is no date: programs write 1970, 1980 or 1990 for none


def check(item: ItemView) -> Iterator[Finding]:
    facts = item.document
    if facts is None:
        return
    sent = item.carrier.sent if item.carrier is not None else None
    if sent is not None:
        for rule, what, clock in _later(item, facts, sent):
            yield rule(what, expected=f"until {_shown(sent)}, the time of the mail", actual=_shown(clock))
    released = _released(facts)
    saved = _saved(facts)
    if released is not None and saved is not None and released - saved > _MARGIN:
        yield NOT_YET_RELEASED(expected=f"after {released:%Y-%m-%d}", actual=f"{facts.software}, saved {_shown(saved)}")
    described = " · ".join(_described(facts))
    if described:
        yield DESCRIBED(described)


def made(item: ItemView) -> Iterator[str]:
    """Codes of the strong contradictions that are looked for in an item: the times for them are there."""
    facts = item.document
    if facts is None:
        return
    if (
        _counts(item)
        and item.carrier is not None
        and item.carrier.sent is not None
        and any(True for _ in _clocks(facts))
    ):
        yield CHANGED_AFTER.code
    if _released(facts) is not None and _saved(facts) is not None:
        yield NOT_YET_RELEASED.code


def _later(item: ItemView, facts: DocumentFacts, sent: datetime) -> Iterator[tuple[Rule, str, datetime]]:
    """The latest clock of the document and that of its zip, where they are behind the mail."""
    what, clock = max(_clocks(facts), key=lambda one: one[1], default=("", sent))
    if clock - sent > _SLACK:
        yield CHANGED_AFTER if _counts(item) else CLOCK_AHEAD, what, clock
    zipped = _on_a_wall(facts.zip_last)
    if zipped is not None and zipped - sent > _SLACK:
        yield ZIPPED_AFTER if _counts(item) else CLOCK_AHEAD, "a member of its zip", zipped


def _counts(item: ItemView) -> bool:
    """Whether a later clock contradicts anything: an office document, in a mail that is kept as it was sent."""
    return item.kind is Kind.DOCUMENT and item.carrier is not None and not item.carrier.proven and item.carrier.as_sent


def _clocks(facts: DocumentFacts) -> Iterator[tuple[str, datetime]]:
    """The clocks that a document's program wrote; those on a wall somewhere as if it hung in Greenwich."""
    for what, utc, local in (
        ("created", facts.created_utc, facts.created_local),
        ("modified", facts.modified_utc, facts.modified_local),
    ):
        clock = utc or _on_a_wall(local)
        if clock is not None:
            yield what, clock


def _on_a_wall(local: str | None) -> datetime | None:
    return datetime.fromisoformat(local).replace(tzinfo=UTC) if local else None


def _saved(facts: DocumentFacts) -> datetime | None:
    saved = facts.modified_utc or _on_a_wall(facts.modified_local)
    return saved if saved is not None and saved >= _FIRST else None


def _released(facts: DocumentFacts) -> datetime | None:
    return available_from(facts.application or "", facts.application_version or "")


def _described(facts: DocumentFacts) -> Iterator[str]:
    for name, value in (
        ("by", facts.author),
        ("last changed by", facts.last_modified_by),
        ("made with", facts.software),
        ("created", _moment(facts.created_utc, facts.created_local)),
        ("changed", _moment(facts.modified_utc, facts.modified_local)),
        ("template", facts.template),
        ("company", facts.company),
        ("language", ", ".join(facts.languages)),
        ("code page", facts.code_page),
        ("saved", f"{facts.revision} times" if facts.revision is not None else None),
        ("edited", f"{facts.edit_minutes} minutes" if facts.edit_minutes is not None else None),
        ("editing sessions", len(facts.rsids)),
        ("properties", "; ".join(facts.custom)),
        ("revisions of the PDF", facts.pdf_revisions if (facts.pdf_revisions or 0) > 1 else None),
        ("earlier", "; ".join(facts.earlier_producers)),
        ("signatures inside", facts.signatures),
    ):
        if value:
            yield f"{name} {value}"
    if facts.encrypted:
        yield "encrypted"


def _moment(utc: datetime | None, local: str | None) -> str | None:
    if utc is not None:
        return _shown(utc)
    return f"{local.replace('T', ' ')} (no zone)" if local else None


def _shown(utc: datetime) -> str:
    return utc.strftime("%Y-%m-%d %H:%M:%S")
