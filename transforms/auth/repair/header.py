"""Which honest damage to the header section, undone, gives what a signature confirms? (VERDICT §2)

Tried in Judge, from the raw fields kept in evidence, only where a usable key denies a header whose
body matches. What an RSA signature holds is opened once; each trial then costs one hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import combinations, islice, product
from typing import NamedTuple

from transforms.auth.alignment import align
from transforms.auth.canonical import canonical_field, hash_of
from transforms.auth.coverage import ADDED_TEXT, in_order
from transforms.auth.repair import forms
from transforms.auth.repair.encoding import AS_ENCODING
from transforms.auth.repair.shipped import subject_tags
from transforms.auth.signature import Signature, data_hash, parse_signature, without_b
from transforms.auth.verify import confirmer, prove
from transforms.limits import LIMITS
from transforms.mail.address import only_author, plain_mailboxes
from transforms.mail.comments import unfolded
from transforms.mail.date import parse_date
from transforms.mail.parameters import raw_parameters
from transforms.mail.transfer import IDENTITY
from transforms.mail.words import decode_words, words_are_strict
from transforms.model import HeaderField, Mailbox, Message, PreparedSignature, PublicKey, SignatureResult
from transforms.span import in_memory
from transforms.text import clean_text

_SHOWN = 400  # characters of a value
_ALONE = 16  # forms of each field tried before several fields together
_PAIRS = 24  # pairs of forms, and as many triples


class _Form(NamedTuple):
    """Another way in which a field may have been signed."""

    name: str  # of the repair
    place: int  # of the field in the section
    raw: bytes
    canonical: bytes  # what a signature hashes of it


def prove_repaired(
    prepared: PreparedSignature,
    keys: Sequence[PublicKey],
    written: datetime | None,
    fields: Callable[[], Sequence[HeaderField]],
) -> SignatureResult:
    """prove(), and where a key denies the header, once more with damage to it undone.

    fields gives the kept fields of the message, top to bottom; it is asked only then. A result with
    repairs belongs to repaired(prepared, result).
    """
    result = prove(prepared, keys, written)
    if result.header_ok is not False or not prepared.body_ok or prepared.length is not None or prepared.type != "dkim":
        return result
    confirms = confirmer(keys, prepared)
    if confirms is None:
        return result
    found = _search(prepared, tuple(fields()), confirms)
    if found is None:
        return result
    again = prove(found.prepared, keys, written)
    if again.header_ok is not True:
        return result
    return again._replace(
        repairs=found.prepared.repairs,
        objections=found.prepared.objections,
        shown=found.prepared.shown,
        signed=found.prepared.signed,
        subject=found.subject,
        message_id=found.message_id,
    )


def fields_as_signed(
    prepared: PreparedSignature, keys: Sequence[PublicKey], fields: Sequence[HeaderField]
) -> tuple[HeaderField, ...] | None:
    """The fields of a message with the damage undone that a key then confirms; None if none is found.

    prepared is the signature as prove_repaired takes it, fields are those of its message, top to bottom.
    """
    confirms = confirmer(keys, prepared)
    found = _search(prepared, tuple(fields), confirms) if confirms is not None else None
    return found.fields if found is not None else None


def repaired(prepared: PreparedSignature, result: SignatureResult) -> PreparedSignature:
    """The prepared signature that a result is about: with what was undone in the header."""
    if not result.repairs:
        return prepared
    return prepared._replace(
        repairs=result.repairs, objections=result.objections, shown=result.shown, signed=result.signed
    )


Keys = Mapping[tuple[str, str], Sequence[PublicKey]]  # by (domain, selector)
Signed = Sequence[tuple[int, PreparedSignature]]  # (row of the message, signature)


def prove_all(
    signed: Signed, keys: Keys, dates: Sequence[datetime | None], fields: Callable[[int], Sequence[HeaderField]]
) -> tuple[list[tuple[int, PreparedSignature]], list[SignatureResult]]:
    """The signatures of a unit and what the keys make of each; dates are those of the rows.

    fields gives the kept fields of a row, and is asked for few.
    """
    results = [
        prove_repaired(one, keys.get((one.domain, one.selector), ()), dates[row], partial(fields, row))
        for row, one in signed
    ]
    return [(row, repaired(one, result)) for (row, one), result in zip(signed, results, strict=True)], results


# ---- the search -------------------------------------------------------------------------------


class _Found(NamedTuple):
    prepared: PreparedSignature
    subject: str | None
    message_id: str | None
    fields: tuple[HeaderField, ...]  # as they were signed


def _search(
    prepared: PreparedSignature, fields: tuple[HeaderField, ...], confirms: Callable[[bytes], bool]
) -> _Found | None:
    field = next((one for one in fields if one.key == "dkim-signature" and _is_of(one, prepared)), None)
    if field is None:
        return None
    signature = parse_signature(field)
    if data_hash(fields, field, signature) != prepared.data_hash:
        return None  # some signed field was too long to be kept
    section = _Section(fields, field, signature)
    for count, choice in enumerate(_choices(section, prepared)):
        if count >= LIMITS.repair_trials:
            return None
        if confirms(section.digest({form.place: form.canonical for form in choice})):
            return _as_found(prepared, section, choice)
    return None


def _is_of(field: HeaderField, prepared: PreparedSignature) -> bool:
    signature = parse_signature(field)
    return signature.invalid is None and (signature.signature, signature.domain, signature.selector) == (
        prepared.signature,
        prepared.domain,
        prepared.selector,
    )


class _Section:
    """The fields that a signature hashes, in its order, and what other forms of them hash to."""

    def __init__(self, fields: tuple[HeaderField, ...], own: HeaderField, signature: Signature) -> None:
        self.fields = fields
        self._form = signature.header_canonicalization
        self._algorithm = signature.algorithm
        instances: dict[str, list[int]] = {name: [] for name in signature.signed_fields}
        for place, field in enumerate(fields):
            if field.key in instances and field is not own:
                instances[field.key].append(place)
        self.places = [instances[name].pop() for name in signature.signed_fields if instances[name]]
        self._plain = {place: canonical_field(fields[place].raw, self._form) for place in self.places}
        self._end = canonical_field(without_b(own.raw), self._form).removesuffix(b"\r\n")
        self.is_simple = self._form == "simple"

    def digest(self, other: dict[int, bytes]) -> bytes:
        """The hash with some fields in another form; other holds what is hashed of them."""
        plain = self._plain | other
        digest = hash_of(self._algorithm)
        digest.update(b"".join([plain[place] for place in self.places]) + self._end)
        return digest.digest()


def _choices(section: _Section, prepared: PreparedSignature) -> Iterator[tuple[_Form, ...]]:
    """Forms of fields to try together: one field at a time, then the likeliest of several."""
    places = list(dict.fromkeys(section.places))
    dated = [place for place in places if section.fields[place].key == "date"]  # of many forms, made when asked for
    made = (list(_forms(section, place, prepared)) for place in places if place not in dated)
    others = [forms_of for forms_of in made if forms_of]
    if section.is_simple:
        yield from _refolded(section)
    for some in others:
        yield from ((form,) for form in some[:_ALONE])
    likely = [_one_of_each(some) for some in others]
    yield from islice((pair for two in combinations(likely, 2) for pair in product(*two)), _PAIRS)
    yield from islice((few for three in combinations(likely, 3) for few in product(*three)), _PAIRS)
    for place in dated:
        yield from ((form,) for form in _forms(section, place, prepared))
    for some in others:
        yield from ((form,) for form in some[_ALONE:])


def _one_of_each(found: Sequence[_Form]) -> list[_Form]:
    """The first form of each repair of a field."""
    return list({form.name: form for form in reversed(found)}.values())[::-1]


def _refolded(section: _Section) -> Iterator[tuple[_Form, ...]]:
    """All fields folded in the same way: exporters do it to whole header sections."""
    made = [list(forms.folding(section.fields[place])) for place in section.places]
    for way in range(max(map(len, made), default=0)):
        pairs = zip(section.places, made, strict=True)
        yield tuple(_Form("folding", place, ways[way], ways[way]) for place, ways in pairs if way < len(ways))


def _forms(section: _Section, place: int, prepared: PreparedSignature) -> Iterator[_Form]:
    """Other forms of one field, without repeats."""
    field = section.fields[place]
    seen = {canonical_field(field.raw, "relaxed") if not section.is_simple else field.raw}
    for name, made in _made(field, section, prepared):
        for raw in made:
            plain = raw if section.is_simple else canonical_field(raw, "relaxed")
            if plain not in seen:
                seen.add(plain)
                yield _Form(name, place, raw, plain)


def _made(field: HeaderField, section: _Section, prepared: PreparedSignature) -> Iterator[tuple[str, Iterable[bytes]]]:
    if field.key == "subject":
        yield "subject_tag", forms.subject_tags_of(field)
        yield "encoded_words", forms.encoded_words(field)
    elif field.key == "from":
        yield "address_form", forms.addresses(field)
        yield "list_from", forms.list_from(field, section.fields)
    elif field.key in _ADDRESSES:
        yield "address_form", forms.addresses(field)
    elif field.key == "content-type":
        yield "parameter_form", forms.parameters(field)
    elif field.key == "content-transfer-encoding" and AS_ENCODING.keys() & set(prepared.repairs.split("+")):
        yield "transfer_encoding", forms.identity_encodings(field)
    elif field.key == "message-id":
        yield "message_id", forms.message_ids(field, section.fields)
    elif field.key == "date":
        yield "date_zone", forms.date_zones(field)


_ADDRESSES = ("to", "cc", "reply-to", "sender")


# ---- what it is worth ---------------------------------------------------------------------------


def _as_found(prepared: PreparedSignature, section: _Section, choice: Sequence[_Form]) -> _Found:
    """The signature over the restored header, with an objection unless a reader sees the same."""
    changed = [(section.fields[form.place], HeaderField(section.fields[form.place].name, form.raw)) for form in choice]
    subject = next((_subject(new) for old, new in changed if old.key == "subject" and _is_tagged(old, new)), None)
    moved = next((_subject(new).strip("<>") for old, new in changed if old.key == "message-id"), None)
    objections = set(prepared.objections)
    if not all(_says_the_same(old, new) or _is_tagged(old, new) for old, new in changed):
        objections.add(ADDED_TEXT)
    for old, new in changed:
        if old.key == "from" and not _says_the_same(old, new):  # whose signature it is, the signed From says
            author = _author(new)
            aligned = align(prepared.domain, author.domain) if author is not None else "none"
            objections -= {"not_aligned", "aligned_relaxed", "from_ambiguous"}
            objections |= {"exact": set(), "relaxed": {"aligned_relaxed"}}.get(aligned, {"not_aligned"})
    names = (*filter(None, prepared.repairs.split("+")), *(form.name for form in choice))
    old_values = " | ".join(_value(old) for old, new in changed if _value(old) != _value(new))
    new_values = " | ".join(_value(new) for old, new in changed if _value(old) != _value(new))
    again = prepared._replace(
        data_hash=section.digest({form.place: form.canonical for form in choice}),
        repairs="+".join(dict.fromkeys(names)),
        objections=in_order(objections),
        shown=" | ".join(filter(None, (prepared.shown, old_values))),
        signed=" | ".join(filter(None, (prepared.signed, new_values))),
    )
    restored = {form.place: new for form, (_, new) in zip(choice, changed, strict=True)}
    fields = tuple(restored.get(place, field) for place, field in enumerate(section.fields))
    return _Found(again, subject, moved, fields)


def _value(field: HeaderField) -> str:
    return clean_text(f"{field.name}: ".encode("latin-1") + unfolded(field.value), _SHOWN)


def _subject(field: HeaderField) -> str:
    return " ".join(decode_words(field.value, LIMITS.display).split())


def _is_tagged(old: HeaderField, new: HeaderField) -> bool:
    """Whether nothing but a shipped tag stood before the signed subject."""
    if old.key != "subject":
        return False
    shown, signed = _subject(old), _subject(new)
    return (
        _is_whole(shown)
        and words_are_strict(old.value)
        and any(shown.startswith(tag) and shown.removeprefix(tag).strip() == signed for tag in subject_tags())
    )


def _author(field: HeaderField) -> Mailbox | None:
    return only_author(Message((field,), in_memory(b""), "crlf"))


def _says_the_same(old: HeaderField, new: HeaderField) -> bool:
    """Whether two forms of a field mean the same: names and address, subject, instant, parameters."""
    key = old.key
    if key == "from" and _author(old) != _author(new):
        return False
    if key == "from" or key in _ADDRESSES:
        if unfolded(old.value).split() == unfolded(new.value).split():
            return True
        found = plain_mailboxes(old.value)
        return found is not None and found == plain_mailboxes(new.value) and words_are_strict(old.value)
    if key == "date":
        moment = parse_date(old.value).utc
        plain = forms.is_plain_date(old) or _subject(old) == _subject(new)
        return plain and moment is not None and moment == parse_date(new.value).utc
    if key == "content-type":
        (one, first), (other, second) = raw_parameters(old.value), raw_parameters(new.value)
        return one == other and sorted(first) == sorted(second)
    if key == "content-transfer-encoding":
        return {unfolded(field.value).decode("latin-1").lower() for field in (old, new)} <= IDENTITY
    if key == "message-id":
        return True  # not what a message says; the signed one is shown
    if unfolded(old.value).split() == unfolded(new.value).split():
        return True
    return _subject(old) == _subject(new) and _is_whole(_subject(old)) and words_are_strict(old.value)


def _is_whole(shown: str) -> bool:
    """Whether a text is shown as it is: neither cut nor with escapes, which other texts could equal."""
    return len(shown) < LIMITS.display and "\\" not in shown
