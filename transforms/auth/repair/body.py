"""Which honest damage to a body, undone, gives the octets that a signature claims? (VERDICT §2)

Needs no key: the hash decides. Cheap repairs come first, then two together, then text taken away;
all of it within counted budgets, and only for mail of which some signature does not match.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from transforms.auth.canonical import KnownBody, body_digests, canonical_body, hash_of, wire_blocks
from transforms.auth.coverage import ADDED_TEXT, in_order
from transforms.auth.prepare import prepare
from transforms.auth.repair import added, blanks, encoding, links, quoting, shipped
from transforms.auth.repair.added import Removal
from transforms.auth.repair.alike import reads_alike, same_files, same_leaves
from transforms.auth.repair.difference import difference
from transforms.auth.repair.leaf import forget_leaves, in_wire_form, leaves
from transforms.limits import LIMITS
from transforms.mail.reading import read_one_way
from transforms.model import Message, PreparedSignature, Reading

Undo = Callable[[Message], Iterator[Message]]

# Name and function of each repair, the likeliest first.
REPAIRS: tuple[tuple[str, Undo], ...] = (
    ("line_ends", blanks.line_ends),
    ("mbox_quoting", quoting.mbox_quoting),
    ("signature_mark", blanks.signature_mark),
    ("flowed_space", blanks.flowed_space),
    ("trailing_space", blanks.trailing_space),
    ("blank_lines", blanks.blank_lines),
    ("base64_lines", encoding.base64_lines),
    ("as_8bit", encoding.as_8bit),
    ("as_base64", encoding.as_base64),
    ("as_quoted_printable", encoding.as_quoted_printable),
    ("dot_stuffing", quoting.dot_stuffing),
    ("links", links.links),
)
# Relaxed canonicalization does what these do.
_SIMPLE = frozenset({"signature_mark", "flowed_space", "trailing_space"})
# A footer below any of these is looked for as well: they change lines and leave the text's end alone.
_WITH_FOOTER = frozenset({"line_ends", "mbox_quoting", "signature_mark", "trailing_space", "as_8bit"})
_PARTS = frozenset({"list_part", "list_wrapper"})  # what takes a whole part away
_PAIRED = 2  # forms of each repair to which a second one is applied
_PARAGRAPHS = 4  # notices tried together with every footer

_Form = tuple[str, str]  # canonicalization, hash


class _Trial(NamedTuple):
    """A message that may be the signed one."""

    names: tuple[str, ...]
    message: Message  # in wire form
    removed: tuple[str | None, ...] = ()  # texts taken away
    before: Message | None = None  # the message before they were; None: nothing was


class Restoration(NamedTuple):
    """What became of the signatures of a message whose body did not match."""

    signatures: tuple[PreparedSignature, ...]
    fields_of: Message | None = None  # its fields are those that the signatures were prepared from
    text_of: Message | None = None  # without a shipped footer or notice: its text is what was signed

    def beside(self, others: tuple[PreparedSignature, ...]) -> Restoration:
        """With signatures of other kinds behind them: damage to what those cover is not undone."""
        return self._replace(signatures=self.signatures + others)


def restore(
    message: Message,
    reading: Reading,
    signatures: tuple[PreparedSignature, ...],
    alive: Callable[[], None],
) -> Restoration:
    """Prepare again each signature whose body is found by undoing damage; the others stay as they are.

    signatures are those of message, in order. Those with l= are never repaired. alive is called
    before each trial: the work is bounded, but may take seconds.
    """
    wanted = {one.seq: one for one in signatures if _is_wanted(one)}
    if not wanted or message.body.size > LIMITS.in_memory:
        return Restoration(signatures)
    shown = in_wire_form(message)
    search = _Search(wanted, shown.body.size, alive)
    done = {one.seq: one for one in signatures}
    fields_of = text_of = None
    try:
        for trial, sequence in search.run(shown):
            signature, as_shipped = _prepared(shown, reading, trial, done[sequence])
            done[sequence] = signature
            fields_of = fields_of or trial.message
            if as_shipped and text_of is None:
                text_of = trial.message
    finally:
        forget_leaves()
    return Restoration(tuple(done.values()), fields_of, text_of)


def _is_wanted(signature: PreparedSignature) -> bool:
    return signature.invalid is None and signature.body_ok is False and signature.length is None


def _prepared(
    shown: Message, reading: Reading, trial: _Trial, before: PreparedSignature
) -> tuple[PreparedSignature, bool]:
    """A signature over the restored message, and whether nothing but a shipped text was taken away."""
    restored = trial.message
    again = read_one_way(restored)
    signature = next(
        one for one in prepare(restored, again, body_digests(restored.body.chunks())) if one.seq == before.seq
    )
    # Where a blank more or less makes text of a header section, readers differ on what is alike.
    plain = again.author == reading.author and not (reading.blanks_ambiguous or again.blanks_ambiguous)
    neutral = plain and reads_alike(shown, restored)
    as_shipped = (
        plain
        and not neutral
        and trial.before is not None
        and reads_alike(shown, trial.before)
        and all(_is_shipped(text, shown) for text in trial.removed)
        and same_files(shown, restored)
        and (not _PARTS.intersection(trial.names) or same_leaves(shown, restored, 1))
    )
    objections = {*before.objections, *signature.objections, *(() if neutral or as_shipped else (ADDED_TEXT,))}
    here, signed = difference(shown.body.read(), restored.body.read())
    names = (*filter(None, before.repairs.split("+")), *trial.names)
    return (
        signature._replace(
            repairs="+".join(dict.fromkeys(names)),
            objections=in_order(objections),
            restored_sha256=hashlib.sha256(restored.body.read()).digest(),
            shown=here,
            signed=signed,
        ),
        as_shipped,
    )


def _is_shipped(text: str | None, message: Message) -> bool:
    if text is None:
        return False
    return not text.strip() or shipped.is_notice(text) or shipped.is_footer(text, message.fields)


# ---- what may have been done -------------------------------------------------------------------


def _trials(message: Message, simple: bool, alive: Callable[[], None]) -> Iterator[tuple[_Trial, bool]]:
    """Messages that may be the signed one, with whether a footer may stand below each.

    simple says whether some body is asked for in simple form; alive is called before each repair.
    """
    yield _Trial((), message), True
    forms: list[tuple[int, _Trial]] = []
    repairs = [one for one in REPAIRS if simple or one[0] not in _SIMPLE]
    for at, (name, undo) in enumerate(repairs):
        alive()
        for count, one in enumerate(undo(message)):
            if one == message:
                continue
            trial = _Trial((name,), one)
            if count < _PAIRED:
                forms.append((at, trial))
            yield trial, count == 0 and name in _WITH_FOOTER
    for removal in added.list_part(message):
        yield _without(_Trial((), message), removal), False
    for removal in added.in_parts(message):
        yield _without(_Trial((), message), removal), False
    for at, trial in forms:
        encoded = encoding.AS_ENCODING.keys() & set(trial.names)
        for name, undo in repairs[at + 1 :]:
            if encoded and name in encoding.AS_ENCODING:  # nothing but the second of them would be left to see
                continue
            alive()
            for one in islice(undo(trial.message), _PAIRED):
                if one not in (trial.message, message):
                    yield _Trial((*trial.names, name), one), False
        for removal in added.list_part(trial.message):
            yield _without(trial, removal), False


def _without(trial: _Trial, removal: Removal) -> _Trial:
    blank = removal.text is not None and not removal.text.strip()
    name = "blank_lines" if blank and not removal.name.startswith("list_") else removal.name
    removed = (*trial.removed, removal.text)
    return _Trial((*trial.names, name), removal.message, removed, trial.before or trial.message)


# ---- which of it gives the hash ----------------------------------------------------------------


class _Search:
    """Hashes trials until every wanted signature is found or a budget is spent."""

    def __init__(self, wanted: dict[int, PreparedSignature], size: int, alive: Callable[[], None]) -> None:
        self._alive = alive
        self._missing: dict[_Form, dict[bytes, list[int]]] = {}
        for sequence, one in wanted.items():
            form = one.canonicalization.partition("/")[2], one.algorithm.rpartition("-")[2]
            self._missing.setdefault(form, {}).setdefault(one.body_hash, []).append(sequence)
        self._known: dict[_Form, KnownBody] = {}  # the message as found: most trials differ from it in little
        self.trials = LIMITS.repair_trials
        self.octets = min(LIMITS.repair_factor * max(size, LIMITS.repair_small), LIMITS.repair_octets)

    def run(self, message: Message) -> Iterator[tuple[_Trial, int]]:
        """Each trial that gives the body of a signature, with that signature's number."""
        simple = any(form == "simple" for form, _ in self._missing)
        body = message.body.read()
        self._known = {form: KnownBody(body, *form) for form in self._missing}
        for trial, footers in _trials(message, simple, self._alive):
            yield from self._try(trial, footers)
            if self._over():
                return
        yield from self._notices(message)

    def _over(self) -> bool:
        self._alive()
        return not self._missing or self.trials <= 0 or self.octets <= 0

    def _try(self, trial: _Trial, footers: bool) -> Iterator[tuple[_Trial, int]]:
        """Hash one trial, with footers at every line end of its last octets as well."""
        self.trials -= 1
        for form in list(self._missing):
            if footers:
                yield from self._scan(trial, form, _canonical(trial.message, form[0]), 0)
                continue
            size, value = self._known[form].hash_of(trial.message.body.read())
            self.octets -= size
            if self.octets >= 0:
                yield from self._found(form, value, trial)

    def _scan(self, trial: _Trial, form: _Form, canonical: bytes, start: int) -> Iterator[tuple[_Trial, int]]:
        """Compare the hashes of a canonical body from an octet on, whole and cut at line ends."""
        self.octets -= len(canonical) - start
        if self.octets < 0:
            return
        for line, value in _line_digests(canonical, start, form[1]):
            if value in self._missing.get(form, ()):
                whole = line is None
                yield from self._found(
                    form, value, trial if whole else _without(trial, added.without_end(trial.message, line or 0))
                )

    def _found(self, form: _Form, value: bytes, trial: _Trial) -> Iterator[tuple[_Trial, int]]:
        bodies = self._missing.get(form, {})
        for sequence in bodies.pop(value, ()):
            yield trial, sequence
        if not bodies:
            self._missing.pop(form, None)

    def _notices(self, message: Message) -> Iterator[tuple[_Trial, int]]:
        """A notice above the text: each of the first lines may be its last; then with footers as well."""
        trial = _Trial((), message)
        body = message.body.read()
        ends = added.ends_of_lines(body, LIMITS.repair_lines)
        parted = next((one.header for one in leaves(message) if one.header is not None), None)
        paragraphs = [at for at in ends if body.startswith(b"\r\n", at)]
        paragraphs += [at + 2 for at in paragraphs]
        # Without its first delimiter a multipart is none: below that, only a wrapper above and below can be taken off.
        chosen = [(at, False) for at in ends if parted is None or at < parted]
        chosen += [(at, True) for at in paragraphs[:_PARAGRAPHS]]
        canonical = {form: _canonical(message, form[0]) for form in self._missing}
        starts = {form: added.ends_of_lines(octets, len(ends) + 1) for form, octets in canonical.items()}
        for at, footers in chosen:
            if self._over():
                return
            self.trials -= 1
            line = body.count(b"\r\n", 0, at)
            for form in list(self._missing):
                if line > len(starts[form]):
                    continue
                start = starts[form][line - 1]
                if footers:
                    shorter = _without(trial, added.without_start(message, at))
                    yield from self._scan(shorter, form, canonical[form], start)
                    continue
                self.octets -= len(canonical[form]) - start
                if self.octets >= 0:
                    digest = hash_of(form[1])
                    digest.update(memoryview(canonical[form])[start:])
                    for found, sequence in self._found(form, digest.digest(), trial):
                        yield _without(found, added.without_start(message, at)), sequence


