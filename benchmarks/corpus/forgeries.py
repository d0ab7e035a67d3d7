"""Forged mail and documents, from the side of whoever plants them in a leak.

Group sibling: a verified version of the same message lies in the dump, or the signature is taken from
another message. other: the forger left no such witness. laundering: a trick is meant to have it verified.
omission: words were only taken away, which no verdict may call a forgery (VERDICT §5.1). The framing set
makes honest mail look forged: what must not happen is that the honest items beside are accused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape

import forms

from corpus import stamps
from corpus.clients import Draft, carrying, compose, named, quoted, reply, zone_of
from corpus.scene import (
    Case,
    Recipe,
    dated,
    edited_by,
    halves,
    members_edited,
    other_amount,
    other_decision,
    other_subject,
    retouched,
    with_field,
    without_fields,
)
from corpus.transport import Mail, delivered, trace
from corpus.world import (
    ANAIS,
    CLAIRE,
    DUNMORE,
    EVE,
    INSIDERS,
    KAPPA,
    MARION,
    PAOLO,
    RHO,
    SAILOR,
    SEALER,
    START,
    THEO,
    TREASURER,
    YANN,
    Person,
)

RECIPES: list[Recipe] = []
Make = Callable[[Case], None]
DAY = 86_400


def forgery(group: str) -> Callable[[Make], Make]:
    def register(make: Make) -> Make:
        RECIPES.append(Recipe(make.__name__, group, (make.__doc__ or "").strip(), make))
        return make

    return register


# ---- a copy beside the verified one -----------------------------------------------------------


@forgery("sibling")
def decision_beside(case: Case) -> None:
    """One word turned into its opposite; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    case.fake(box, retouched(mail, box, text=other_decision(mail.draft.text)))


@forgery("sibling")
def amount_beside(case: Case) -> None:
    """One digit of an amount; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    case.fake(box, retouched(mail, box, text=other_amount(mail.draft.text)))


@forgery("sibling")
def negation_beside(case: Case) -> None:
    """One word put in, that turns a decision around; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    case.fake(box, retouched(mail, box, text=mail.draft.text.replace("The treasurer has ", "The treasurer has not ")))


@forgery("sibling")
def person_beside(case: Case) -> None:
    """Somebody else is said to have decided; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    case.fake(box, retouched(mail, box, text=mail.draft.text.replace("The treasurer has ", "The minister has ")))


@forgery("sibling")
def sentence_beside(case: Case) -> None:
    """A sentence put in; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    planted = "Half of it goes to the minister, as always, in cash. "
    case.fake(box, retouched(mail, box, text=mail.draft.text.replace("The treasurer", planted + "The treasurer")))


@forgery("sibling")
def words_put_in_beside(case: Case) -> None:
    """Three words put into a sentence; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    text = mail.draft.text.replace(" euro to the account", " euro in cash directly to the account")
    case.fake(box, retouched(mail, box, text=text))


@forgery("sibling")
def subject_beside(case: Case) -> None:
    """One word of the subject is another; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    case.fake(box, retouched(mail, box, subject=other_subject(mail.draft.subject)))


@forgery("sibling")
def subject_longer_beside(case: Case) -> None:
    """Words put before the subject; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    case.fake(box, retouched(mail, box, subject=f"Secret account, and {mail.draft.subject}"))


@forgery("sibling")
def author_beside(case: Case) -> None:
    """Another author of the same house; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    case.fake(box, retouched(mail, box, shown_from=named(_colleague(mail.draft.author))))


@forgery("sibling")
def date_beside(case: Case) -> None:
    """Date moved by weeks, trace left; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    case.fake(box, retouched(mail, box, date=_other_day(case, mail)))


@forgery("sibling")
def date_and_trace_beside(case: Case) -> None:
    """Date moved by weeks and the printed times of both relays with it; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    shift = -_shift(case)
    moved = _trace_retyped(trace(mail.draft, box, mail.at, mail.at + 3), (mail.at, mail.at + 3), shift)
    date = stamps.date(mail.draft.when + shift, zone_of(mail.draft.when + shift))
    case.fake(box, moved + mail.signature + compose(replace(mail.draft, date=date)))


@forgery("sibling")
def attachment_beside(case: Case) -> None:
    """Another file under the same name; the other reader's copy is whole."""
    draft = case.read_by()
    author, (one, other) = draft.author, draft.to
    draft = replace(draft, files=(case.scene.file(author, draft.when, "pdf"),))
    mail = case.send(draft)
    case.kept(mail, one)
    swapped = replace(case.scene.file(author, draft.when, "pdf"), name=draft.files[0].name)
    case.fake(other, retouched(mail, other, files=(swapped,)))


