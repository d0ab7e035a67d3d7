"""Words compared: what was said is told from what charsets, gateways and publishers do to words."""

from __future__ import annotations

import html
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.difference import differences, mostly_alike, nature, said, subject_words, words


def told(verified: str, copy: str) -> int:
    return len(said(differences(words(verified), words(copy))))


def test_a_replaced_word_is_said_and_a_missing_one_is_not() -> None:
    assert told("the sum of 400 euro", "the sum of 9400 euro") == 1
    assert told("the sum of 400 euro", "the sum of euro") == 0


@pytest.mark.parametrize(
    ("reading", "wrong"), [("cp1251", "latin-1"), ("utf-8", "cp1252"), ("utf-8", "latin-1"), ("koi8-r", "cp1251")]
)
def test_a_text_read_under_another_charset_says_nothing_else(reading: str, wrong: str) -> None:
    text = "пожалуйста переведите четыреста рублей казначею"
    assert told(text, text.encode(reading).decode(wrong, "replace")) == 0


@pytest.mark.parametrize(
    "copy",
    [
        "ask the treas urer & <him> today",
        "ask the treas! urer & <him> today",
        "ask the treasurer &amp; &lt;him&gt; today",
        "ask the trea= surer & <him> today",
        "Ask  the *treasurer* & “him” today",
        "ask the trXXXXXer & <him> today",
    ],
)
def test_a_text_that_was_wrapped_or_not_decoded_says_nothing_else(copy: str) -> None:
    assert told("ask the treasurer & <him> today", copy) == 0


@pytest.mark.parametrize(
    "copy",
    ["see https://urldefense.example/v2/x for it", "see htt ps://x.example/a for it", "see [link removed] for it",
     "see the link for it", "see http s://x.exa mple/a for it"],
)  # fmt: skip
def test_a_rewritten_or_broken_link_says_nothing_else(copy: str) -> None:
    assert told("see https://x.example/a for it", copy) == 0


@pytest.mark.parametrize("end", ["\\n", "\\r\\n", "\\n\n", "^M\n", "_x000D_\n", "<br>", "<br />", "\\par\n", "\\t"])
def test_a_line_end_that_an_exporter_left_escaped_says_nothing_else(end: str) -> None:
    text = "Dear Anna,\n\nwe pay 400 euro now.\n\nYours,\nPaul\n"
    assert differences(words(text), words(text.replace("\n", end))) == []
    assert told(text, text.replace("\n", end).replace("400", "900")) == 1


@pytest.mark.parametrize("escaped", ["M%FCller", "M%C3%BCller", "M\\374ller", "M\\303\\274ller", "M\\xfcller"])
def test_a_letter_written_as_its_octets_says_nothing_else(escaped: str) -> None:
    assert told("pay Mr Müller 400 euro now", f"pay Mr {escaped} 400 euro now") == 0
    assert told("pay Mr Müller 400 euro now", f"pay Mr {escaped} 900 euro now") == 1


def test_octets_that_a_program_printed_as_it_holds_them_say_nothing_else() -> None:
    text = "Grüße,\nwe pay 400 euro — now.\n"
    assert told(text, repr(text.encode())) == 0
    assert told(text, repr(text.encode()).replace("400", "900")) == 1
    assert told(text, "Gr\\'fc\\'dfe,\\par we pay 400 euro \\'97 now.") == 0


def test_a_number_to_call_and_a_picture_beside_the_text_are_links() -> None:
    assert told("see the ![plan of the hall](cid:plan) and come", "see the plan of the hall and come") == 0
    assert told("ask at 020 123 4567. Then go", "ask at 020 123 4567 (tel:+31201234567). Then go") == 0
    assert told("ask at 020 123 4567 now", "ask at tel:+31201234567 now") == 0
    assert told("ask at 020 123 4567 now", "ask at hotel:9 now") == 1


def test_a_notice_in_the_place_of_words_says_nothing_else() -> None:
    assert told("ask the treasurer claire@x.example now", "ask the [red acted] [email protected] now") == 0
    assert told("ask the treasurer claire@x.example now", "ask the minister [email protected] now") == 1


