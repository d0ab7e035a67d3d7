"""What does one text say that another does not? Words compared, honest damage told apart.

Only a word replaced, or a few words put inside a sentence, can be told from what honest software
does to mail. Footers, banners, notices between sentences, omissions, redaction and placeholders,
changed charsets, letters that a charset lacks or that are spelt or escaped otherwise, rewritten
links and addresses, tags and reply marks before a subject say nothing.
"""

from __future__ import annotations

import difflib
import html
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from transforms.limits import LIMITS
from transforms.spelling import SHORTCODE, has_sign, spells

HABIT = 5  # the same change in so many messages is a system's doing, not a forger's (VERDICT §5.1)

_INSERTED = 4  # words: a longer inserted run may be a notice or a signature block

Change = tuple[tuple[str, ...], tuple[str, ...], bool]  # words gone, words new, at an end or between sentences


def words(text: str) -> list[str]:
    """Words as compared."""
    if "\\" in text or "^M" in text or "_x000D_" in text or "<br" in text:
        text = _LINE_END.sub(" ", text.removeprefix("b'").removeprefix('b"'))  # of Python's str(octets)
    return text.split()


# Line ends as exporters leave them: of JSON and SQL, a terminal, XML of spreadsheets, web pages, rich text.
_LINE_END = re.compile(r"\\(?:[rnt]|par\b)|\^M|_x000D_|<br[ ]?/?>")


def differences(verified: list[str], copy: list[str]) -> list[Change] | None:
    """Runs of words that differ, each with whether it stands at an end of the text, or was put in between sentences.

    None: too many to be the same message with words changed.
    """
    start = 0
    while start < min(len(verified), len(copy)) and _alike(verified[start], copy[start]):
        start += 1
    end = 0
    shorter = min(len(verified), len(copy)) - start
    while end < shorter and _alike(verified[-1 - end], copy[-1 - end]):
        end += 1
    gone = [bare(w) for w in verified[start : len(verified) - end]]
    new = [bare(w) for w in copy[start : len(copy) - end]]
    if max(len(gone), len(new)) > LIMITS.compared_words:
        return None
    whole = _of_which(verified[start : len(verified) - end], gone, new)
    new = [whole.get(word, word) for word in new]
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
        at_edge = at_start or at_end or (not before and not within_sentence(verified, start + i1, after))
        changes.append((tuple(before), tuple(after), at_edge))
    return changes


def within_sentence(verified: Sequence[str], place: int, new: Sequence[str]) -> bool:
    """Whether words put in before this place go on with the sentence there; notices are put between sentences."""
    opens = bool(new) and (new[0][:1].isupper() or new[0][:1] in "([{<*-_")
    return not opens and verified[place - 1][-1:] not in ".!?:;,…" and not any(map(_numbering, new))


def _numbering(word: str) -> bool:
    """1. or b) before a line of a list."""
    return _NUMBER.fullmatch(word) is not None


_NUMBER = re.compile(r"\(?(?:[0-9]{1,3}|[A-Za-z])[.)]")


def _of_which(verified: Sequence[str], plain: Sequence[str], copy: Sequence[str]) -> dict[str, str]:
    """Those words of the copy that are verified ones without the letters a charset lacks, and which; bare ones."""
    known = set(plain)
    left: dict[str, str] = {}
    for word, whole in zip(verified, plain, strict=True):
        if not word.isascii() and not _FRACTION.search(word):  # 2½ is 2 1/2, not 2
            for form in _lossy(word):
                left.setdefault(form, whole)
    return {word: left[word] for word in copy if word and word in left and word not in known}


_FRACTION = re.compile("[¼-¾⅐-⅞]")
_POORER = ("ascii", "latin-1", "cp1252")


def _lossy(word: str) -> tuple[str, ...]:
    """What poorer charsets can write of a word, bare, and how it is spelt without umlauts."""
    left = (word.encode(charset, "ignore").decode(charset) for charset in _POORER)
    return (*map(bare, left), bare(word.casefold().translate(_UMLAUTS)))


_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})


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
            return words(_SUFFIX.sub("", subject))
        subject = shorter


_SUFFIX = re.compile(r"\.(?:eml|msg|txt|html?|mht|pdf)\s*$", re.IGNORECASE)  # of a file named by its subject
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


