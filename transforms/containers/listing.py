"""What is told of a member that an archive lists and that is not opened."""

from __future__ import annotations


def listed(size: int, crc: int | None, modified: str) -> str:
    """A note: size in octets, CRC-32 and time as the archive claims them, which names no zone; "" if it has none."""
    facts = [f"{size} octets"]
    if crc is not None:
        facts.append(f"CRC-32 {crc:08x}")
    if modified:
        facts.append(f"modified {modified}")
    return f"container.listed: {', '.join(facts)}"


def dos_time(stamp: int) -> str:
    """A date and time as MS-DOS packs them (APPNOTE.TXT §4.4.6); "" for none, a day that does not exist as it is."""
    date, time = stamp >> 16, stamp & 0xFFFF
    if not date:
        return ""
    day = f"{1980 + (date >> 9)}-{date >> 5 & 15:02}-{date & 31:02}"
    return f"{day} {time >> 11:02}:{time >> 5 & 63:02}:{2 * (time & 31):02}"
