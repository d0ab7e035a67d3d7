"""Does a domain imitate one that it is not? (UTS 39; VERDICT §5.2)

Domains are A-labels in lower case without a final dot. What is compared is the label under the public
suffix: `onedrive-en-marche` of `onedrive-en-marche.fr`, the form registered against a campaign in 2017.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from transforms.auth.alignment import registered_domain

# Shorter labels resemble honest ones by chance: `mail` and `mall`, `team` beside any two letters.
_MIN_LOOK, _MIN_SPELLING = 5, 6  # letters of the imitated label
# In plain ASCII words of a language look alike, too: stern and stem, modern and modem, burns and bums.
_MIN_ASCII_LOOK = 7


class Likeness(NamedTuple):
    """How one domain imitates another; imitates is the domain that the user named."""

    form: str  # look | service_word | subdomain; or, no more than a remark: spelling | suffix
    imitates: str


DECISIVE = frozenset({"look", "service_word", "subdomain"})


def likeness(domain: str, protected: Iterable[str]) -> Likeness | None:
    """The nearest imitation of a protected domain, None where there is none.

    None as well for the protected domains, for all that lies below the same registered domain, and for
    mail providers and second brands of data/own_brands.txt.
    """
    own = _Name.of(domain)
    names = [_Name.of(one) for one in sorted(protected)]
    if (
        own is None
        or own.registered in _lines("own_brands")
        or any(n and n.registered == own.registered for n in names)
    ):
        return None
    found = [Likeness(form, name.domain) for name in names if name and (form := _form(own, name))]
    return min(found, key=lambda one: (_FORMS.index(one.form), one.imitates)) if found else None


def skeleton(label: str) -> str:
    """What a label looks like (UTS 39 §4), letter case left out; equal skeletons look the same.

    Beyond the standard, ASCII letters that typefaces hardly tell apart are folded: rn m, vv w, cl d,
    0 o, 1 i l, 5 s.
    """
    looks = _prototypes()
    shown = "".join(looks.get(char, char) for char in unicodedata.normalize("NFD", label))
    shown = unicodedata.normalize("NFD", shown).casefold()
    return shown.replace("vv", "w").replace("cl", "d").translate(_ASCII_LOOKS)


def shown_form(domain: str) -> str:
    """A domain with its A-labels as the letters that a reader sees; as it is where they cannot be decoded."""
    return ".".join(_u_label(label) for label in domain.split("."))


def is_ascii(domain: str) -> bool:
    """Whether a domain is shown in ASCII letters only."""
    return shown_form(domain).isascii()


def mixed_word(text: str) -> str | None:
    """The first word that mixes letters of scripts that look alike (UTS 39 §5), None if none does.

    Scripts are told by the names of letters: those of Japanese, Korean and Chinese are mixed as a rule and
    resemble none of these.
    """
    if text.isascii():
        return None
    for word in _WORD.findall(text):
        if not word.isascii() and len({_script(char) for char in word} & _ALIKE_SCRIPTS) > 1:
            return str(word)
    return None


_WORD = re.compile(r"[^\W\d_]+")
_ALIKE_SCRIPTS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]


def foreign_letters(domain: str) -> str:
    """The letters beyond ASCII of a domain, each with its code point: `а U+0430`; "" if there are none."""
    return code_points(shown_form(domain))


def code_points(text: str) -> str:
    """The letters beyond ASCII of a text, each with its code point."""
    letters = dict.fromkeys(char for char in text if not char.isascii())
    return " ".join(f"{char} U+{ord(char):04X}" for char in letters)


# ---- how two names compare --------------------------------------------------------------------

_FORMS = ("look", "subdomain", "service_word", "spelling", "suffix")  # most telling first
_ASCII_LOOKS = str.maketrans("015i", "olsl")


class _Name(NamedTuple):
    domain: str
    registered: str
    label: str  # of the registered domain, as shown
    suffix: str
    looks: str  # skeleton of the label

    @staticmethod
    @lru_cache(maxsize=8192)
    def of(domain: str) -> _Name | None:
        registered = registered_domain(domain)
        if registered is None:
            return None
        label, _, suffix = registered.partition(".")
        label = _u_label(label)
        return _Name(domain, registered, label, suffix, skeleton(label))


def _form(own: _Name, other: _Name) -> str | None:
    """How own imitates other; their registered domains differ."""
    if f".{other.registered}." in f".{own.domain.removesuffix(own.registered)}":
        return "subdomain"  # en-marche.fr.evil.example; not yahoo.com.au, which is registered whole
    if own.label == other.label:
        return "suffix"
    long_enough = len(other.label) >= _MIN_LOOK
    if own.looks == other.looks and not (own.label.isascii() and other.label.isascii()):
        return "look"
    if own.looks == other.looks and own.suffix == other.suffix and len(other.label) >= _MIN_ASCII_LOOK:
        return "look"
    if long_enough and _with_service_word(own.looks, other.looks, own.suffix == other.suffix):
        return "service_word"
    return "spelling" if len(other.label) >= _MIN_SPELLING and _nearly(own.looks, other.looks) else None


def _with_service_word(looks: str, imitated: str, same_suffix: bool) -> bool:
    """Whether a name is the imitated one with a service word before or behind it.

    Run together, without a hyphen, it must stand under the same suffix: linuxmail.org is not linux.ie.
    """
    if looks.startswith(imitated):
        rest = looks.removeprefix(imitated)
    elif looks.endswith(imitated):
        rest = looks.removesuffix(imitated)
    else:
        return False
    return rest.strip("-") in _service_looks() and ("-" in rest or same_suffix)


def _nearly(one: str, other: str) -> bool:
    """Whether two names differ by accents, hyphens, or one letter more, less, other or swapped."""
    one, other = _letters(one), _letters(other)
    if one == other:
        return True
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _letters(looks: str) -> str:
    return "".join(char for char in looks if not unicodedata.combining(char) and char != "-")


@lru_cache(maxsize=8192)
def _u_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, IndexError, OverflowError):
        return label


# ---- data -------------------------------------------------------------------------------------


@cache
def _lines(name: str) -> frozenset[str]:
    text = files("transforms.data").joinpath(f"{name}.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def _service_looks() -> frozenset[str]:
    return frozenset(map(skeleton, _lines("service_words")))


@cache
def _prototypes() -> dict[str, str]:
    rows = (line.split() for line in _lines("confusables"))
    return {chr(int(point, 16)): "".join(chr(int(one, 16)) for one in looks) for point, *looks in rows}