def nature(changes: Sequence[Change]) -> str:
    """What makes these changes the same kind in another message: the words, or that each took away foreign letters."""
    if changes and all("".join(new).isascii() and not "".join(gone).isascii() for gone, new, _ in changes):
        return "written in ASCII"
    return repr(tuple(changes))


def _footer(new: tuple[str, ...], at_edge: bool) -> bool:
    """A longer run at an end, also where the text itself was cut off before it."""
    return at_edge and len(new) > _INSERTED


_HARMED = 3  # damaged places, if they are half of all: a text that was not decoded, cut into lines


def _says(gone: tuple[str, ...], new: tuple[str, ...], at_edge: bool) -> bool:
    if any(map(_damaged, new)):
        return False
    if at_edge and gone and new and bare(gone[min(len(new), len(gone)) - 1]).startswith(bare(new[-1])):
        return False  # cut off within a word
    before, after = "".join(map(bare, gone)), "".join(map(bare, new))
    if before == after:  # a word or a link cut in two where lines were broken
        return False
    if "".join(map(_in_euros, gone)) == "".join(map(_in_euros, new)):
        return False
    if any("".join(form) == after for form in zip(*map(_lossy, gone), strict=True)):
        return False
    if _spelt_out(gone, new) or _numbers_hidden(gone, new):
        return False
    if _EAST_ASIAN.search("".join(new)) and not _EAST_ASIAN.search("".join(gone)):
        return False  # Western letters read under a charset of two octets
    # Links and addresses are rewritten in passing, with whatever words stand in their place.
    rewritten = any(map(_link, gone))
    shown = " ".join(new)
    if not _PLACEHOLDER.search(" ".join(gone)):
        new = tuple(_PLACEHOLDER.sub(" ", shown).split()) if gone else new
    if gone and not any(word[:1].islower() and len(word) > _PARTICLE for word in gone):
        new = tuple(_PSEUDONYM.sub(" ", " ".join(new)).split())
    new = tuple(_BRACKETED.sub(_without_notice, " ".join(new)).split())
    if gone and any(map(_initials, new)):
        new = tuple(word for word in new if not _initials(word) and bare(word) not in _TITLES)
    noticed = len(new) < len(shown.split())
    if at_edge and gone and noticed and _NOTICE.search(bare(shown)):  # [message clipped] view it all
        return False
    gone, new = (tuple(w for w in run if bare(w) and not _link(w)) for run in (gone, new))
    rest, told = "".join(map(bare, gone)), "".join(map(bare, new))
    if all(map(_redaction, new)) or rest == told:
        return False
    if told in before and (noticed or (at_edge and told.isalpha())):  # what a cut left of the words there
        return False
    if not gone:
        notice = new[0][:1] in "[{<" and new[-1][-1:] in "]}>"  # of gateways and exporters: [image removed]
        letter = all(len(w) == 1 and not w.isascii() for w in new)  # what a wrong charset leaves of à
        return before == "" and len(new) <= _INSERTED and not (at_edge or notice or letter or rewritten)
    return len(new) <= 2 * len(gone) + _INSERTED and len(gone) <= 2 * len(new) + _INSERTED


