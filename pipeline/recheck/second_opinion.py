"""What another program says of a signature: dkimpy, with a key given and no DNS to ask."""

from __future__ import annotations

import base64
import logging
import re
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

TOO_LONG = "they hold runs of blanks on which the other program takes hours"


class Opinion(NamedTuple):
    agrees: bool  # hash and signature match
    difference: str = ""  # what it holds against the message besides, or why it does not agree


def _no_look_up(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("nothing is looked up here")


def _dkimpy() -> Any:
    """dkimpy, imported without the module that it asks the DNS with."""
    if "dkim" not in sys.modules:
        closed = ModuleType("dkim.dnsplug")
        closed.get_txt = _no_look_up  # type: ignore[attr-defined]
        sys.modules["dkim.dnsplug"] = closed
    import dkim

    return dkim


_SILENT = logging.getLogger("second opinion")  # dkimpy writes what it thinks of a key there
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


_BLANKS = re.compile(rb"\s{64,}+")
_MOST_STEPS = 100_000_000  # that it would take over blanks: each run costs the square of its length


def takes_too_long(octets: bytes) -> bool:
    """Whether dkimpy would look at blanks for seconds or hours, as nobody writes them: more than 10,000 in a run."""
    return sum((run.end() - run.start()) ** 2 for run in _BLANKS.finditer(octets)) > _MOST_STEPS


def of_message(octets: bytes, number: int, record: str) -> Opinion:
    """Of the DKIM-Signature with this number, from 0 at the top, under the record of a key.

    It agrees with a difference where it has rules beside the arithmetic, such as an expiry in the past.
    """
    dkim = _dkimpy()
    try:
        message = dkim.DKIM(octets, logger=_SILENT)
        if message.verify(number, dnsfunc=_answer(record)):
            return Opinion(True)
        difference = "it finds that the signature does not match"
    except Exception as error:  # its own classes, and whatever hostile octets make of it
        difference = _told(error)
    return Opinion(_matches(octets, number, record, with_body=True), difference)


def of_fields(fields: bytes, number: int, record: str) -> tuple[bool, bytes]:
    """Whether a signature matches its header fields alone, and the body's hash that it claims."""
    claimed = _tags(fields, number).get(b"bh", b"")
    return _matches(fields, number, record, with_body=False), base64.b64decode(claimed)


def of_set(octets: bytes, instance: int, records: Mapping[str, str]) -> Opinion:
    """Of the message signature and the seal of one ARC set; records are by SELECTOR._domainkey.DOMAIN."""
    dkim = _dkimpy()

    def answer(name: bytes, timeout: int = 0) -> bytes | None:
        return records.get(name.decode("latin-1").rstrip(".").lower(), "").encode() or None

    try:
        message = dkim.ARC(octets, logger=_SILENT)
        found = message.verify_instance(message.sorted_arc_headers()[1], instance, dnsfunc=answer)
        return Opinion(
            bool(found["ams-valid"] and found["as-valid"]), "" if found["as-valid"] else "it denies the seal"
        )
    except Exception as error:
        return Opinion(False, _told(error))


def _matches(octets: bytes, number: int, record: str, with_body: bool) -> bool:
    """The arithmetic alone."""
    dkim = _dkimpy()
    try:
        message = dkim.DKIM(octets, logger=_SILENT)
        tags = _tags(octets, number)
        if not with_body:
            del tags[b"bh"]
        fields = [name.strip().lower() for name in tags[b"h"].split(b":")]
        return bool(message.verify_sig(tags, fields, _signature(message, number), _answer(record)))
    except Exception:
        return False


def _tags(octets: bytes, number: int) -> dict[bytes, bytes]:
    dkim = _dkimpy()
    try:
        tags: dict[bytes, bytes] = dkim.parse_tag_value(_signature(dkim.DKIM(octets, logger=_SILENT), number)[1])
        return tags
    except Exception:
        return {}


def _signature(message: Any, number: int) -> tuple[bytes, bytes]:
    found: tuple[bytes, bytes] = [one for one in message.headers if one[0].lower() == b"dkim-signature"][number]
    return found


def _answer(record: str) -> Any:
    return lambda name, timeout=0: record.encode()


def _told(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__
