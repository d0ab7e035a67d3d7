"""What does one text say that another does not? Words compared, honest damage told apart.

Only a word replaced, or a few words put inside a sentence, can be told from what honest software
does to mail. Footers, banners, omissions, redaction, changed charsets, rewritten links and
addresses, tags and reply marks before a subject say nothing.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter

from transforms.limits import LIMITS

HABIT = 5  # the same change in so many messages is a system's doing, not a forger's (VERDICT §5.1)

_INSERTED = 4  # words: a longer inserted run may be a notice or a signature block

Change = tuple[tuple[str, ...], tuple[str, ...], bool]  # words gone, words new, at either end


def words(text: str) -> list[str]:
    """Words as compared."""
    return text.split()


def differences(verified: list[str], copy: list[str]) -> list[Change] | None:
    """Runs of words that differ, each with whether it stands at the start or end of the text.

    None: too many to be the same message with words changed.
    """
    start = 0
    while start < min(len(verified), len(copy)) and _alike(verified[start], copy[start]):
        start += 1
    end = 0
    shorter = min(len(verified), len(copy)) - start
    while end < shorter and _alike(verified[-1 - end], copy[-1 - end]):
        end += 1
    gone = [_bare(w) for w in verified[start : len(verified) - end]]
    new = [_bare(w) for w in copy[start : len(copy) - end]]
    if max(len(gone), len(new)) > LIMITS.compared_words:
        return None
    counts = Counter(gone)
    if sum(counts[word] for word in new) > LIMITS.compared_pairs:  # a few words over and over
        return None
    matcher = difflib.SequenceMatcher(None, gone, new, autojunk=False)
    runs = [run for tag, *run in matcher.get_opcodes() if tag != "equal"]
    if end == 0:
        runs = _joined(runs, len(gone), len(new))
    changes: list[Change] = []
    for i1, i2, j1, j2 in runs:
        at_start = start == 0 and i1 == 0 and j1 == 0
        at_end = end == 0 and i2 == len(gone) and j2 == len(new)
        before = verified[start + i1 : start + i2]
        after = copy[start + j1 : start + j2]
        if len(before) == len(after) and all(map(_alike, before, after)):
            continue
        changes.append((tuple(before), tuple(after), at_start or at_end))
    return changes


_BETWEEN = 3  # equal words: fewer, in the last run of a text, are there by chance


def _joined(runs: list[list[int]], verified_size: int, copy_size: int) -> list[list[int]]:
    """Runs with those before the last joined to it that a few words part from it: a footer after a cut-off text.

    A footer has words of its own in common with the text whose end it stands for. The last run counts
    if it reaches the end of both texts and has more than one new word.
    """
    if not runs or (runs[-1][1], runs[-1][3]) != (verified_size, copy_size):
        return runs
    joined = list(runs)
    while len(joined) > 1 and joined[-1][0] - joined[-2][1] < _BETWEEN and joined[-1][3] - joined[-1][2] > 1:
        last = joined.pop()
        joined[-1] = [joined[-1][0], last[1], joined[-1][2], last[3]]
    return joined


def subject_words(subject: str) -> list[str]:
    """Words of a subject without what relays and lists put before it: reply marks and tags."""
    while True:
        shorter = _PREFIX.sub("", subject, count=1)
        if shorter == subject:
            return words(subject)
        subject = shorter


_PREFIX = re.compile(
    r"^\s*(?:(?:re|fw|fwd|aw|wg|tr|rv|sv|vs|antw|ref)(?:\[\d+\])?\s*:|\[[^\]]{1,60}\]|\{[^}]{1,60}\}|"
    r"\*{2,5}[^*]{1,40}\*{2,5}|(?:external|spam|ext)\s*:)",
    re.IGNORECASE,
)


def said(changes: list[Change] | None, footer: bool = True) -> tuple[Change, ...]:
    """Those changes that no honest transformation explains: words replaced, or a few slipped in.

    Of a text that was damaged as a whole, nothing. footer: whether a long run at either end may be one.
    """
    harmed = sum(any(map(_damaged, new)) for _, new, _ in changes or ())
    if changes is None or (harmed >= _HARMED and 2 * harmed >= len(changes)):
        return ()
    if any(_reread(gone, new) for gone, new, _ in changes):  # another charset is one for the whole text
        return ()
    return tuple(
        (gone, new, edge)
        for gone, new, edge in changes
        if _says(gone, new, edge) and not (footer and _footer(new, edge))
    )


def _footer(new: tuple[str, ...], at_edge: bool) -> bool:
    """A longer run at an end, also where the text itself was cut off before it."""
    return at_edge and len(new) > _INSERTED


_HARMED = 3  # damaged places, if they are half of all: a text that was not decoded, cut into lines


def _says(gone: tuple[str, ...], new: tuple[str, ...], at_edge: bool) -> bool:
    if any(map(_damaged, new)):
        return False
    if at_edge and gone and new and _bare(gone[min(len(new), len(gone)) - 1]).startswith(_bare(new[-1])):
        return False  # cut off within a word
    before, after = "".join(map(_bare, gone)), "".join(map(_bare, new))
    if before == after:  # a word or a link cut in two where lines were broken
        return False
    # Links and addresses are rewritten in passing, with whatever words stand in their place.
    rewritten = any(map(_link, gone))
    shown = " ".join(new)
    new = tuple(_BRACKETED.sub(_without_notice, shown).split())
    noticed = len(new) < len(shown.split())
    gone, new = (tuple(w for w in run if _bare(w) and not _link(w)) for run in (gone, new))
    rest, told = "".join(map(_bare, gone)), "".join(map(_bare, new))
    if all(map(_redaction, new)) or rest == told:
        return False
    if told in before and (noticed or (at_edge and told.isalpha())):  # what a cut left of the words there
        return False
    if not gone:
        notice = new[0][:1] in "[{<" and new[-1][-1:] in "]}>"  # of gateways and exporters: [image removed]
        letter = all(len(w) == 1 and not w.isascii() for w in new)  # what a wrong charset leaves of à
        return before == "" and len(new) <= _INSERTED and not (at_edge or notice or letter or rewritten)
    return len(new) <= 2 * len(gone) + _INSERTED and len(gone) <= 2 * len(new) + _INSERTED


_BRACKETED = re.compile(r"[\[({<][^\[\](){}<>]{1,40}[\])}>]")
_NOTICE = re.compile("redacted|removed|protected|hidden|deleted|masked|withheld|omitted|anonym")


def _without_notice(match: re.Match[str]) -> str:
    """Nothing in place of [email protected], [name removed]; anything else in brackets as it is."""
    return "" if _NOTICE.search(_bare(match.group())) else match.group()


def _link(word: str) -> bool:
    return "@" in word or "://" in word or word.startswith("www.")


def mostly_alike(verified: list[str], copy: list[str], changes: list[Change] | None) -> bool:
    """Whether half of the words are shared: a placeholder for a lost body is not an altered one."""
    if changes is None:
        return False
    shared = len(copy) - sum(len(new) for _, new, _ in changes)
    return 2 * shared >= max(len(verified), len(copy))


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    if _damaged(one) or _damaged(other):
        return _skeleton(one) == _skeleton(other)
    return _bare(one) == _bare(other)


def _bare(word: str) -> str:
    """A word without marks, accents, case and punctuation."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in decomposed if c.isalnum())