@forgery("sibling")
def attachment_added_beside(case: Case) -> None:
    """A second file; the other reader's copy is whole."""
    draft = case.read_by()
    author, (one, other) = draft.author, draft.to
    draft = replace(draft, files=(case.scene.file(author, draft.when, "pdf"),))
    mail = case.send(draft)
    case.kept(mail, one)
    case.fake(other, retouched(mail, other, files=(*draft.files, case.scene.file(author, draft.when, "docx"))))


@forgery("sibling")
def html_only_beside(case: Case) -> None:
    """The text stays, the HTML part says another decision; the other reader's copy is whole."""
    author = case.rng.choice((CLAIRE, ANAIS, DUNMORE))
    one = case.scene.insider(author)
    other = case.scene.insider(author, one)
    mail = case.send(case.scene.draft(author, (one, other)))
    case.kept(mail, one)
    text = escape(other_decision(mail.draft.text)).replace("\n\n", "</p>\n<p>")
    case.fake(other, retouched(mail, other, html=f"<html><body>\n<p>{text}</p>\n</body></html>\n"))


@forgery("sibling")
def unsigned_copy_beside(case: Case) -> None:
    """Other words under the same Message-ID, the signature taken off; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    case.fake(box, without_fields(retouched(mail, box, text=other_decision(mail.draft.text)), "DKIM-Signature"))


@forgery("sibling")
def body_hash_recomputed(case: Case) -> None:
    """Other words, and bh= made to fit them; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    changed = retouched(mail, box, text=other_amount(mail.draft.text))
    again = case.post.sign(compose(replace(mail.draft, text=other_amount(mail.draft.text))), "mallory", mail.at)
    new, old = (_tag(octets, b"bh=") for octets in (again, mail.signature))
    case.fake(box, changed.replace(old, new))


@forgery("sibling")
def key_of_ones_own(case: Case) -> None:
    """Other words, signed anew in the author's name with a key that no archive has; the true copy lies elsewhere."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    composed = compose(replace(mail.draft, text=other_decision(mail.draft.text)))
    signed = case.post.sign(composed, "planted", mail.at, domain=mail.draft.author.system.domain)
    case.fake(box, trace(mail.draft, box, mail.at, mail.at + 3) + signed)


@forgery("sibling")
def grafted(case: Case) -> None:
    """An invented mail under the signature and trace of a true one of the same author."""
    mail = case.send()
    kept, box = mail.draft.to[0], case.scene.insider(mail.draft.author, *mail.draft.to)
    case.kept(mail, kept)
    new = case.scene.draft(mail.draft.author, (box,), when=mail.draft.when)
    case.fake(box, trace(new, box, mail.at, mail.at + 3) + mail.signature + compose(new))


@forgery("sibling")
def grafted_of_a_colleague(case: Case) -> None:
    """An invented mail of somebody under the signature of a colleague's true one."""
    mail = case.send()
    colleague = _colleague(mail.draft.author)
    box = case.scene.insider(mail.draft.author, colleague, *mail.draft.to)
    case.kept(mail, mail.draft.to[0])
    new = case.scene.draft(colleague, (box,), when=mail.draft.when)
    case.fake(box, trace(new, box, mail.at, mail.at + 3) + mail.signature + compose(new))


@forgery("sibling")
def replayed_with_other_subject_and_day(case: Case) -> None:
    """A true mail shown as of another month, under another subject, identifier kept."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    shown = other_subject(mail.draft.subject)
    case.fake(box, retouched(mail, box, subject=shown, date=_other_day(case, mail)))


@forgery("other")
def date_alone(case: Case) -> None:
    """Only Date was moved, so t= in the signature and the trace still hold the true day."""
    mail = case.send()
    box = mail.draft.to[0]
    case.fake(box, retouched(mail, box, date=_other_day(case, mail)))


@forgery("sibling")
def subject_beside_its_reply(case: Case) -> None:
    """Another subject on the only copy; the answer to it still carries the true one."""
    mail = case.send()
    box, author = mail.draft.to[0], mail.draft.author
    case.fake(box, retouched(mail, box, subject=other_subject(mail.draft.subject)))
    case.kept(case.send(reply(mail.draft, box, mail.at + 7_000, "Noted, thank you.", case.scene.seed())), author)


@forgery("sibling")
def majority(case: Case) -> None:
    """Three forged copies in three boxes against one true one."""
    draft = case.read_by(4)
    mail = case.send(draft)
    case.kept(mail, draft.to[0])
    for person in draft.to[1:]:
        case.fake(person, retouched(mail, person, text=other_decision(mail.draft.text)))


@forgery("omission")
def sentence_taken_out(case: Case) -> None:
    """The decisive sentence is gone from one copy; the other reader's is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    text = mail.draft.text
    start = text.index("The treasurer")
    end = text.index(".", text.index(" euro", start)) + 1
    case.fake(box, retouched(mail, box, text=text[:start] + text[end:].lstrip()))