def _spelt_out(gone: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether the new words are those gone in the letters of US-ASCII, signs written out: Soeren, GBP500, :smile:."""
    written, shown = "".join(gone), " ".join(new)
    if not gone or not new or (written.isascii() and not _SIGNS.search(written)):
        return False
    if has_sign(written):
        shown = SHORTCODE.sub(" ", shown)
    return spells(written, "".join(map(bare, shown.split())))


_SIGNS = re.compile("[&%@#+$]")


def _numbers_hidden(gone: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether digits were blotted out: 06 00 00 00 00, 47XX. Of an amount no forger leaves nothing but zeros."""
    before, after = " ".join(gone), " ".join(new)
    if len(before) != len(after):
        return False
    hidden = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    if not all(a.isdigit() and b in "0xX#*" for a, b in hidden):
        return False
    zeros = sum(b == "0" for _, b in hidden)
    return zeros == 0 or zeros >= _MANY_DIGITS or not any(b in "123456789" for b in after)


_MANY_DIGITS = 7  # of a telephone number or an account that keeps its first ones; amounts have fewer


# What publishers put in the place of words: [NAME], <PERSON_1>, PHONE_NUMBER, {amount}, (b)(6), the Dutch 5.1.2.e.
_PLACEHOLDER = re.compile(
    r"\[[^\[\]]{1,60}\]|<[^<>]{1,60}>|\{[^{}]{1,60}\}|\(b\) ?\([0-9]\)(?:\([A-Z]\))?"
    r"|\b[A-Z]{2,20}(?:_[A-Z0-9]{1,20}){1,3}\b|\b(?:5|10)\.[12](?:\.[1-5])?\.?[a-i]\b"
)
# ... and in the place of names: Employee 3, PERSON_1, Jane Doe.
_PSEUDONYM = re.compile(
    r"\b(?:person(?:ne|a)?|persoon|employee|witness|client|customer|patient|user|name|contact|individual|subject|staff|member"
    r"|company|firma|colleague|respondent|participant|party|source|speaker|author|sender|recipient|manager|director|officer"
    r"|personne|employée?|témoin|salariée?|entreprise|société|mitarbeiter(?:in)?|unternehmen|zeug(?:e|in)|kund(?:e|in)|benutzer|empleado|testigo|cliente"
    r"|usuario|empresa|azienda|dipendente|impiegato|testimone|utente|medewerker|bedrijf|mevrouw|meneer|getuige|klant|pracownik|świadek|klient|сотрудник"
    r"|свидетель|клиент)[ _-]?(?:[0-9]{1,5}|[A-Z])\b"
    r"|\b(?:jane|john|jack|baby) (?:doe|roe)\b|\b(?:max|erika) mustermann\b|\bjoe bloggs\b|\ba\. ?n\. ?other\b"
    r"|\bjean(?:ne)? dupont\b|\b(?:mario|maria) rossi\b|\bjuan pérez\b|\bjan (?:jansen|kowalski|novák)\b",
    re.IGNORECASE,
)
_PARTICLE = 3  # letters: de, von
_TITLES = frozenset({"monsieur", "madame", "mme", "mr", "mrs", "ms", "herr", "frau", "senor", "person", "personne"})
_EAST_ASIAN = re.compile("[\u1100-\u11ff\u2e80-\u9fff\ua000-\ua4cf\uac00-\ud7ff\ue000-\uf8ff\uff61-\uffdc]")


def _initials(word: str) -> bool:
    """M. or N.N. or X in the place of a name."""
    return _INITIALS.fullmatch(word) is not None


_INITIALS = re.compile(r"(?:[^\W\d_]\.){1,4}[,;:]?|[A-Z]")
_BRACKETED = re.compile(r"[\[({<][^\[\](){}<>]{1,40}[\])}>]")
# In bare words, without accents.
_NOTICE = re.compile(
    "redacted|removed|protected|hidden|deleted|masked|withheld|omitted|anonym|truncated|clipped|shortened|stripped"
    "|tronqu|coupe|caviarde|masqu|supprime|retire|gekurzt|entfernt|geschwarzt|scanned|suppressed|anonim|gelakt|verwijderd"
    "|bekendbij|namebekannt|redaktionbekannt"
)


def _without_notice(match: re.Match[str]) -> str:
    """Nothing in place of [email protected], [name removed]; anything else in brackets as it is."""
    return "" if _NOTICE.search(bare(match.group())) else match.group()


def _link(word: str) -> bool:
    return "@" in word or "://" in word or word.startswith("www.") or _PLAIN_LINK.search(word) is not None


_PLAIN_LINK = re.compile(r"(?<![^\W_])(?:(?:tel|callto|sms|fax|sip):\+?[0-9]|cid:\w)")  # without //


def shown_words(changes: Sequence[Change]) -> tuple[str, str]:
    """The words gone and the words new, of all changes."""
    gone = " … ".join(" ".join(before) or _NOTHING for before, _, _ in changes)
    new = " … ".join(" ".join(after) or _NOTHING for _, after, _ in changes)
    return gone, new


_NOTHING = "(no words)"  # a decision shows both values, also of words slipped in


def mostly_alike(verified: list[str], copy: list[str], changes: list[Change] | None) -> bool:
    """Whether half of the words are shared: a placeholder for a lost body is not an altered one."""
    if changes is None:
        return False
    return 2 * share_of(copy, changes) >= max(len(verified), len(copy))


def share_of(copy: Sequence[str], changes: Sequence[Change] | None) -> int:
    """How many words of the copy are those of the verified text."""
    return len(copy) - sum(len(new) for _, new, _ in changes) if changes is not None else 0


def legible(words: Sequence[str]) -> bool:
    """Whether these are words: none damaged by a charset, blacked out, or a placeholder."""
    left = _PLACEHOLDER.sub(" ", " ".join(words)).split()
    return bool(left) and not any(_damaged(word) or _redaction(word) for word in left)


def word_set(text: str) -> frozenset[str]:
    """The words of a name, bare; those of one letter are initials and count for nothing."""
    return frozenset(word for word in map(bare, re.split(r"[\s.,_-]+", text)) if len(word) > 1)


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    if _damaged(one) or _damaged(other):
        return _skeleton(one) == _skeleton(other)
    return bare(one) == bare(other)


def bare(word: str) -> str:
    """A word without marks, accents, case and punctuation; "" if nothing else is in it."""
    if word.isascii() and word.isalnum():
        return word.lower()
    if len(word) <= _UNESCAPED:
        word = _TAG.sub("", html.unescape(_ESCAPE.sub(_unescaped, word)))
    decomposed = unicodedata.normalize("NFKD", word.casefold().translate(_SPELT))
    return "".join(str(unicodedata.decimal(c, c)) for c in decomposed if c.isalnum())  # ١٢ is 12


_UNESCAPED = 1024  # characters: a number of more digits than Python reads is no escaped letter
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\'([0-9a-f]{2})")  # the last of rich text


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[match.lastindex or 0], 16))


