"""Forgeries written after the rules, by somebody who has read them: what they catch, and what they must not verify."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace

from corpus import stamps
from corpus.clients import carrying, compose, named, quoted, reply, zone_of
from corpus.forgeries import DAY, Make
from corpus.scene import (
    Case,
    Recipe,
    halves,
    members_edited,
    other_amount,
    other_decision,
    retouched,
    with_body,
    with_field,
    without_fields,
)
from corpus.transport import delivered, trace
from corpus.world import ANAIS, CLAIRE, DUNMORE, EVE, MARION, PAOLO, RHO, SAILOR, THEO

RECIPES: list[Recipe] = []


def invention(group: str) -> Callable[[Make], Make]:
    def register(make: Make) -> Make:
        RECIPES.append(Recipe(make.__name__, group, (make.__doc__ or "").strip(), make))
        return make

    return register


# ---- the only copy ----------------------------------------------------------------------------


@invention("other")
def words_before_the_only_subject(case: Case) -> None:
    """Words put before the subject of the only copy."""
    mail = case.send()
    box = mail.draft.to[0]
    case.fake(box, retouched(mail, box, subject=f"Secret account, and {mail.draft.subject}"))


@invention("other")
def words_inside_the_only_subject(case: Case) -> None:
    """Two words put into the subject of the only copy."""
    mail = case.send()
    box = mail.draft.to[0]
    head, _, tail = mail.draft.subject.partition(" ")
    case.fake(box, retouched(mail, box, subject=f"{head} unpaid bribe {tail}"))


@invention("other")
def document_swapped_and_mail_unsigned(case: Case) -> None:
    """The mail of an outsider who signs nothing, with a document that was edited months later by a known name."""
    draft = case.scene.draft(SAILOR)
    file = case.scene.file(SAILOR, draft.when, "docx")
    forged = members_edited(file.octets, b" euro", b" dollars in cash")
    box = draft.to[0]
    case.fake(box, delivered(case.send(replace(draft, files=(replace(file, octets=forged),))), box), at="!2")


@invention("other")
def one_letter_of_the_address(case: Case) -> None:
    """An unsigned invention in the name of an insider, from an address of the house that he does not have."""
    person = case.rng.choice((CLAIRE, MARION, DUNMORE))
    false = replace(person, local_part=person.local_part.replace(".", "_") + "1")
    draft = case.scene.draft(false, (case.scene.insider(person),))
    box = draft.to[0]
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + compose(draft))


@invention("other")
def name_of_an_insider_at_a_provider(case: Case) -> None:
    """An invention with an insider's name before an address of the forger's, signed by the forger's own domain."""
    person = case.rng.choice((CLAIRE, MARION, PAOLO))
    draft = case.scene.draft(replace(EVE, name=person.name, local_part=person.local_part))
    box = draft.to[0]
    case.fake(box, delivered(case.send(draft), box), permits=("verified", "unverifiable"))


@invention("other")
def relay_times_in_another_order(case: Case) -> None:
    """An unsigned invention whose last relay has the letter two days before the first one took it."""
    draft = case.scene.draft(SAILOR)
    box = draft.to[0]
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 2 - 3 * DAY) + compose(draft))


@invention("other")
def written_before_its_thread(case: Case) -> None:
    """An Outlook invention whose Thread-Index begins months after its Date."""
    draft = case.scene.draft(case.rng.choice((DUNMORE, PAOLO)))
    box = draft.to[0]
    late = draft.when + 100 * DAY
    index = base64.b64encode(stamps.thread_index(late, case.rng)).decode()
    composed = compose(draft)
    if b"\r\nThread-Index:" in composed:
        composed = with_field(composed, "Thread-Index", index)
    case.fake(box, trace(draft, box, draft.when + 2, draft.when + 5) + composed)


# ---- beside the true one ------------------------------------------------------------------------


@invention("sibling")
def copy_under_another_id(case: Case) -> None:
    """Another decision, the signature taken off and the Message-ID replaced; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    changed = without_fields(retouched(mail, box, text=other_decision(mail.draft.text)), "DKIM-Signature")
    ident = f"<{stamps.uuid4(case.rng)}@{mail.draft.author.system.domain}>"
    case.fake(box, with_field(changed, "Message-ID", ident))


@invention("sibling")
def two_fields_and_the_text(case: Case) -> None:
    """Subject, Date and amount changed together; the other reader's copy is whole."""
    mail, kept, box = case.two_readers()
    case.kept(mail, kept)
    when = mail.draft.when - 40 * DAY
    changes = {"text": other_amount(mail.draft.text), "subject": f"{mail.draft.subject} (final)"}
    case.fake(box, retouched(mail, box, date=stamps.date(when, zone_of(when)), **changes))


@invention("sibling")
def signature_of_another_day_of_the_author(case: Case) -> None:
    """An invention under the signature of a short note of the same author to the same reader, as an answer to it."""
    mail = case.send()
    box = mail.draft.to[0]
    case.kept(mail, box)
    new = case.scene.draft(mail.draft.author, (box,), when=mail.draft.when + 2 * DAY)
    octets = trace(new, box, new.when + 2, new.when + 5) + mail.signature + compose(new)
    case.fake(box, octets)