# ---- the only copy is changed -----------------------------------------------------------------


@forgery("other")
def decision_alone(case: Case) -> None:
    """One word of the only copy."""
    mail = case.send()
    box = mail.draft.to[0]
    case.fake(box, retouched(mail, box, text=other_decision(mail.draft.text)))


@forgery("other")
def amount_alone(case: Case) -> None:
    """One digit of the only copy."""
    mail = case.send()
    box = mail.draft.to[0]
    case.fake(box, retouched(mail, box, text=other_amount(mail.draft.text)))


@forgery("other")
def subject_alone(case: Case) -> None:
    """Another subject on the only copy."""
    mail = case.send()
    box = mail.draft.to[0]
    case.fake(box, retouched(mail, box, subject=other_subject(mail.draft.subject)))


@forgery("other")
def author_alone(case: Case) -> None:
    """Another author on the only copy; Return-Path and Message-ID still hold the true one."""
    mail = case.send()
    box = mail.draft.to[0]
    case.fake(box, retouched(mail, box, shown_from=named(_colleague(mail.draft.author))))


@forgery("other")
def attachment_alone(case: Case) -> None:
    """Another file in the only copy."""
    draft = case.scene.draft()
    draft = replace(draft, files=(case.scene.file(draft.author, draft.when, "pdf"),))
    mail, box = case.send(draft), draft.to[0]
    swapped = replace(case.scene.file(draft.author, draft.when, "pdf"), name=draft.files[0].name)
    case.fake(box, retouched(mail, box, files=(swapped,)))


@forgery("other")
def date_and_trace_retyped(case: Case) -> None:
    """An unsigned mail moved by weeks: Date and all printed times retyped, queue ids and identifiers left."""
    draft = case.scene.draft(SAILOR)
    box = draft.to[0]
    shift = _shift(case)
    at = draft.when + 2, draft.when + 5
    moved = _trace_retyped(trace(draft, box, *at), at, shift)
    date = stamps.date(draft.when + shift, zone_of(draft.when + shift))
    case.fake(box, moved + compose(replace(draft, date=date)))


# ---- octets that no signature covers ----------------------------------------------------------


@forgery("laundering")
def text_after_signed_length(case: Case) -> None:
    """l= covers the true text; more is put below."""
    draft = case.scene.draft(case.rng.choice((MARION, THEO)))
    mail, box = case.post.send(draft, with_length=True), draft.to[0]
    case.fake(box, delivered(mail, box) + forms.crlf("\nPS: half of it goes to the minister, in cash.\n"))


@forgery("laundering")
def second_subject_on_top(case: Case) -> None:
    """A second, unsigned Subject above the signed one."""
    mail = case.send()
    box = mail.draft.to[0]
    case.fake(box, b"Subject: Secret account in Geneva\r\n" + delivered(mail, box))


@forgery("laundering")
def second_author_on_top(case: Case) -> None:
    """A second, unsigned From above the signed one."""
    mail = case.send()
    box = mail.draft.to[0]
    top = f"From: {named(_colleague(mail.draft.author))}\r\n".encode()
    case.fake(box, top + delivered(mail, box))


@forgery("laundering")
def second_date_below(case: Case) -> None:
    """A second Date below the header section's other fields."""
    mail = case.send()
    box = mail.draft.to[0]
    head, body = halves(delivered(mail, box))
    case.fake(box, head + f"Date: {_other_day(case, mail)}\r\n\r\n".encode() + body)


@forgery("laundering")
def boundary_replaced(case: Case) -> None:
    """Content-Type is not signed: a text that holds a planted part is given a boundary, and shows only that part."""
    draft = case.scene.draft(CLAIRE)
    planted = "\n\n--hidden\nContent-Type: text/plain\n\nThe money is in Geneva.\n--hidden--\n\n"
    draft = replace(draft, client="mutt", text=draft.text + planted)
    mail, box = case.send(draft), draft.to[0]
    case.fake(box, with_field(delivered(mail, box), "Content-Type", 'multipart/mixed; boundary="hidden"'))


@forgery("laundering")
def type_replaced(case: Case) -> None:
    """Content-Type is not signed: text that was plain is shown as HTML, where a comment hides half of it."""
    draft = case.scene.draft(CLAIRE)
    draft = replace(draft, client="mutt", text=f"<!-- {draft.text} --> The money is in Geneva.")
    mail, box = case.send(draft), draft.to[0]
    case.fake(box, with_field(delivered(mail, box), "Content-Type", "text/html; charset=utf-8"))


@forgery("laundering")
def charset_replaced(case: Case) -> None:
    """Content-Type is not signed: the octets are read as UTF-7."""
    draft = replace(case.scene.draft(CLAIRE), client="mutt")
    draft = replace(draft, text=draft.text + "\n\n+AFQAaABlACAAbQBvAG4AZQB5-")
    mail, box = case.send(draft), draft.to[0]
    case.fake(box, with_field(delivered(mail, box), "Content-Type", "text/plain; charset=utf-7"))