# Markup left in or taken out, and what mail programs put behind a number: 2500<tel:2500>.
_TAG = re.compile(
    r"</?(?:html|head|body|p|b|i|u|a|br|div|span|wbr|[ou]l|li|t[dhrt]|table|font|em|strong|h[1-6r]|pre)/?>"
    r"|(?<=\w)<[a-z]{2,8}:[^<>\s]{1,300}>",
    re.IGNORECASE,
)
# Letters that no decomposition takes apart, as people spell them with others.
_SPELT = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "€": "eur",
                        # forms of characters that JIS X 0208 lacks
                        "髙": "高", "﨑": "崎", "𠮷": "吉", "德": "徳", "瀨": "瀬", "濵": "濱"})  # fmt: skip


def _in_euros(word: str) -> str:
    return re.sub("euros?$", "eur", bare(word))


_MOJIBAKE = re.compile(
    "[?\ufffd\u3013\u0080-\u009f]|[\u00c2\u00c3\u00d0\u00d1][\u0080-\u00bf\u0152-\u2122]|[=%][0-9A-F]{2}"
    r"|\\x|\\[0-3][0-7]{2}"
    "|[\u00a1-\u00ff]{3}|[\u00c2\u00c3]$"  # Cyrillic or Greek read as Latin-1; UTF-8 so read, and cut
    "|&(?:[a-zA-Z]{2,8}|#[0-9]{1,6});|=$"  # markup or a soft line break that nobody decoded
    "|X{3}|x{4}|[*]{3}|\u2588"  # blacked out within a word
)


def _damaged(word: str) -> bool:
    """Whether a change of charset or encoding may have made this word."""
    return _MOJIBAKE.search(word) is not None


_CHARSETS = ("cp1251", "koi8-r", "cp866", "iso8859-5", "cp1252", "iso8859-15", "mac-roman", "cp1250", "iso8859-2",
             "cp437", "cp850")  # fmt: skip
_PROBED = 8  # words: a wrong charset changes the first as well as the last


def _reread(gone: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether one of the new words is one of those gone, read under another charset."""
    before = {bare(word) for word in gone} - {""}
    for word in new[:_PROBED]:
        if word.isascii():
            continue
        for wrong in _CHARSETS:
            octets = word.encode(wrong, "ignore")
            right = (one for one in (*_CHARSETS, "utf-8") if one != wrong)
            if any(bare(octets.decode(one, "ignore")) in before for one in right):
                return True
    return False


def _skeleton(word: str) -> str:
    """What a change of charset leaves of a word: its ASCII letters and digits."""
    word = re.sub("[=%][0-9A-Fa-f]{2}|\\\\x[0-9a-f]{2}|\\\\[0-3][0-7]{2}", "", word)
    return "".join(c for c in word.casefold() if c.isascii() and c.isalnum())


def _redaction(word: str) -> bool:
    """Blacked out: xxx, YYY, ***, [redacted]."""
    left = bare(word)
    one_letter = left.isalpha() and len(set(left)) == 1 and len(left) > 2
    return not left.strip("x") or one_letter or _BLACKED.match(left) is not None


_BLACKED = re.compile("(?:redacted|removed|deleted|masque?|caviarde?|anonym[a-z]*)$")