@invention("other")
def unsigned_original_edited_in_one_box(case: Case) -> None:
    """Nobody signed it: one of two received copies has another amount, the other is as it was."""
    one = case.scene.insider()
    other = case.scene.insider(one)
    draft = case.scene.draft(SAILOR, (one, other))
    mail = case.send(draft)
    case.honest(one, delivered(mail, one))
    case.fake(other, retouched(mail, other, text=other_amount(draft.text)))


# ---- tricks -------------------------------------------------------------------------------------


@invention("laundering")
def comment_around_the_address(case: Case) -> None:
    """An insider's address in a comment of From, the forger's behind it: the forger's own signature is aligned."""
    draft = case.scene.draft(EVE)
    box = draft.to[0]
    shown = f"{CLAIRE.name} <{EVE.address}> ({CLAIRE.address})"
    case.fake(box, delivered(case.send(replace(draft, shown_from=shown)), box))


@invention("laundering")
def field_folded_around_a_second_one(case: Case) -> None:
    """A second From hidden behind a bare CR in a field that nobody signed."""
    mail = case.send()
    box = mail.draft.to[0]
    case.fake(box, b"X-Note: x\rFrom: " + EVE.address.encode() + b"\r\n" + delivered(mail, box))


@invention("laundering")
def header_ended_early(case: Case) -> None:
    """A blank line of one blank on top, behind which some programs begin the body: other words stand above it."""
    mail = case.send()
    box = mail.draft.to[0]
    case.fake(box, b"Subject: The money is in Geneva.\r\n \r\n" + delivered(mail, box))


@invention("laundering")
def closing_boundary_moved(case: Case) -> None:
    """A part put behind the closing boundary of a signed multipart, and the boundary's name changed to show it."""
    draft = replace(case.scene.draft(ANAIS), client="gmail")
    mail, box = case.send(draft), draft.to[0]
    more = b"--x\r\nContent-Type: text/plain\r\n\r\nThe money is in Geneva.\r\n--x--\r\n"
    made = with_body(delivered(mail, box), lambda body: body + more)
    case.fake(box, with_field(made, "Content-Type", 'multipart/alternative; boundary="x"'))


@invention("laundering")
def attachment_type_of_the_body(case: Case) -> None:
    """An unsigned Content-Disposition makes an attachment of the true text; a planted part is all that is shown."""
    draft = replace(case.scene.draft(CLAIRE), client="mutt")
    mail, box = case.send(draft), draft.to[0]
    head, body = halves(delivered(mail, box))
    case.fake(box, head + b'Content-Disposition: attachment; filename="The money is in Geneva.txt"\r\n\r\n' + body)


@invention("laundering")
def forged_mail_in_a_zip_of_a_verified_one(case: Case) -> None:
    """An outsider's verified mail carries a zip, in which an insider's invented mail lies."""
    outer = case.scene.draft(RHO)
    inner = case.scene.draft(CLAIRE, (RHO,), when=outer.when - 2 * DAY)
    planted = trace(inner, CLAIRE, inner.when + 2, inner.when + 5) + compose(inner)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mail.eml", (2017, 4, 1, 0, 0, 0)), planted)
    enclosed = replace(case.scene.file(RHO, outer.when, "pdf"), name="mail.zip", octets=file.getvalue())
    enclosed = replace(enclosed, media_type="application/zip")
    mail, box = case.send(replace(outer, files=(enclosed,))), outer.to[0]
    case.fake(box, delivered(mail, box), at="!2!mail.eml")


@invention("laundering")
def forged_quote_in_an_insiders_signed_answer(case: Case) -> None:
    """An accomplice outside answers in a signed mail and quotes an insider's letter that never was."""
    draft = case.scene.draft(CLAIRE, (RHO,))
    answer = reply(draft, RHO, draft.when + 9_000, "", case.scene.seed())
    text = f"As you say.\n\n{quoted(draft, RHO.client, other_decision(draft.text))}"
    mail = case.send(replace(answer, text=text, to=(case.scene.insider(CLAIRE),)))
    case.fake(mail.draft.to[0], delivered(mail, mail.draft.to[0]), permits=("verified", "unverifiable"))


@invention("laundering")
def sender_of_a_colleague(case: Case) -> None:
    """A true mail with a Sender and a Reply-To of the forger's above it: neither is signed."""
    mail = case.send()
    box = mail.draft.to[0]
    top = f"Sender: {named(EVE)}\r\nReply-To: {EVE.address}\r\n".encode()
    case.fake(box, top + delivered(mail, box), permits=("verified", "unverifiable"))


@invention("laundering")
def forwarded_with_other_words(case: Case) -> None:
    """An insider's signed mail, forwarded as a file in an outsider's verified one, with another amount."""
    mail = case.send(case.scene.draft(case.rng.choice((MARION, THEO))))
    outer = case.scene.draft(RHO, when=mail.at + 9_000)
    changed = retouched(mail, mail.draft.to[0], text=other_amount(mail.draft.text))
    carrier, box = case.send(carrying(outer, changed)), outer.to[0]
    case.fake(box, delivered(carrier, box), at="!2")