@forgery("laundering")
def recipients_replaced(case: Case) -> None:
    """To is not signed: a true mail is shown as sent to somebody else. Limited proof is allowed (VERDICT §1.6)."""
    author = case.rng.choice((CLAIRE, MARION, DUNMORE))
    draft = case.scene.draft(author)
    fields = ("from", "subject", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding")
    mail = case.post.send(draft, fields=fields)
    box = draft.to[0]
    octets = retouched(mail, box, shown_to=named(case.scene.insider(author, box)))
    case.fake(box, octets, permits=("verified", "unverifiable"))


@forgery("laundering")
def author_ambiguous(case: Case) -> None:
    """Two addresses in one From field; the signature is that of the second one's house."""
    draft = case.scene.draft(RHO)
    box = draft.to[0]
    mail = case.send(replace(draft, shown_from=f"{named(CLAIRE)}, {named(RHO)}"))
    case.fake(box, delivered(mail, box))


@forgery("laundering")
def second_message_inside(case: Case) -> None:
    """A verified text holds a line that begins with From and a planted header below it: a mailbox reader may split."""
    draft = case.scene.draft(RHO)
    inside = compose(case.scene.draft(CLAIRE, draft.to, when=draft.when)).decode("utf-8").replace("\r\n", "\n")
    envelope = f"From claire@{CLAIRE.system.domain} Mon Apr 24 10:00:00 2017"
    mail, box = case.send(draft), draft.to[0]
    body = forms.crlf(f"{forms.wrapped(draft.text)}\n{envelope}\n{inside}")
    composed = with_field(halves(mail.composed)[0] + b"\r\n" + body, "Content-Transfer-Encoding", "8bit")
    signed = case.post.sign(composed, "outsider", mail.at)
    mailbox, _ = forms.mbox([(RHO.address, trace(draft, box, mail.at, mail.at + 3) + signed)])
    case.fake(None, mailbox, name=f"boxes/split-{draft.seed[:8]}.mbox", at=f"!@{mailbox.index(envelope.encode())}")


# ---- invented from nothing --------------------------------------------------------------------


def _invented(case: Case, author: Person | None = None) -> Draft:
    """What a forger writes of himself, in the shape of the author's program."""
    return case.scene.draft(author or case.rng.choice((CLAIRE, MARION, DUNMORE, THEO, YANN)))


@forgery("other")
def no_signature_at_all(case: Case) -> None:
    """A perfect invention, but unsigned, of an author whose mail is always signed."""
    draft = _invented(case)
    box = draft.to[0]
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + compose(draft))


@forgery("other")
def wrong_weekday(case: Case) -> None:
    """The Date names the wrong day of the week."""
    draft = _invented(case)
    date = stamps.date(draft.when, zone_of(draft.when))
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    wrong = days[(days.index(date[:3]) + case.rng.randrange(1, 7)) % 7]
    box = draft.to[0]
    octets = compose(replace(draft, date=wrong + date[3:]))
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + octets)


@forgery("other")
def wrong_zone(case: Case) -> None:
    """An offset from UTC that no place uses."""
    draft = _invented(case)
    date = stamps.date(draft.when, 0).replace("+0000", case.rng.choice(("+0107", "-1820", "+1517")))
    box = draft.to[0]
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + compose(replace(draft, date=date)))


@forgery("other")
def software_not_yet_made(case: Case) -> None:
    """A version of the mail program that came out years later."""
    author, later = case.rng.choice(
        (
            (DUNMORE, (b"Microsoft Outlook 15.0", b"Microsoft Outlook 16.0.16130.20306")),
            (MARION, (b"Gecko/20100101 Thunderbird/45.4.0", b"Gecko/20100101 Thunderbird/102.4.0")),
            (YANN, (b"Apple Mail (2.3259)", b"Apple Mail (2.3731.500.231)")),
        )
    )
    draft = _invented(case, author)
    box = draft.to[0]
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + compose(draft).replace(*later))


@forgery("other")
def boundary_not_yet_made(case: Case) -> None:
    """A Gmail boundary in the form of April 2018 and later."""
    draft = _invented(case, case.rng.choice((CLAIRE, ANAIS)))
    box = draft.to[0]
    octets = compose(draft).replace(b"001a114b2c3e", b"000000000000")
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + octets)


@forgery("other")
def made_today(case: Case) -> None:
    """Written this week with real programs through a real relay, and Date and printed times set back by months."""
    draft = _invented(case)
    box = draft.to[0]
    back = -_shift(case)
    at = draft.when + 2, draft.when + 5
    top = _trace_retyped(trace(draft, box, *at), at, back)
    case.fake(box, top + compose(replace(draft, date=stamps.date(draft.when + back, zone_of(draft.when + back)))))