HONEST = (
    "Bonjour Bob, la réunion du comité aura lieu à Genève; je n'ai pas reçu les chiffres du trésorier. "
    "Le cœur du problème est l'œuvre de M. Łukasz Sørensen, qui demande 100 € par personne, soit 10\u202f000 € en "
    "tout. "
    'Mr. Müller and Mrs. Weiß don\'t agree, AT&T neither; see the "plan". Call 06 12 34 56 78 before Friday please. '
    "It was paid to Martin Dupont for the venue. Alice On Sunday Bob wrote: is it done?"
)
GERMAN = str.maketrans({"ü": "ue", "ß": "ss"})


@pytest.mark.parametrize(
    "copy",
    [
        HONEST.encode("ascii", "ignore").decode(),
        HONEST.encode("ascii", "backslashreplace").decode(),
        HONEST.encode("latin-1", "ignore").decode("latin-1"),
        HONEST.replace("€", "").encode("cp1252", "ignore").decode("cp1252"),
        HONEST.encode("latin-1", "ignore").decode("cp437"),
        HONEST.encode("latin-1", "ignore").decode("cp850"),
        HONEST.encode("latin-1", "ignore").decode("cp932", "replace"),
        HONEST.encode("latin-1", "ignore").decode("gb18030", "replace"),
        HONEST.replace("œ", "oe"),
        HONEST.replace("€", "EUR"),
        HONEST.replace("€", "euros"),
        HONEST.translate(GERMAN),
        HONEST.replace("Ł", "L").replace("ø", "o"),
        html.escape(HONEST),
        HONEST.replace("é", "&eacute;").replace("ç", "&#231;"),
        *(HONEST.replace("Martin Dupont", name)
          for name in ("[NAME]", "[nom]", "<PERSON_1>", "(b)(6)", "(b) (6)", "M. D.", "N.N.", "M. Dupont", "Monsieur X",
                       "[caviardé]", "Anonymous", "XXXX XXXX", "…", "________")),
        HONEST.replace("06 12 34 56 78", "[phone number]"),
        HONEST.replace("06 12 34 56 78", "06 12 34 56 78<tel:0612345678>"),
        HONEST.replace("Call 06", "1. Call 06").replace("It was", "2) It was"),
        HONEST.replace("Alice On", "Alice Sent from my iPhone On"),
        HONEST.replace("please. It", "please. Virus scanned by Foo It"),
        HONEST.replace("the venue", "the (scanned: clean) venue"),
        HONEST[: HONEST.index("for the venue")] + "... (message tronqué)",
        HONEST[: HONEST.index("for the venue")] + "[message truncated]",
        HONEST[: HONEST.index("Dupont for")] + "[Message clipped] View entire message",
    ],
)  # fmt: skip
def test_what_honest_software_makes_of_a_text_says_nothing_else(copy: str) -> None:
    assert copy != HONEST and told(HONEST, copy) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("100 €", "900 €"),
        ("100 €", "900 EUR"),
        ("Martin Dupont", "Paul Duval"),
        ("Martin Dupont", "Martin Duval"),
        ("aura lieu", "n'aura pas lieu"),
        ("don't agree", "do agree"),
        ("was paid", "was not paid"),
        ("Friday", "Sunday"),
        ("Sørensen", "Larsen"),
        ("trésorier", "ministre"),
    ],
)
def test_a_word_that_a_forger_changes_is_said(old: str, new: str) -> None:
    assert told(HONEST, HONEST.replace(old, new, 1)) == 1
    plain = HONEST.replace(old, new, 1).replace("œ", "oe").replace("ü", "ue")
    assert told(HONEST, plain) == 1