_MOJIBAKE = re.compile(
    "[?\ufffd\u0080-\u009f]|[\u00c2\u00c3\u00d0\u00d1][\u0080-\u00bf\u0152-\u2122]|=[0-9A-F]{2}|\\\\x"
    "|[\u00a1-\u00ff]{3}|[\u00c2\u00c3]$"  # Cyrillic or Greek read as Latin-1; UTF-8 so read, and cut
    "|&(?:[a-zA-Z]{2,8}|#[0-9]{1,6});|=$"  # markup or a soft line break that nobody decoded
    "|X{3}|x{4}|[*]{3}|\u2588"  # blacked out within a word
)


def _damaged(word: str) -> bool:
    """Whether a change of charset or encoding may have made this word."""
    return _MOJIBAKE.search(word) is not None


_CHARSETS = ("cp1251", "koi8-r", "cp866", "iso8859-5", "cp1252", "iso8859-15", "mac-roman", "cp1250", "iso8859-2")
_PROBED = 8  # words: a wrong charset changes the first as well as the last


def _reread(gone: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether one of the new words is one of those gone, read under another charset."""
    before = {_bare(word) for word in gone} - {""}
    for word in new[:_PROBED]:
        if word.isascii():
            continue
        for wrong in _CHARSETS:
            octets = word.encode(wrong, "ignore")
            right = (one for one in (*_CHARSETS, "utf-8") if one != wrong)
            if any(_bare(octets.decode(one, "ignore")) in before for one in right):
                return True
    return False


def _skeleton(word: str) -> str:
    """What a change of charset leaves of a word: its ASCII letters and digits."""
    word = re.sub("=[0-9A-Fa-f]{2}|\\\\x[0-9a-f]{2}", "", word)
    return "".join(c for c in word.casefold() if c.isascii() and c.isalnum())


def _redaction(word: str) -> bool:
    """Blacked out: xxx, ***, [redacted]."""
    letters = set(_bare(word))
    return not letters or letters <= {"x"} or _bare(word) in {"redacted", "removed", "deleted", "masque"}