@forgery("other")
def queue_ids_of_another_day(case: Case) -> None:
    """The trace is taken from another mail and its times retyped; its queue ids are of that other day."""
    draft = _invented(case, case.rng.choice((SAILOR, MARION, THEO)))
    box = case.rng.choice((MARION, THEO, CLAIRE))
    draft = replace(draft, to=(box,)) if box != draft.author else replace(draft, to=(CLAIRE,))
    box = draft.to[0]
    shift = _shift(case)
    at = draft.when - shift + 2, draft.when - shift + 5
    top = _trace_retyped(trace(draft, box, *at), at, shift)
    case.fake(box, top + compose(draft))


@forgery("other")
def selector_not_yet_made(case: Case) -> None:
    """Signed with a random value under a selector that the house took up months later."""
    draft = case.scene.draft(case.rng.choice((CLAIRE, MARION)))
    early = case.rng.randrange(5, 90) * DAY
    draft = replace(draft, when=START + early + 36_000)
    box = draft.to[0]
    composed = compose(draft)
    selector = {"horizon-commun.example": b"hc2017", "lavigie.example": b"mail2"}[draft.author.system.domain]
    signed = case.post.sign(composed, "mallory", draft.when, domain=draft.author.system.domain)
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + signed.replace(b"s=d1;", b"s=%s;" % selector))


@forgery("other")
def google_selector_not_yet_made(case: Case) -> None:
    """A mail of gmail.com dated 2016-09, under a selector that names October 2016."""
    draft = case.scene.draft(CLAIRE)
    draft = replace(draft, when=START + case.rng.randrange(20) * DAY + 36_000)
    box = draft.to[0]
    composed = compose(replace(draft, shown_from='"Claire Aubrac" <c.aubrac@gmail.com>'))
    signed = case.post.sign(composed, "mallory", draft.when, domain="gmail.com").replace(b"s=d1;", b"s=20161025;")
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + signed)


@forgery("other")
def shape_of_another_program(case: Case) -> None:
    """The field names one mail program, identifier and boundary are another's."""
    author, client = case.rng.choice(((DUNMORE, "thunderbird"), (YANN, "mutt"), (MARION, "outlook"), (PAOLO, "apple")))
    draft = _invented(case, author)
    own = {"outlook": "X-Mailer", "apple": "X-Mailer", "thunderbird": "User-Agent"}[author.client]
    named_program = {"outlook": "Microsoft Outlook 15.0", "apple": "Apple Mail (2.3259)"}.get(author.client)
    composed = without_fields(compose(replace(draft, client=client)), "X-Mailer", "User-Agent")
    program = named_program or "Mozilla/5.0 (X11; Linux x86_64; rv:45.0) Gecko/20100101 Thunderbird/45.4.0"
    box = draft.to[0]
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + f"{own}: {program}\r\n".encode() + composed)


@forgery("other")
def account_of_another(case: Case) -> None:
    """A Gmail identifier of another account than the author's mails have."""
    draft = _invented(case, replace(case.rng.choice((CLAIRE, ANAIS, TREASURER)), prefix=stamps.gmail_prefix(case.rng)))
    box = draft.to[0]
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + compose(draft))


@forgery("other")
def answer_before_the_question(case: Case) -> None:
    """An invented answer, dated days before the verified mail that it answers."""
    mail = case.send()
    author, box = mail.draft.to[0], mail.draft.author
    case.kept(mail, author)
    answer = reply(mail.draft, author, mail.at - 6 * DAY, "Agreed, and burn this.", case.scene.seed())
    case.fake(box, trace(answer, box, answer.when + 2, answer.when + 5) + compose(answer))


@forgery("other")
def false_quote(case: Case) -> None:
    """An invented, unsigned answer that quotes a verified mail with another decision."""
    mail = case.send()
    author, box = mail.draft.to[0], mail.draft.author
    case.kept(mail, author)
    answer = reply(mail.draft, author, mail.at + 9_000, "Understood.", case.scene.seed())
    quote = quoted(mail.draft, author.client, other_decision(mail.draft.text))
    answer = replace(answer, text=f"Understood.\n\n{quote}")
    case.fake(box, trace(answer, box, answer.when + 2, answer.when + 5) + compose(answer))


@forgery("other")
def parent_denied_by_a_verified_answer(case: Case) -> None:
    """The only copy of an unsigned mail is changed; the verified answer of an insider still quotes the true words."""
    draft = case.scene.draft(SAILOR)
    mail, box = case.send(draft), draft.to[0]
    case.fake(box, retouched(mail, box, text=other_decision(draft.text)))
    answer = reply(draft, box, mail.at + 7_000, "Thank you, that is clear.", case.scene.seed())
    other = case.scene.insider(box)
    case.kept(case.send(replace(answer, to=(SAILOR, other))), other)


