"""The clocks that mail software writes into identifiers, boundaries and queue names.

Encoders after the sources that transforms/clocks/ names, written apart from its decoders. Times are unix
seconds, whole or with a fraction.
"""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime, timedelta, timezone

_EPOCH_1601 = 11_644_473_600  # seconds from 1601 to 1970
_YEAR_1 = 62_135_596_800  # seconds from year 1 to 1970
_BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_BASE60 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_GMAIL = "ABCDEFGHJKLMNOPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789-_+="  # I and l are written + and =


def date(when: float, zone: int) -> str:
    """RFC 5322 date-time; zone in minutes east of UTC."""
    return datetime.fromtimestamp(when, timezone(timedelta(minutes=zone))).strftime("%a, %d %b %Y %H:%M:%S %z")


def w3c(when: float) -> str:
    """The form of dates in Office documents."""
    return f"{datetime.fromtimestamp(when, UTC):%Y-%m-%dT%H:%M:%SZ}"


def filetime(when: float) -> int:
    return int((when + _EPOCH_1601) * 10_000_000)


def uuid4(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def letters(rng: random.Random, alphabet: str, count: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(count))


def outlook_id(when: float, rng: random.Random, domain: str) -> str:
    ticks = f"{filetime(when):016x}"
    return f"{rng.getrandbits(12):04x}{ticks[:8]}${ticks[8:]}${rng.getrandbits(32):08x}$@{domain}"


def outlook_boundary(when: float, zone: int, rng: random.Random, level: int) -> str:
    """The clock is the sender's wall clock."""
    ticks = f"{filetime(when + zone * 60):016X}"
    return f"----=_NextPart_{level:03d}_{rng.getrandbits(12):04X}_{ticks[:8]}.{ticks[8:]}"


def thread_index(when: float, rng: random.Random, parent: bytes = b"", begun: float = 0) -> bytes:
    """Classic form; a reply adds a block with the time since the thread began (MS-OXOMSG 2.2.1.3)."""
    if not parent:
        return filetime(when).to_bytes(8, "big")[:6] + rng.randbytes(16)
    since = max(0, filetime(when) - filetime(begun)) >> 18
    return parent + (since & 0x7FFFFFFF).to_bytes(4, "big") + rng.randbytes(1)


def gmail_id(prefix: str, rng: random.Random) -> str:
    return f"CA{prefix}{letters(rng, _GMAIL, 41)}{rng.choice('AQgw')}@mail.gmail.com"


def gmail_prefix(rng: random.Random) -> str:
    """What is constant for one account."""
    return letters(rng, _GMAIL, 7)


def gmail_boundary(when: float, rng: random.Random, host: str = "001a114b2c3e") -> str:
    micros = f"{int(when * 1_000_000):014x}"
    return f"{host}{micros[8:]}{micros[:8]}{rng.getrandbits(8):02x}"


def exim_id(when: float, rng: random.Random) -> str:
    return f"{_number(int(when), _BASE62, 6)}-{letters(rng, _BASE62, 6)}-{letters(rng, _BASE62, 2)}"


def postfix_id(when: float, rng: random.Random) -> str:
    micros = rng.randrange(1_000_000)
    return f"{_number(int(when), _BASE52, 6)}{_number(micros, _BASE52, 4)}z{letters(rng, _BASE52[:-1], 4)}"


def sendmail_id(when: float, rng: random.Random) -> str:
    at = datetime.fromtimestamp(when, UTC)
    digits = (at.year - 1900) % 60, at.month - 1, at.day, at.hour, at.minute, at.second
    return "".join(_BASE60[digit] for digit in digits) + f"{_BASE60[rng.randrange(60)]}{rng.randrange(100_000):06d}"


def gmail_queue_id(when: float, rng: random.Random) -> str:
    word = letters(rng, "abcdefghijklmnopqrstuvwxyz", 3)
    millis = int(when * 1000) + rng.randrange(900)
    return f"{word[0]}{rng.randrange(10, 99)}mr{rng.randrange(10**7)}{word}.{rng.randrange(200)}.{millis}"


def exchange_guid(when: float, rng: random.Random) -> str:
    """Network-Message-Id of Exchange Online."""
    ticks = int((when + _YEAR_1) * 10_000_000) >> 16
    return f"{uuid4(rng)[:23]}-{ticks:012x}"


def encoded(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _number(value: int, alphabet: str, width: int) -> str:
    digits = ""
    while value:
        value, digit = divmod(value, len(alphabet))
        digits = alphabet[digit] + digits
    return digits.rjust(width, alphabet[0])
