"""Other words within a quotation are told from everything that repliers and their programs do to it."""

from __future__ import annotations

import random

import pytest

from transforms.quotation import quotation

TEXT = (
    "Dear desk, the hall is booked for Friday at eight, and the invoice of 400 euro goes to the treasurer as ever. "
    "Please tell the volunteers today; the keys are with the caretaker until noon. Did the printer call? "
    "We need nine hundred leaflets by Tuesday at the latest, folded twice. Claire"
)
OUTLOOK = "Thank you! From: Claire Aubry Sent: Monday, April 24, 2017 10:00 To: Desk Subject: The hall "
GMAIL = "Thank you! On Mon, Apr 24, 2017 at 10:00 AM, Claire Aubry <claire@campaign.example> wrote: "


def marked(text: str, width: int = 9, mark: str = "> ") -> str:
    """A text as marked lines of so many words, with the line ends that evidence loses."""
    words = text.split()
    return " ".join(mark + " ".join(words[at : at + width]) for at in range(0, len(words), width))


FORMS = [
    GMAIL + marked(TEXT),
    GMAIL + marked(TEXT, 7, ">"),
    GMAIL + marked(TEXT, 10, "> > "),
    OUTLOOK + TEXT,
    "Merci ! -----Message d'origine----- " + TEXT,
    "Gut. Am 24.04.2017 schrieb Claire Aubry: " + TEXT,
    marked(TEXT) + " Thank you!",
]


@pytest.mark.parametrize("reply", FORMS)
def test_a_whole_quotation_agrees_in_every_form(reply: str) -> None:
    found = quotation(TEXT, reply)
    assert found.own == found.quoted == len(TEXT.split()) and not found.otherwise


@pytest.mark.parametrize("reply", FORMS)
def test_a_message_with_another_amount_is_told_from_its_quotation(reply: str) -> None:
    found = quotation(TEXT.replace("400", "9400"), reply)
    assert found.otherwise == ((("400",), ("9400",), False),)


@pytest.mark.parametrize("reply", [FORMS[0], FORMS[2]])
def test_a_word_taken_out_of_a_message_stands_in_its_quotation(reply: str) -> None:
    assert quotation(TEXT.replace("is booked", "is"), reply).otherwise == ((("booked",), (), False),)


def test_words_put_into_a_message_are_not_quoted_and_accuse_nobody() -> None:
    """The replier may have trimmed them."""
    found = quotation(TEXT.replace("the treasurer", "the treasurer in Panama"), GMAIL + marked(TEXT))
    assert not found.otherwise and found.quoted < found.own


LINES = marked(TEXT).split("> ")[1:]


@pytest.mark.parametrize(
    "reply",
    [
        "> ".join(["", *LINES[:2], "that is more than last year, is it not? ", *LINES[2:]]),  # between two lines
        "> ".join(["", *LINES[:2], "I would say the treasurer as ever. ", *LINES[2:]]),  # with words of the next line
        "> ".join(["", *LINES[:1], "Friday? No: it is booked for Sunday at eight, ", *LINES[2:]]),  # in place of a line
        "> ".join(["", *LINES[:2], *LINES[4:]]),  # trimmed
        "> " + LINES[0] + "[...] > " + LINES[4],
        GMAIL + marked(TEXT.replace("400 euro", "xxx euro")),
        GMAIL + marked(TEXT.replace("400", "[redacted]")),
        GMAIL + marked(TEXT.replace("caretaker", "car?taker").replace("goes", "góes")),
        GMAIL + marked(TEXT.replace(";", " ;").replace("'", "’").replace("eight,", "*eight*,")),
        GMAIL + marked(TEXT.replace("printer", "http://safelinks.example/?url=printer.example")),
        GMAIL + marked(TEXT + " ____ Staff list, write to the caretaker to leave it"),
        OUTLOOK + TEXT.replace("noon.", "noon. Done!").replace("call?", "call? Yes, twice."),
        OUTLOOK + TEXT.replace("Please tell the", "I did: tell the"),
        "No, the invoice of 500 euro goes to the treasurer as ever. Claire, please tell the volunteers tomorrow.",
        "Thank you!",
        "",
    ],
)
def test_what_repliers_and_their_programs_do_is_no_other_word(reply: str) -> None:
    assert quotation(TEXT, reply).otherwise == ()


@pytest.mark.parametrize("reply", FORMS)
def test_a_program_that_quotes_in_plain_letters_says_no_other_word(reply: str) -> None:
    message = TEXT.replace("400", "£400")
    assert quotation(message, reply.replace("400", "GBP400")).otherwise == ()
    assert quotation(message, reply.replace("400", "GBP9400")).otherwise != ()


def test_interleaved_answers_to_every_line_say_nothing_against_it() -> None:
    chance = random.Random(7)
    for _ in range(200):
        answers = (" ".join(chance.choices(TEXT.split(), k=chance.randrange(8))) for _ in LINES)
        reply = " ".join(f"> {line}{answer}" for line, answer in zip(LINES, answers, strict=True))
        assert quotation(TEXT, reply).otherwise == (), reply


def test_own_words_end_where_a_message_quotes_by_itself() -> None:
    message = TEXT + " On Sun, Apr 23, 2017 at 9:00 AM, Desk <desk@newsroom.example> wrote: > Is there a hall for us?"
    assert quotation(message, GMAIL + marked(TEXT)).own == len(TEXT.split())
    bottom = "> Is there a hall for us? " + TEXT
    assert quotation(bottom, GMAIL + marked(bottom, mark="> > ")).own > len(TEXT.split())


@pytest.mark.parametrize(
    "text", ["word " * 20_000, "> " * 30_000, "De : " * 12_000, "-" * 60_000, "On wrote: > " * 5_000, "a" * 60_000]
)
def test_hostile_fill_ends_soon_and_says_nothing(text: str) -> None:
    assert quotation(text, text).otherwise == ()
    assert quotation(text, GMAIL + text + "x").otherwise == ()
    assert quotation(TEXT, text).otherwise == quotation(text, TEXT).otherwise == ()