@forgery("other")
def parent_denied_by_its_reply_signed(case: Case) -> None:
    """The only copy of a signed mail is changed; the verified answer of an insider still quotes the true words."""
    mail = case.send()
    box, author = mail.draft.to[0], mail.draft.author
    case.fake(box, retouched(mail, box, text=other_decision(mail.draft.text)))
    answer = reply(mail.draft, box, mail.at + 7_000, "Thank you, that is clear.", case.scene.seed())
    case.kept(case.send(answer), author)


@forgery("other")
def unverified_majority(case: Case) -> None:
    """No copy is signed: three forged ones in three boxes, and the true one."""
    draft = case.scene.draft(SAILOR)
    mail = case.send(draft)
    boxes = case.rng.sample([CLAIRE, MARION, DUNMORE, YANN, THEO], 4)
    case.honest(boxes[0], delivered(mail, boxes[0]))
    for box in boxes[1:]:
        case.fake(box, retouched(mail, box, text=other_decision(draft.text)))


@forgery("other")
def spoofed_and_recorded(case: Case) -> None:
    """Sent by a stranger in an insider's name; the trusted receiver that took it in sealed what it saw."""
    draft = _invented(case)
    box = draft.to[0]
    domain = draft.author.system.domain
    checks = f"dkim=none; spf=fail smtp.mailfrom={domain}; dmarc=fail (p=REJECT dis=NONE) header.from={domain}"
    results = f"{SEALER}; {checks}"
    as_eve = replace(draft, author=replace(EVE, local_part=draft.author.local_part))
    sealed = case.post.sealed(compose(draft), results, draft.when + 3)
    case.fake(box, trace(as_eve, box, draft.when + 2, draft.when + 5) + sealed)


@forgery("other")
def clumsy(case: Case) -> None:
    """Invented in a text editor: wrong weekday, another program's identifier, queue ids of another day."""
    draft = _invented(case, case.rng.choice((MARION, DUNMORE)))
    box, shift = draft.to[0], _shift(case)
    at = draft.when - shift + 2, draft.when - shift + 5
    top = _trace_retyped(trace(draft, box, *at), at, shift)
    date = stamps.date(draft.when, zone_of(draft.when))
    wrong = {"Mon": "Tue", "Tue": "Wed", "Wed": "Thu", "Thu": "Fri", "Fri": "Mon", "Sat": "Mon", "Sun": "Mon"}
    octets = compose(replace(draft, date=wrong[date[:3]] + date[3:]))
    case.fake(box, top + with_field(octets, "Message-ID", f"<{stamps.gmail_id('Kq3Zt8b', case.rng)}>"))


@forgery("other")
def clumsy_copy_of_an_outsider(case: Case) -> None:
    """An outsider's unsigned mail, invented: a zone that does not exist and a relay of another day."""
    draft = case.scene.draft(SAILOR)
    box, shift = draft.to[0], _shift(case)
    at = draft.when - shift + 2, draft.when - shift + 5
    top = _trace_retyped(trace(draft, box, *at), at, shift)
    date = stamps.date(draft.when, 0).replace("+0000", "+0107")
    case.fake(box, top + compose(replace(draft, date=date)))


# ---- laundering (VERDICT §8) ------------------------------------------------------------------


@forgery("laundering")
def nested_in_a_verified_mail(case: Case) -> None:
    """An outsider's verified mail carries an invented one of an insider as message/rfc822."""
    outer = case.scene.draft(RHO)
    inner = case.scene.draft(CLAIRE, (RHO,), when=outer.when - 2 * DAY)
    planted = trace(inner, CLAIRE, inner.when + 2, inner.when + 5) + compose(inner)
    mail, box = case.send(carrying(outer, planted)), outer.to[0]
    case.fake(box, delivered(mail, box), at="!2")


@forgery("laundering")
def nested_with_a_graft(case: Case) -> None:
    """The same, and the invented one carries the signature of a true mail."""
    true = case.send(case.scene.draft(CLAIRE))
    case.kept(true, true.draft.to[0])
    outer = case.scene.draft(RHO, when=true.at + 4_000)
    inner = case.scene.draft(CLAIRE, (RHO,), when=true.draft.when)
    planted = trace(inner, CLAIRE, true.at, true.at + 3) + true.signature + compose(inner)
    mail, box = case.send(carrying(outer, planted)), outer.to[0]
    case.fake(box, delivered(mail, box), at="!2")


