"""Honest mail of odd systems: devices, offices, gateways and archives that write what few others write.

Nothing in it was changed by anybody who meant harm; much of it looks as forgeries do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from corpus import stamps
from corpus.clients import carrying, compose, named, reply
from corpus.scene import Case, Recipe, value_of, with_body, with_field, with_fields, without_fields
from corpus.transport import delivered, trace
from corpus.world import CLAIRE, DUNMORE, LIST, MARION, OMEGA, PREFECT, PRESS, RHO, SAILOR, THEO

RECIPES: list[Recipe] = []


def odd(make: Callable[[Case], None]) -> Callable[[Case], None]:
    RECIPES.append(Recipe(make.__name__, "", (make.__doc__ or "").strip(), make))
    return make


# ---- two received copies of one unsigned mail, one of them written anew on the way -----------------


def rewritten(says: str) -> Callable[[Callable[[bytes], bytes]], Callable[[bytes], bytes]]:
    """One of two received copies of a mail that nobody signed, its body changed by software."""

    def register(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        def make(case: Case) -> None:
            one = case.scene.insider()
            other = case.scene.insider(one)
            draft = case.scene.draft(SAILOR, (one, other))
            draft = replace(draft, text=f"{draft.text}\n\nSee https://plans.example/hall?room=2&page=3 for “the café”.")
            mail = case.send(draft)
            case.honest(one, delivered(mail, one))
            case.damaged(other, with_body(delivered(mail, other), change))

        RECIPES.append(Recipe(change.__name__, "", says, make))
        return change

    return register


@rewritten("A gateway rewrites links in one of two unsigned copies.")
def unsigned_links_rewritten(body: bytes) -> bytes:
    link = b"https://plans.example/hall?room=3D2&page=3D3"
    plain = b"https://plans.example/hall?room=2&page=3"
    safe = f"https://eur01.safelinks.protection.outlook.com/?url={quote(plain.decode(), safe='')}&data=02".encode()
    return body.replace(link, safe.replace(b"=", b"=3D")).replace(plain, safe)


@rewritten("An archive writes one of two unsigned copies in US-ASCII, EUR for euro's letters left out.")
def unsigned_turned_into_ascii(body: bytes) -> bytes:
    pairs = (("“", '"'), ("”", '"'), ("é", "e"), ("è", "e"), ("à", "a"), ("ê", "e"), ("ç", "c"), ("’", "'"))
    for letter, plain in pairs:
        body = body.replace(letter.encode(), plain.encode())
        body = body.replace("".join(f"={octet:02X}" for octet in letter.encode()).encode(), plain.encode())
    return body


@rewritten("A publisher puts pseudonyms in the place of the treasurer and of towns in one of two unsigned copies.")
def unsigned_made_anonymous(body: bytes) -> bytes:
    return re.sub(rb"\b(Brest|Rennes|Lorient|Vannes|Morlaix|Quimper|Dinan)\b", b"[TOWN 1]", body).replace(
        b"The treasurer", b"[PERSON 4]"
    )


@rewritten("A newsroom blacked the amounts of one of two unsigned copies out.")
def unsigned_amounts_blacked_out(body: bytes) -> bytes:
    return re.sub(rb"[0-9]{2},[0-9]{3} euro", b"XX,XXX euro", body)


@rewritten("A mail program writes addresses behind links of one of two unsigned copies.")
def unsigned_links_spelt_out(body: bytes) -> bytes:
    return body.replace(b"See https", b"See <https://plans.example/> https")


@rewritten("A scanner's notice below one of two unsigned copies, a warning above the other's text.")
def unsigned_with_notices(body: bytes) -> bytes:
    above = b"CAUTION: This message came from outside. Do not open files that you do not expect.\r\n\r\n"
    return above + body.rstrip() + b"\r\n\r\nNo virus found in this message.\r\nChecked by a scanner - v. 17.2\r\n"


# ---- offices, devices and systems -------------------------------------------------------------------


@odd
def forwarder_that_signs(case: Case) -> None:
    """A forwarder puts a notice below the text, signs the result with its own key and leaves no other mark."""
    mail = case.send()
    box = mail.draft.to[0]
    changed = with_body(mail.octets, lambda body: body.rstrip() + b"\r\n\r\nForwarded by the post room.\r\n")
    signed = case.post.sign(changed, "outsider", mail.at + 2)
    case.damaged(box, trace(mail.draft, box, mail.at, mail.at + 3) + signed)


@odd
def newsletter_in_an_insiders_name(case: Case) -> None:
    """An insider writes to the readers of a newsletter through a service, which signs with its own domain alone."""
    draft = case.scene.draft(CLAIRE)
    box = draft.to[0]
    signed = case.post.sign(compose(replace(draft, client="bulk")), "letters", draft.when + 2)
    case.damaged(box, trace(draft, box, draft.when + 2, draft.when + 5) + signed)


@odd
def phone_behind_an_office_server(case: Case) -> None:
    """A telephone names itself, and the office's server gives the identifier and the boundary."""
    draft = replace(case.scene.draft(DUNMORE), client="apple")
    box = draft.to[0]
    made = compose(draft)
    ident = f"<VI1PR04MB{case.rng.randrange(1000, 9999)}@VI1PR04MB.eurprd04.prod.outlook.com>"
    made = with_field(made, "X-Mailer", "iPhone Mail (14E304)")
    signed = case.post.sign(with_field(made, "Message-ID", ident), "law_office", draft.when + 2)
    case.damaged(box, trace(draft, box, draft.when + 2, draft.when + 5) + signed)


