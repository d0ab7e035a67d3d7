"""Do these letters and signs spell that word, for somebody who has no others? Transliteration, told from another word.

Gateways, archives and mail programs that write US-ASCII put GBP for £, o for •, x for ×, Soeren for Søren and Ivan
for Иван; others write emoji and signs out. The spellings are those of data/spellings.txt.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

_LONGEST = 2_000  # letters compared; a longer run is no word spelt otherwise


def spells(written: str, text: str) -> bool:
    """Whether text, plain letters and digits without case, spells what is written; signs and accents may be left out.

    Costs the product of both lengths, a machine word of letters a step.
    """
    letters = unicodedata.normalize("NFC", written.casefold())
    if max(len(letters), len(text)) > _LONGEST:
        return False
    places: dict[str, int] = {}  # letter -> bit n set where it is the one at n
    for place, letter in enumerate(text):
        places[letter] = places.get(letter, 0) | 1 << place
    letters_only = sum(bits for letter, bits in places.items() if not letter.isdigit())
    reached = [1] + [0] * (len(letters) + 1)  # bit n set at i: the first i characters may spell the first n letters
    for at, char in enumerate(letters):
        bits = reached[at]
        if not bits:
            continue
        for spelling in _spellings(char):
            reached[at + 1] |= _after(bits, spelling, places)
        if _is_romanised(char):
            for _ in range(_SYLLABLE):
                bits |= (bits & letters_only) << 1
            reached[at + 1] |= bits
        for spelling in _spelt().get(letters[at : at + 2], ()) if at + 1 < len(letters) else ():
            reached[at + 2] |= _after(reached[at], spelling, places)
    return bool(reached[len(letters)] >> len(text) & 1)


def _after(bits: int, spelling: str, places: dict[str, int]) -> int:
    for letter in spelling:
        bits = (bits & places.get(letter, 0)) << 1
    return bits


@lru_cache(maxsize=4096)
def _spellings(char: str) -> tuple[str, ...]:
    """How one character is written with plain letters and digits; "" where it may be left out."""
    if char.isascii():
        return (char,) if char.isalnum() else ("", *_spelt().get(char, ()))
    plain = "".join(c for c in unicodedata.normalize("NFKD", char).casefold() if c.isalnum())
    known = _spelt().get(char) or _spelt().get(unicodedata.normalize("NFD", char)[0], ())
    if unicodedata.category(char)[0] == "M":
        return ("", plain)
    if not char.isalpha():
        return ("", plain, *known, *_names(char))
    base = plain if plain.isascii() else ""
    latin = unicodedata.name(char, "").startswith("LATIN")
    return (plain, *known, *(("", base) if latin else ()))


def _names(char: str) -> tuple[str, ...]:
    """Beginnings of what a sign is called, and the one letter that resembles it: deg, pound, v."""
    called = unicodedata.name(char, "").lower().split()
    return (*(word[:size] for word in called if word.isalpha() for size in range(3, len(word) + 1)), "o", "x", "v")


def _is_romanised(char: str) -> bool:
    """Whether a letter is of a script whose spellings are not listed here."""
    return char.isalpha() and not char.isascii() and not unicodedata.name(char, "").startswith(_LISTED)


_LISTED = ("LATIN", "GREEK", "CYRILLIC", "MICRO")
_SYLLABLE = 6  # letters of the longest in Pinyin


@cache
def _spelt() -> dict[str, tuple[str, ...]]:
    """Spellings by one or two characters."""
    lines = files("transforms.data").joinpath("spellings.txt").read_text("utf-8").splitlines()
    entries = (line.split() for line in lines if not line.startswith("# "))
    return {first: tuple("" if one == "-" else one for one in rest) for first, *rest in entries}


SHORTCODE = re.compile(r":[a-z0-9_+-]{2,40}:|\([a-z]{2,20}\)")


def has_sign(text: str) -> bool:
    """Whether a picture or sign is in it, which programs also write as a word in colons or brackets."""
    return not text.isascii() and any(unicodedata.category(char) == "So" for char in text)