@forgery("laundering")
def document_mailed_by_an_outsider(case: Case) -> None:
    """A forged document that an outsider truly mailed also lies loose: who sent it is all that is proven."""
    draft = case.scene.draft(RHO)
    forged = case.scene.file(CLAIRE, draft.when - 3 * DAY, "docx")
    mail, box = case.send(replace(draft, files=(forged,))), draft.to[0]
    case.honest(box, delivered(mail, box), provable=True)
    case.fake(None, forged.octets, name=f"documents/{forged.name}")


@forgery("laundering")
def planted_key_and_mails(case: Case) -> None:
    """Three invented mails signed with a key of the forger's own under one new selector: the key can be computed."""
    for _ in range(3):
        draft = case.scene.draft(CLAIRE)
        box = draft.to[0]
        signed = case.post.sign(compose(draft), "planted", draft.when + 2)
        case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + signed)


@forgery("laundering")
def planted_seal_over_planted_key(case: Case) -> None:
    """The same, each sealed in the name of a great receiver with a second key of the forger's own."""
    for _ in range(3):
        draft = case.scene.draft(CLAIRE)
        box = draft.to[0]
        signed = case.post.sign(compose(draft), "planted", draft.when + 2)
        results = f"mx.google.com; dkim=pass header.i=@{CLAIRE.system.domain} header.s=hc2015 header.b={{b}}"
        sealed = case.post.sealed(signed, results, draft.when + 3, held="planted_sealer")
        case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + sealed)


@forgery("laundering")
def good_stranger_beside_a_bad_own(case: Case) -> None:
    """An insider's name, a signature of his house that fails, and one of the forger's domain that holds."""
    mail = case.send()
    box = mail.draft.to[0]
    changed = compose(replace(mail.draft, text=other_decision(mail.draft.text)))
    signed = case.post.sign(mail.signature + changed, "mallory", mail.at)
    case.fake(box, trace(mail.draft, box, mail.at, mail.at + 3) + signed)


@forgery("laundering")
def signed_by_a_stranger(case: Case) -> None:
    """An insider's name under a signature of the forger's domain alone."""
    draft = _invented(case)
    box = draft.to[0]
    signed = case.post.sign(compose(draft), "mallory", draft.when + 2)
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + signed)


@forgery("laundering")
def tenant_of_a_like_name(case: Case) -> None:
    """A provider's tenant name that more than one domain maps to."""
    draft = case.scene.draft(CLAIRE)
    box = draft.to[0]
    signed = case.post.sign(compose(draft), case.rng.choice(("tenant_collision", "tenant_owned")), draft.when + 2)
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + signed)


@forgery("laundering")
def signed_by_a_public_suffix(case: Case) -> None:
    """d= is the suffix that the insider's domain lies under."""
    draft = case.scene.draft(case.rng.choice((CLAIRE, MARION)))
    box = draft.to[0]
    signed = case.post.sign(compose(draft), "suffix", draft.when + 2)
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + signed)


@forgery("other")
def expired_replay_with_new_day(case: Case) -> None:
    """Alone: Date and t= moved by the same weeks in mail and signature."""
    mail = case.send()
    box = mail.draft.to[0]
    shift = _shift(case)
    octets = retouched(mail, box, date=stamps.date(mail.draft.when + shift, zone_of(mail.draft.when + shift)))
    case.fake(box, octets.replace(b"t=%d;" % int(mail.at), b"t=%d;" % int(mail.at + shift)))


# ---- documents --------------------------------------------------------------------------------


@forgery("other")
def document_nearly_the_same(case: Case) -> None:
    """A loose document: a verified one with one amount changed, and renamed."""
    draft = case.scene.draft(case.rng.choice((CLAIRE, DUNMORE, MARION)))
    file = case.scene.file(draft.author, draft.when, "docx")
    mail, box = case.send(replace(draft, files=(file,))), draft.to[0]
    case.kept(mail, box)
    forged = members_edited(file.octets, b" euro", b" dollars in cash")
    assert forged != file.octets
    case.fake(None, forged, name=f"documents/{file.name.removesuffix('.docx')}-final.docx")


@forgery("other")
def document_redated(case: Case) -> None:
    """A loose copy of a verified document that claims to have been made months later."""
    draft = case.scene.draft(case.rng.choice((CLAIRE, DUNMORE, MARION)))
    file = case.scene.file(draft.author, draft.when, "pdf")
    mail, box = case.send(replace(draft, files=(file,))), draft.to[0]
    case.kept(mail, box)
    forged = _dated_again(file.octets, draft.when + _shift(case))
    case.fake(None, forged, name=f"documents/copy-of-{file.name}")


@forgery("other")
def document_made_after_its_mail(case: Case) -> None:
    """The document in an unsigned mail was swapped, weeks later, for one that was saved then."""
    draft = case.scene.draft(SAILOR)
    made = case.scene.file(SAILOR, draft.when, "docx")
    late = replace(made, octets=edited_by(made.octets, SAILOR.name, stamps.w3c(draft.when + _shift(case))))
    box = draft.to[0]
    case.fake(box, delivered(case.send(replace(draft, files=(late,))), box), at="!2")