@odd
def notes_of_an_old_office(case: Case) -> None:
    """Lotus Notes, through a gateway of its own."""
    draft = replace(case.scene.draft(PREFECT), client="mutt")
    box = draft.to[0]
    unid = f"{case.rng.getrandbits(32):08X}.{case.rng.getrandbits(32):08X}"
    ident = f"<OF{unid}-ONC1258109.00{unid[:6]}@ville>"
    made = with_field(without_fields(compose(draft), "User-Agent"), "Message-ID", ident)
    top = b"X-Mailer: Lotus Notes Release 8.5.3 September 15, 2011\r\nX-MIMETrack: Serialize by Router on M1\r\n"
    case.damaged(box, trace(draft, box, draft.when + 2, draft.when + 5) + top + made)


@odd
def preamble_of_an_old_gateway(case: Case) -> None:
    """A gateway explains above the first part, at length, what to do without a program that knows of parts."""
    box = case.scene.insider()
    draft = case.scene.draft(SAILOR, (box,))
    draft = replace(draft, files=(case.scene.file(SAILOR, draft.when, "pdf"),))
    said = (
        b"If you are reading this, your e-mail software does not show parts. You may want to consider changing\r\n"
        b"to one that understands how to handle letters with several parts and enclosures.\r\n\r\n"
    )
    case.damaged(
        box, with_body(delivered(case.send(draft), box), lambda body: said + body[body.index(b"\r\n--") + 2 :])
    )


@odd
def scanner_of_the_copy_room(case: Case) -> None:
    """A copier: no Message-ID, a Date without a zone, a name of its own and one file."""
    draft = replace(case.scene.draft(SAILOR), client="mutt")
    box = draft.to[0]
    file = case.scene.file(SAILOR, draft.when, "pdf")
    made = compose(replace(draft, subject="Message from KM_C364e", files=(file,)))
    date = value_of(made, "Date")
    made = without_fields(with_field(made, "Date", date[:-6]), "Message-ID", "User-Agent")
    case.damaged(box, trace(draft, box, draft.when + 2, draft.when + 5) + made)


@odd
def ticket_system(case: Case) -> None:
    """A ticket system sends what a customer wrote on in its own name, with an identifier of its own."""
    draft = case.scene.draft(OMEGA)
    box = draft.to[0]
    made = compose(replace(draft, client="mutt", shown_from=f'"{OMEGA.name} via RT" <support@{OMEGA.system.domain}>'))
    made = with_field(without_fields(made, "User-Agent"), "Message-ID", f"<rt-4.2.8-{case.rng.randrange(9999)}-1.2@rt>")
    more = f"RT-Ticket: office #{case.rng.randrange(999)}\r\nReply-To: {draft.author.address}\r\n".encode()
    signed = case.post.sign(more + made, "supplier", draft.when + 2)
    case.damaged(box, trace(draft, box, draft.when + 2, draft.when + 5) + signed)


@odd
def returned_with_the_letter_inside(case: Case) -> None:
    """A mail server could not deliver and sends the letter back, whole and signed, inside its notice."""
    mail = case.send(case.scene.draft(CLAIRE))
    notice = replace(
        case.scene.draft(PRESS, (CLAIRE,), when=mail.at + 60),
        subject="Undelivered Mail Returned to Sender",
        text="The mail system could not deliver your message. It is attached below.",
    )
    case.damaged(CLAIRE, delivered(case.send(carrying(notice, mail.octets)), CLAIRE), parts=("!2",))