@pytest.mark.parametrize("word", ["&#" + "9" * 5000 + ";", "\\ud800", "&#xd800;", "<" * 5000, "[" * 5000])
def test_an_escape_that_is_none_is_a_word_like_others(word: str) -> None:
    assert told(f"pay 400 {word} now", f"pay 900 {word} now") == 1
    assert told("pay 400 euro now", f"pay 400 {word} now") in (0, 1)


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("the list: • rent the hall", "the list: o rent the hall"),
        ("posters of 3×5 metres", "posters of 3x5 metres"),
        ("a price of £500 each", "a price of GBP500 each"),
        ("© Horizon, the Horizon® brand", "(C) Horizon, the Horizon(R) brand"),
        ("filters of 5 µm for water", "filters of 5 um for water"),
        ("the 2½ kg parcels", "the 2 1/2  kg parcels"),
        ("great 😀 for all", "great :smile: for all"),
        ("it was 25 °C inside", "it was 25 degC inside"),
        ("Tom & Jerry play", "Tom and Jerry play"),
        ("✓ hall ✓ leaflets", "v hall v leaflets"),
        ("with 50 ‰ of it", "with 50 o/oo of it"),
        ("the № 5 hall", "the Nr 5 hall"),
        ("that Søren Bjørn comes", "that Soeren Bjoern comes"),
        ("that Đorđe comes", "that Djordje comes"),
        ("that Ħamrun is", "that Hamrun is"),
        ("that Ənvər comes", "that Anvar comes"),
        ("that ŝi comes", "that sxi comes"),
        ("that 髙橋さん comes", "that 高橋さん comes"),
        ("that 髙橋さん comes", "that 〓橋さん comes"),
        ("that Γιάννης comes", "that Giannis comes"),
        ("that Γιάννης comes", "that Yannis comes"),
        ("that Соня Щукина comes", "that Sonya Shchukina comes"),
        ("that Ђорђе comes", "that Đorđe comes"),
        ("that 張偉 comes", "that Zhang Wei comes"),
        ("of ١٢٥٠ pounds", "of 1250 pounds"),
        ("of १२५० rupees", "of 1250 rupees"),
        ("на Європейській площі", "на Европейськiй площi"),  # koi8-r has no Є and no і
        ("про ґрунт", "про грунт"),
        ("туралы Қазақстан ұлты", "туралы Казакстан улты"),
        ("of 400 đồng", "of 400 ddo^`ng"),  # VIQR
        ("a load of 50 Ω and", "a load of 50 Ohm and"),
        ("great 😀 for all", "great J for all"),  # Wingdings
        ("✔ hall ❌ leaflets", "ü hall û leaflets"),
    ],
)
def test_words_spelt_without_letters_that_a_charset_lacks_say_nothing_else(written: str, spelt: str) -> None:
    around = "We met the committee on Monday and agreed {}, as in the year before.".format
    assert told(around(written), around(spelt)) == 0


@pytest.mark.parametrize(
    ("written", "forged"),
    [
        ("a price of £500 each", "a price of GBP900 each"),
        ("the list: • rent the hall", "the list: not rent the hall"),
        ("that Søren comes", "that Soeda comes"),
        ("отчёт одобрен вчера", "otchyot otklonen vchera"),
        ("that Соня comes", "that Katya comes"),
        ("the 2½ kg parcels", "the 9½ kg parcels"),
        ("of ١٢٥٠ pounds", "of 9250 pounds"),
        ("of ١٢٥٠ pounds", "of ٩٢٥٠ pounds"),
    ],
)
def test_another_word_in_plain_letters_is_said(written: str, forged: str) -> None:
    around = "We met the committee on Monday and agreed {}, as in the year before.".format
    assert told(around(written), around(forged)) == 1


@pytest.mark.parametrize(
    ("written", "hidden"),
    [
        ("Claire Dubois and Marc Petit pay", "Employee 3 and Employee 7 pay"),
        ("that Claire Dubois pays", "that Jane Doe pays"),
        ("that Claire de la Tour pays", "that PERSON_1 pays"),
        ("call 06 12 34 56 78 now", "call 06 00 00 00 00 now"),
        ("call 0612345678 now", "call 0600000000 now"),
        ("on FR76 3000 6000 0112 3456 7890 189 today", "on FR00 0000 0000 0000 0000 0000 000 today"),
        ("the number 4711 today", "the number 47XX today"),
        ("that Claire Dubois pays", "that 5.1.2.e 5.1.2.e pays"),
        ("call +33 6 12 34 56 78 now", "call PHONE_NUMBER now"),
        ("that Dubois & Fils pays", "that Firma X pays"),
        ("that Dubois & Fils pays", "that (naam bekend bij redactie) pays"),
        ("that Claire Dubois pays", "that YYY YYY pays"),
    ],
)
def test_names_and_numbers_that_a_publisher_hides_say_nothing_else(written: str, hidden: str) -> None:
    assert told(f"We agreed that {written} as before.", f"We agreed that {hidden} as before.") == 0