@forgery("other")
def documents_edited_in_one_go(case: Case) -> None:
    """Loose versions of verified documents, each with one word changed, all saved within minutes by one stranger."""
    when = case.scene.when()
    for number in range(6):
        draft = case.scene.draft(case.rng.choice((CLAIRE, DUNMORE, MARION)), when=when - (number + 2) * DAY)
        file = case.scene.file(draft.author, draft.when, "docx")
        mail, box = case.send(replace(draft, files=(file,))), draft.to[0]
        case.kept(mail, box)
        edited = edited_by(file.octets, "Юрий Белов", stamps.w3c(when + number * 50))
        forged = members_edited(edited, b" euro", b" dollars")
        case.fake(None, forged, name=f"documents/edited/{file.name}")


@forgery("other")
def letter_on_paper(case: Case) -> None:
    """A loose, invented PDF; nothing in the dump knows it."""
    file = case.scene.file(CLAIRE, case.scene.when(), "pdf")
    case.fake(None, file.octets, name=f"documents/{file.name}")


# ---- framing: honest mail made to look forged (VERDICT §8) ------------------------------------


@forgery("other")
def planted_under_an_honest_id(case: Case) -> None:
    """A stranger's own signed mail with the Message-ID of an honest unsigned one, and other words."""
    draft = case.scene.draft(SAILOR)
    mail, box = case.send(draft), draft.to[0]
    case.honest(box, delivered(mail, box))
    planted = replace(draft, author=EVE, text=other_decision(draft.text), message_id=draft.ident)
    other = case.scene.insider(box)
    case.fake(other, delivered(case.send(planted), other), permits=("verified", "unverifiable"))


@forgery("other")
def replayed_to_many(case: Case) -> None:
    """A true mail is replayed to others with edited unsigned fields; the honest copy must not suffer."""
    draft = case.scene.draft(CLAIRE)
    mail, box = case.send(draft), draft.to[0]
    case.kept(mail, box)
    for _ in range(2):
        other = case.scene.insider(CLAIRE, box)
        octets = f"X-Priority: 1\r\nReply-To: {EVE.address}\r\n".encode() + delivered(mail, other)
        case.fake(other, octets, permits=("verified", "unverifiable"))


@forgery("other")
def honest_parent_misquoted(case: Case) -> None:
    """A stranger's verified answer quotes an honest, unsigned mail with another decision."""
    draft = case.scene.draft(SAILOR)
    mail, box = case.send(draft), draft.to[0]
    case.honest(box, delivered(mail, box))
    quote = quoted(draft, "thunderbird", other_decision(draft.text))
    answer = replace(reply(draft, RHO, mail.at + 9_000, "", case.scene.seed()), to=(box,), text=f"Really?\n\n{quote}")
    case.fake(box, delivered(case.send(answer), box), permits=("verified", "unverifiable"))


@forgery("other")
def signature_of_an_honest_mail_stolen(case: Case) -> None:
    """The honest mail lost its key; a stranger signs its very body anew under its Message-ID."""
    draft = case.scene.draft(KAPPA)
    mail, box = case.send(draft), draft.to[0]
    case.honest(box, delivered(mail, box))
    planted = compose(replace(draft, shown_from=named(EVE), text=other_amount(draft.text)))
    other = case.scene.insider(box)
    signed = case.post.sign(planted, "mallory", mail.at)
    as_eve = replace(draft, author=EVE)
    case.fake(other, trace(as_eve, other, mail.at, mail.at + 3) + signed, permits=("verified", "unverifiable"))


def _colleague(author: Person) -> Person:
    return next(p for p in INSIDERS if p.system == author.system and p != author)


def _trace_retyped(top: bytes, at: tuple[float, ...], shift: float) -> bytes:
    """Relays' fields with their printed times moved; their identifiers stay."""
    for when in at:
        old, new = (stamps.date(when + by, zone_of(when + by)).encode() for by in (0, shift))
        top = top.replace(old, new)
    return top


def _shift(case: Case) -> int:
    """Some weeks, at the same hour or another."""
    return case.rng.randrange(9, 120) * DAY + case.rng.randrange(-4, 5) * 3_600


def _other_day(case: Case, mail: Mail) -> str:
    when = mail.draft.when - _shift(case)
    return stamps.date(when, zone_of(when))


def _tag(octets: bytes, name: bytes) -> bytes:
    start = octets.index(name)
    return octets[start : octets.index(b";", start)]


def _dated_again(document: bytes, when: float) -> bytes:
    start = document.index(b"D:20")
    made = dated(document.replace(document[start : start + 23], b"D:20170420101500+02'00'"), when)
    assert made != document
    return made
