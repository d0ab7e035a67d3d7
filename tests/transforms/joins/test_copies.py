"""altered_copy: words replaced are told from everything that honest software does to a copy."""

from __future__ import annotations

import pytest

from transforms.joins.copies import ALTERED, CHANGED, SAME, SIGNED_ANEW, Compared, Pair, compare, described, settle
from transforms.model import Text

VERIFIED = (
    "Chère Claire, the transfer of 5000 euros to the printer was approved on Monday. "
    "Please keep the receipt for the treasurer. The contract is at https://drive.example/x Best, Anna"
)


def judged(
    text: str,
    verified: str = VERIFIED,
    *,
    subject: str = "Budget 2017",
    verified_subject: str = "Budget 2017",
    claims: bool = True,
    anew: bool = False,
    form: str = "text/plain",
    html: tuple[bytes, bytes] = (b"", b""),
) -> Compared:
    pair = Pair("u1", 0, "box", subject, claims, False, anew, "u2", 5, "sent.eml", verified_subject)
    texts = {("u1", 0): Text(0, form, text, html[0]), ("u2", 5): Text(5, "text/plain", verified, html[1])}
    return compare(pair, lambda unit, row: texts[unit, row])


def test_a_replaced_amount_is_an_altered_copy_with_both_values() -> None:
    found = judged(VERIFIED.replace("5000", "90000"))
    assert (found.code, found.expected, found.actual) == (ALTERED.code, "5000", "90000")


def test_the_finding_names_both_values_for_the_headline() -> None:
    found = judged(VERIFIED.replace("5000", "90000"))
    assert described(found) == "the verified copy in sent.eml says “5000”; this copy shows “90000”"
    assert described(judged(VERIFIED[:60])) == "sent.eml"


def test_a_word_slipped_into_a_sentence_is_an_altered_copy() -> None:
    found = judged(VERIFIED.replace("was approved", "was never approved"))
    assert (found.code, found.expected, found.actual) == (ALTERED.code, "(no words)", "never")


def test_a_replaced_subject_is_an_altered_copy() -> None:
    found = judged(VERIFIED, subject="Offshore account for 2017", verified_subject="Spring account for 2017")
    assert (found.code, found.expected, found.actual) == (ALTERED.code, "Spring", "Offshore")


@pytest.mark.parametrize("subject", ["(no subject)", "(sans objet)", "Kein Betreff", ""])
def test_a_lost_subject_is_no_altered_copy(subject: str) -> None:
    assert judged(VERIFIED, subject=subject).code == CHANGED.code


def test_another_subject_altogether_is_no_altered_copy_and_both_are_shown() -> None:
    found = judged(VERIFIED, subject="Haushalt 2017")
    assert (found.code, found.expected, found.actual) == (CHANGED.code, "Budget", "Haushalt")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("footer", VERIFIED + " ___ Staff mailing list Staff@lists.example https://lists.example/staff"),
        ("banner", "CAUTION: This email originated from outside of the organization. " + VERIFIED),
        ("disclaimer inside", VERIFIED.replace("Best,", "This message and any attachment are confidential and "
         "intended for the addressee only. Best,")),
        ("omission", VERIFIED.replace("Please keep the receipt for the treasurer. ", "")),
        ("truncation", VERIFIED[:60]),
        ("truncated in a word", VERIFIED[: VERIFIED.index("printer") + 4]),
        ("redaction", VERIFIED.replace("printer", "xxxxxxx").replace("5000", "████")),
        ("marked redaction", VERIFIED.replace("printer", "[redacted]")),
        ("question marks for accents", VERIFIED.replace("Chère", "Ch?re")),
        ("mojibake", VERIFIED.replace("Chère", "ChÃ¨re")),
        ("accents dropped", VERIFIED.replace("Chère", "Chere")),
        ("quoted-printable left in", VERIFIED.replace("Chère", "Ch=E8re")),
        ("link rewritten", VERIFIED.replace("https://drive.example/x", "https://urldefense.example/v2/url?u=x")),
        ("case and marks", VERIFIED.replace("approved", "*Approved*").replace("Best,", "best")),
        ("white space", VERIFIED.replace(" ", "  ")),
        ("nothing left", ""),
        ("another text altogether", "word " * 3000),
    ],
)  # fmt: skip
def test_what_honest_software_does_is_no_altered_copy(name: str, text: str) -> None:
    assert judged(text).code == CHANGED.code, name


@pytest.mark.parametrize(
    "subject",
    [
        "[staff] Budget 2017",
        "Re: Budget 2017",
        "***SPAM*** Budget 2017",
        "[EXTERNAL] Fwd: Budget 2017",
        "TR: Budget 2017",
    ],
)
def test_tags_and_reply_marks_before_a_subject_are_no_altered_copy(subject: str) -> None:
    assert judged(VERIFIED, subject=subject).code == CHANGED.code


def test_a_copy_that_claims_no_transmission_is_never_altered() -> None:
    assert judged(VERIFIED.replace("5000", "90000"), claims=False).code == CHANGED.code


def test_other_words_under_a_signature_that_no_key_confirms_are_worth_a_look() -> None:
    found = judged(VERIFIED.replace("5000", "90000"), claims=False, anew=True)
    assert (found.code, found.expected, found.actual) == (SIGNED_ANEW.code, "5000", "90000")
    assert judged(VERIFIED + " ___ Staff mailing list", claims=False, anew=True).code == CHANGED.code


def test_copies_that_kept_other_parts_are_not_comparable() -> None:
    assert judged("Totally different words", form="text/html", subject="Other").code == CHANGED.code


def test_a_plain_text_made_anew_beside_the_same_html_is_no_altered_copy() -> None:
    """Exchange does so, and every converter does it in another way; whoever reads HTML sees what was signed."""
    anew = VERIFIED.replace("5000", "| 90000 |")
    assert judged(anew, html=(b"a", b"a")).code == CHANGED.code
    assert judged(anew, html=(b"a", b"b")).code == judged(anew, html=(b"", b"b")).code == ALTERED.code
    told = judged(
        anew, html=(b"a", b"a"), subject="Offshore account for 2017", verified_subject="Spring account for 2017"
    )
    assert (told.code, told.expected, told.actual) == (ALTERED.code, "Spring", "Offshore")


def test_the_same_change_in_five_messages_is_a_habit_not_a_forgery() -> None:
    one = judged(VERIFIED.replace("5000", "90000"))
    assert [c.code for c in settle([one] * 4)] == [ALTERED.code] * 4
    assert [c.code for c in settle([one] * 5)] == [CHANGED.code] * 5


def test_equal_content_supports() -> None:
    pair = Pair("u1", 0, "box", "s", True, True, False, "u2", 5, "sent.eml", "s")
    assert compare(pair, lambda unit, row: ("", "")).code == SAME.code


def test_words_of_other_scripts_are_compared_as_well() -> None:
    found = judged("перевод не одобрен казначеем", "перевод был одобрен казначеем")
    assert (found.code, found.actual) == (ALTERED.code, "не")
