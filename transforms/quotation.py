"""What of a message does a reply quote, and which words does it quote otherwise?

The text that evidence keeps has lost its line ends. Where a marked line (`> `) begins can be told, but not
where it ends: what stands before the next mark may be an answer. So other words count only where the marked
line goes on behind them to the next mark, and the next line goes on from there. Where a mail program put
the whole message below a heading, without marks, only words in the place of others count, amid long equal
runs. What is missing was trimmed.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from transforms.difference import Change, bare, said, within_sentence, words
from transforms.limits import LIMITS

FEWEST = 5  # words: fewer stand in any two mails


class Quotation(NamedTuple):
    """What a reply quotes of the message that it answers."""

    own: int  # words that the message says above what it quotes itself; all of them if it quotes first
    quoted: int  # how many of these stand in the reply, in their order and in runs
    otherwise: tuple[Change, ...]  # words as quoted, as the message shows them


def quotation(message: str, reply: str) -> Quotation:
    """Compare a message with what a reply to it quotes; both texts as evidence keeps them."""
    own, shown, quoting = _read(_own(message)), _read(message), _read(_quotation(reply))
    size = len(own.plain)
    if f" {' '.join(own.plain)} " in f" {' '.join(quoting.plain)} ":
        return Quotation(size, size, ())
    runs = _equal_runs(shown.plain, quoting.plain)
    quoted = sum(max(0, min(run.a + run.size, size) - run.a) for run in runs if run.size >= _RUN)
    return Quotation(size, quoted, _otherwise(shown, quoting, runs))


# ---- where a quotation begins -------------------------------------------------------------------

_HEADING = (
    r"-{2,} ?(?:original message|message d'origine|message original|ursprüngliche nachricht|mensaje original"
    r"|messaggio originale|oorspronkelijk bericht) ?-{2,}"
    r"|(?:from|de|von|da|van) ?: .{1,160}? (?:sent|envoyé|gesendet|enviado(?: el)?|inviato|verzonden|date) ?: "
)
_ATTRIBUTION = r"(?:wrote|writes|a écrit|schrieb|escribió|escreveu|ha scritto|schreef) ?: "
_QUOTES = re.compile(rf"(?:^| )(?:>|{_HEADING}|{_ATTRIBUTION})", re.IGNORECASE)
_OPENING = re.compile(r"(?:^|(?<= ))(?:On|Le|Am|El|Il|Op|Em|Den) ")  # of the line that names who wrote


def _own(message: str) -> str:
    """A message's text above what it quotes; all of it if it begins with a quotation."""
    found = _QUOTES.search(message)
    above = message[: found.start()] if found is not None else message
    if found is not None:
        opening = [match.start() for match in _OPENING.finditer(above, max(0, len(above) - _ATTRIBUTED))]
        above = above[: opening[-1]] if opening else above
    return above if len(above.split()) >= FEWEST else message


_ATTRIBUTED = 200  # characters of such a line


def _quotation(reply: str) -> str:
    """A reply from its first mark or heading on; all of it if it has none."""
    found = _QUOTES.search(reply)
    return reply[found.start() :] if found is not None else reply


# ---- words and lines ----------------------------------------------------------------------------


class _Words(NamedTuple):
    """The words of a text, without marks and without what says nothing."""

    shown: list[str]
    plain: list[str]  # bare
    line: list[int]  # number of the marked line that each begins or follows; 0 before the first mark


def _read(text: str) -> _Words:
    found = _Words([], [], [])
    line, opened = 0, False
    for token in words(text):
        rest = token.lstrip(">")
        if len(rest) < len(token) and not opened:
            line += 1
        opened = not rest  # `> > word` is one line, two levels down
        plain = bare(rest)
        if plain:
            found.shown.append(rest)
            found.plain.append(plain)
            found.line.append(line)
    return found


# ---- comparison ---------------------------------------------------------------------------------

_RUN = 3  # equal words in a row that are no chance
_LONG_RUN = 6  # where no mark says what is quoted


def _equal_runs(message: Sequence[str], reply: Sequence[str]) -> list[difflib.Match]:
    """Runs of words that are equal in both, in order; none where finding them costs too much."""
    if max(len(message), len(reply)) > LIMITS.compared_words:
        return []
    counts = Counter(message)
    if sum(counts[word] for word in reply) > LIMITS.compared_pairs:
        return []
    return difflib.SequenceMatcher(None, message, reply, autojunk=False).get_matching_blocks()[:-1]


def _otherwise(message: _Words, reply: _Words, runs: Sequence[difflib.Match]) -> tuple[Change, ...]:
    """Words that the reply quotes in the place of the message's, or between them."""
    found: list[Change] = []
    for before, after in itertools.pairwise(runs):
        place = before.a + before.size
        gone = tuple(message.shown[place : after.a])
        new = tuple(reply.shown[before.b + before.size : after.b])
        if not new:
            continue  # trimmed
        quoted = (
            _in_one_line(reply, before, after, inserted=not gone)
            and (gone or within_sentence(message.shown, place, new))  # else an answer put in between
        ) or _amid_long_runs(reply, before, after, gone, new)
        # Damage may have been done to either text.
        if quoted and said([(gone, new, False)]) and (not gone or said([(new, gone, False)])):
            found.append((new, gone, False))
    return tuple(found)


def _in_one_line(reply: _Words, before: difflib.Match, after: difflib.Match, inserted: bool) -> bool:
    """Whether other words stand in one marked line that is quoted to its end, and the next goes on from there."""
    start = before.b + before.size
    line = reply.line[start]
    if line == 0 or line != reply.line[after.b] or before.size < _RUN:
        return False
    if inserted and reply.line[start - 1] != line:
        return False  # an answer to the line before may have begun with words of this one
    end = after.b
    while end < len(reply.line) and reply.line[end] == line:
        end += 1
    # An answer may end with words of the line. Behind the last mark nobody knows where a quotation ends.
    return end - after.b >= _RUN and after.b + after.size > end


def _amid_long_runs(
    reply: _Words, before: difflib.Match, after: difflib.Match, gone: tuple[str, ...], new: tuple[str, ...]
) -> bool:
    """Whether a few words stand for as many others in a quotation without marks, amid runs too long for an answer."""
    unmarked = reply.line[before.b] == reply.line[after.b + after.size - 1] == 0
    return unmarked and len(gone) == len(new) <= _RUN and min(before.size, after.size) >= _LONG_RUN
