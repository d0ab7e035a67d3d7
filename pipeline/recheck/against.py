"""With the dump: dkimpy on the octets of every verified message, and Python's `email` on the parts it carries."""

from __future__ import annotations

import email
import email.policy
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.lookup import Record
from pipeline.proof.bundle import below_carrier, public_key
from pipeline.proof.octets import source_name
from pipeline.proof.part import place_of
from pipeline.proof.signed import Signed, as_signed
from pipeline.recheck import second_opinion
from pipeline.recheck.tally import Tally
from pipeline.recheck.verified import Verified, key_of
from pipeline.shown_signature import RECEIVER
from transforms import path_spec
from transforms.again import Place, Step, octets_at
from transforms.checks.repairs import WORDS
from transforms.containers import zip as zip_archive
from transforms.model import Kind, Message
from transforms.span import FileSpan, Span, StoreSpan

_PACKED = "their octets lie in a form that has to be taken apart whole; `triage proof` reads them one by one"
_OTHERWISE = "Python's email package finds other parts in the message that carries them"


def recheck(dump: Path, verified: Verified) -> Tally:
    """Every verified message and what inherits from it, from the octets; the dump is as it was read."""
    tally = Tally()
    members = _Members()
    for item, rests_on in verified.own:
        carried = verified.inherited.get(item["item_id"], [])
        keys = [key_of(verified, row) for row in rests_on]
        found = [key for key in keys if key is not None]
        if not found or len(found) < len(rests_on):
            continue  # without the dump, this has been called wrong already
        octets = octets_at(bytes(dump), _place(verified.chain(item)), members)
        if octets is None:
            tally.left_out[_PACKED] += 1 + len(carried)
            continue
        if second_opinion.takes_too_long(octets):
            tally.left_out[second_opinion.TOO_LONG] += 1 + len(carried)
            continue
        signed = _message(tally, item, rests_on, found, octets, verified)
        if signed is not None and carried:
            digests = _digests(_as_octets(signed.message))
            for one in carried:
                _part(tally, one, item, carried, signed, digests, verified)
    return tally


def _message(
    tally: Tally, item: Record, rests_on: list[Record], keys: list[Record], octets: bytes, verified: Verified
) -> Signed | None:
    """Count one message; answers what was signed of it, if its signature is confirmed."""
    in_mailbox = any(one["kind"] == Kind.MAILBOX for one in verified.chain(item)[:-1])
    signature = rests_on[0]
    signed = as_signed(octets, in_mailbox, signature["seq"], [public_key(keys[0])], item["date_utc"])
    if signed is None:
        tally.wrong.append(f"{item['path']}: its octets no longer give the signature that is in the tables")
        return None
    if item["basis"] == RECEIVER:
        names = zip(rests_on, keys, strict=True)
        records = {f"{row['selector']}._domainkey.{row['domain']}": key["record"] for row, key in names}
        opinion = second_opinion.of_set(octets, signature["instance"], records)
    else:
        opinion = second_opinion.of_message(octets, signature["seq"], keys[0]["record"])
        if not opinion.agrees:
            first = opinion.difference
            opinion = second_opinion.of_message(_as_octets(signed.message), signature["seq"], keys[0]["record"])
            opinion = opinion._replace(difference=_explanation(signed) or first)
    if not opinion.agrees:
        tally.wrong.append(f"{item['path']}: dkimpy does not confirm its signature: {opinion.difference}")
        return None
    if opinion.difference:
        tally.explained[_in_words(opinion.difference)] += 1
    else:
        tally.agree += 1
    return signed


def _explanation(signed: Signed) -> str:
    """Why the octets in the dump are not those that were signed."""
    done = [WORDS[name] for name in signed.prepared.repairs.split("+") if name]
    if signed.unquoted:
        done.append("lines that begin with From were quoted as in a mailbox")
    return "; ".join(done)


def _in_words(difference: str) -> str:
    if difference in WORDS.values() or ";" in difference or difference.startswith("lines that"):
        return f"this had to be undone: {difference}"
    return f"dkimpy says: {difference.partition(' (')[0]}; its hash and signature match"


def _as_octets(message: Message) -> bytes:
    return b"".join(field.raw for field in message.fields) + b"\r\n" + message.body.read()


def _part(
    tally: Tally,
    item: Record,
    carrier: Record,
    carried: list[Record],
    signed: Signed,
    digests: set[str],
    verified: Verified,
) -> None:
    """Count one item that inherits: the part that it is, or lies in, is among those of the message as signed."""
    twins = (one for one in (item, *carried) if one["sha256"] == item["sha256"])
    below = next(filter(None, (below_carrier(verified.chain(one), carrier) for one in twins)), ())
    digest = below[0]["sha256"] if below else item["sha256"]
    if digest in digests:
        tally.agree += 1
    elif place_of(signed, digest) is not None:
        tally.explained[_OTHERWISE] += 1
    else:
        tally.wrong.append(f"{item['path']}: is not found in the message that carries it, as that was signed")


def _digests(octets: bytes) -> set[str]:
    """SHA-256 of all parts as Python's email package decodes them; none where it fails."""
    try:
        parts = email.message_from_bytes(octets, policy=email.policy.compat32).walk()
        return {hashlib.sha256(payload).hexdigest() for part in parts
                if isinstance(payload := part.get_payload(decode=True), bytes)}  # fmt: skip
    except Exception:  # hostile octets make it raise whatever it likes
        return set()


# ---- reading again ----------------------------------------------------------------------------------


def _place(chain: Iterable[Record]) -> Place:
    items = list(chain)
    steps = [
        Step(one["path"].rpartition("!")[2] if one["depth"] else "", one["byte_start"], one["byte_len"], one["sha256"])
        for one in items
    ]
    return Place(source_name(items[0]["source_path"]), tuple(steps))


class _Members:
    """Members of zips by their steps; the directory of the last archive is kept, as items come in its order."""

    def __init__(self) -> None:
        self._of: tuple[int | str, ...] = ()
        self._directory = zip_archive.ZipDirectory(())
        self._places: dict[str, int] = {}

    def __call__(self, archive: Span, step: str) -> Iterator[Iterable[bytes]]:
        of = _identity(archive)
        if of != self._of or not of:
            self._directory = zip_archive.read_directory(archive)
            namer = path_spec.StepNamer()
            names = (namer.step(zip_archive.member_name(member)) for member in self._directory.members)
            self._places = {name: at for at, name in enumerate(names)}
            self._of = of
        at = self._places.get(step)
        if at is not None:
            entry = next(zip_archive.entries(archive, self._directory, at, at + 1))
            if entry.content is not None:
                yield entry.content()


def _identity(archive: Span) -> tuple[int | str, ...]:
    """What tells a file of the dump from others; () for octets in memory."""
    if isinstance(archive, StoreSpan):
        return archive.ranges.url, archive.ranges.size, archive.start, archive.stop
    if not isinstance(archive, FileSpan):
        return ()
    file = os.fstat(archive.fd)
    return file.st_dev, file.st_ino, archive.start, archive.stop