@pytest.mark.parametrize(
    ("written", "forged"),
    [("pay 12,345 now", "pay 10,000 now"), ("pay 400 now", "pay 900 now"), ("pay 1400 now", "pay 1000 now"),
     ("that Claire Dubois pays", "that Marc Petit pays"), ("the treasurer pays", "the witness pays"),
     ("the treasurer pays", "the Witness B pays"), ("pay 400 now", "pay 999 now"),
     ("by rule 5.1.2 now", "by rule 5.2.1 now"), ("that Dubois pays", "that (Petit) pays")],
)  # fmt: skip
def test_another_name_or_amount_is_said(written: str, forged: str) -> None:
    assert told(f"We agreed that {written} as before.", f"We agreed that {forged} as before.") == 1


def test_foreign_letters_taken_away_are_changes_of_one_nature() -> None:
    spelt = [(("3⌘5",), ("3zz5",), False)]
    assert nature(spelt) == nature([(("жук",), ("beetle",), False)]) != nature([(("400",), ("900",), False)])


def test_markup_taken_out_of_a_text_says_nothing_else() -> None:
    page = (
        "<html><body><p>Bonjour <b>B</b>ob,</p><p>le comi<wbr>té du bud<span>get</span></p><ol><li>un point</li></ol>"
    )
    assert told(page, "Bonjour B ob, le comi té du bud get un point") == 0


def test_a_footer_after_a_text_that_was_cut_off_says_nothing_else() -> None:
    text = "the hall is booked for the meeting of Friday and the keys are with the caretaker until noon"
    footer = "Staff list of the house, to leave it write to the office"
    assert told(text, text[:60] + " " + footer) == 0
    assert told(text, text.replace("until noon", "until two")) == 1


def test_a_subject_has_no_footer() -> None:
    changes = differences(
        ["The", "hall", "on", "Friday"], ["Offshore", "account", "in", "Panama", "for", "a", "minister"]
    )
    assert len(said(changes, footer=False)) == 1 and said(changes) == ()


def test_a_word_beside_a_rewritten_link_is_still_compared() -> None:
    assert told("pay 400 https://x.example/a now", "pay 9400 https://urldefense.example/x now") == 1


def test_of_a_text_that_was_damaged_as_a_whole_nothing_is_said() -> None:
    text = "la réunion du trésorier a été déplacée, dit René hier"
    broken = "la r=C3=A9union du tr=C3= A9sorier a =C3=A9t=C3=A9 d=C3=A9plac=C3=A9e, dit Ren=C3 hier"
    assert told(text, broken) == 0


def test_a_notice_in_brackets_is_not_said() -> None:
    assert told("the report is here for you", "the report [image removed] is here for you") == 0
    assert told("the report is here for you", "the report never is here for you") == 1


def test_reply_marks_and_tags_are_no_words_of_a_subject() -> None:
    assert subject_words("[staff] Re: Fwd: ***SPAM*** The hall") == ["The", "hall"]


@pytest.mark.parametrize("unit", [(["a", "b"], ["b", "a", "c"]), (["a"], ["a", "b", "a"])])
def test_a_few_words_over_and_over_are_given_up(unit: tuple[list[str], list[str]]) -> None:
    one, other = ["x", *unit[0] * 900, "y"], ["v", *unit[1] * 600, "w"]
    start = time.process_time()
    assert differences(one, other) is None
    assert time.process_time() - start < 1


@given(st.lists(st.sampled_from(["one", "two", "três", "4"]), max_size=40))
def test_equal_texts_do_not_differ(text: list[str]) -> None:
    changes = differences(text, list(text))
    assert changes == [] and mostly_alike(text, text, changes)


@given(st.lists(st.text("abc?é ", max_size=6), max_size=30), st.lists(st.text("abc?é ", max_size=6), max_size=30))
def test_any_words_can_be_compared(one: list[str], other: list[str]) -> None:
    before, after = words(" ".join(one)), words(" ".join(other))
    changes = differences(before, after)
    assert changes is not None
    gone, new = sum(len(c[0]) for c in changes), sum(len(c[1]) for c in changes)
    assert len(before) - gone == len(after) - new