@odd
def attached_by_hand(case: Case) -> None:
    """Outlook attaches an old mail as a file: header and words, neither trace nor signature."""
    inner = case.scene.draft(CLAIRE)
    outer = case.scene.draft(MARION, when=inner.when + 40_000)
    mail, box = case.send(carrying(outer, compose(inner))), outer.to[0]
    case.damaged(box, delivered(mail, box), parts=("!2",))


@odd
def letter_of_two_houses(case: Case) -> None:
    """A joint letter names both authors in From and, as the standard asks, who sent it in Sender."""
    draft = case.scene.draft(RHO)
    box = draft.to[0]
    mail = case.send(replace(draft, shown_from=f"{named(RHO)}, {named(OMEGA)}", more=(("Sender", RHO.address),)))
    case.damaged(box, delivered(mail, box))


@odd
def one_field_for_each_reader(case: Case) -> None:
    """An old program writes a To field for each reader."""
    one = case.scene.insider()
    draft = case.scene.draft(SAILOR, (one,))
    octets = delivered(case.send(draft), one)
    again = f"To: {named(case.scene.insider(one))}\r\n".encode()
    case.damaged(one, with_fields(octets, lambda name, field: field + again if name == b"to" else field))


@odd
def zones_of_the_world(case: Case) -> None:
    """Dates from where clocks differ by quarters of an hour, and in words that the standard calls obsolete."""
    draft = case.scene.draft(SAILOR)
    box = draft.to[0]
    local, zone = case.rng.choice(
        ((345, "+0545"), (765, "+1245"), (-570, "-0930"), (0, "UT"), (-300, "EST"), (0, "GMT"))
    )
    date = stamps.date(draft.when, local)[:-5] + zone
    made = with_field(compose(draft), "Date", date)
    case.damaged(box, trace(draft, box, draft.when + 2, draft.when + 5) + made)


@odd
def moved_to_another_server(case: Case) -> None:
    """A migration gave every mail an identifier of its own, and kept the old one nowhere."""
    mail = case.send()
    box = mail.draft.to[0]
    ident = f"<{case.rng.getrandbits(48):012x}.migrated@{box.system.domain}>"
    case.damaged(box, with_field(delivered(mail, box), "Message-ID", ident))


@odd
def read_receipt(case: Case) -> None:
    """The program answers by itself that a mail was read, within a second."""
    mail = case.send(case.scene.draft(RHO))
    box = mail.draft.to[0]
    case.kept(mail, box)
    answer = replace(reply(mail.draft, box, mail.at + 1, "", case.scene.seed()), text="Your message was displayed.")
    case.damaged(box, case.send(replace(answer, subject=f"Read: {mail.draft.subject}")).composed)


@odd
def redirected_by_hand(case: Case) -> None:
    """A reader redirects a mail to a colleague: Resent fields on top, all else as it was."""
    mail = case.send()
    reader = mail.draft.to[0]
    other = case.scene.insider(mail.draft.author, reader)
    when = mail.at + 8_000
    top = f"Resent-From: {reader.address}\r\nResent-To: {other.address}\r\nResent-Date: {stamps.date(when, 60)}\r\n"
    case.damaged(other, trace(mail.draft, other, mail.at, when) + top.encode() + mail.octets)


@odd
def digest_of_a_list(case: Case) -> None:
    """A list gathers letters of a day as messages in one mail, without their traces."""
    letters = [case.send(case.scene.draft(author)) for author in (MARION, THEO)]
    outer = replace(case.scene.draft(PRESS), subject="Digest, vol 3", more=(("List-Id", f"<{LIST.domain}>"),))
    for letter in letters:
        outer = carrying(outer, letter.octets)
    box = outer.to[0]
    case.damaged(box, delivered(case.send(outer), box), parts=("!2", "!3"))


@odd
def field_added_by_an_importer(case: Case) -> None:
    """An importer writes the hour at which it ran into a Date of its own, below the old one."""
    draft = case.scene.draft(SAILOR)
    box = draft.to[0]
    octets = delivered(case.send(draft), box)
    again = f"Date: {stamps.date(draft.when + 20 * 86_400, 60)}\r\n".encode()
    case.damaged(box, with_fields(octets, lambda name, field: field + again if name == b"date" else field))