def _canonical(message: Message, form: str) -> bytes:
    return b"".join(canonical_body(wire_blocks(message.body.read()), form))


def _line_digests(canonical: bytes, start: int, algorithm: str) -> Iterator[tuple[int | None, bytes]]:
    """Hashes of a canonical body from an octet on: cut behind each line of its last octets, then whole.

    A cut is given as the number of lines left. One state is fed line by line and copied at each end.
    """
    tail = _tail(canonical, start)
    digest = hash_of(algorithm)
    digest.update(memoryview(canonical)[start:tail])
    line = canonical.count(b"\r\n", start, tail)
    last = canonical.count(b"\r\n", tail) + line
    at = tail
    while at < len(canonical):
        end = canonical.index(b"\r\n", at) + 2
        digest.update(memoryview(canonical)[at:end])
        line += 1
        if end - at > 2 and line < last:
            yield line, digest.copy().digest()
        at = end
    yield None, digest.digest()


def _tail(canonical: bytes, start: int) -> int:
    """Where the last line begins that a footer may stand below; above it are lines of an attachment, or too many."""
    at, least = len(canonical), max(len(canonical) - LIMITS.repair_tail, start)
    while at > least:
        end = at - 2
        before = canonical.rfind(b"\r\n", start, end)
        at = before + 2 if before >= 0 else start
        if end - at >= encoding.WIDTHS[-1] and encoding.is_base64(canonical[at:end]):
            break
    return at
