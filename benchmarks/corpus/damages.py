"""What honest software does to honest mail: relays, lists, gateways, exporters, archives, people who tidy up.

Half of each kind lies beside a copy that came through whole, the other half alone.
"""

from __future__ import annotations

import quopri
import random
import re
from collections.abc import Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime
from textwrap import fill
from urllib.parse import quote

import forms

from corpus import stamps
from corpus.clients import Draft, File, carrying, compose, named, quoted, reply
from corpus.scene import (
    Case,
    Recipe,
    edited_by,
    fields_of,
    halves,
    members_edited,
    other_amount,
    value_of,
    with_body,
    with_field,
    with_fields,
    without_fields,
)
from corpus.transport import Mail, delivered, trace
from corpus.world import (
    CLAIRE,
    DUNMORE,
    INSIDERS,
    LIST,
    MARION,
    OMEGA,
    PAOLO,
    PREFECT,
    RHO,
    SAILOR,
    SEALER,
    THEO,
    TREASURER,
    Person,
)

RECIPES: list[Recipe] = []

Change = Callable[[bytes, random.Random], bytes]


def damage(*authors: Person, files: str | None = None) -> Callable[[Change], Change]:
    """A change to the delivered octets; authors whose mail it happens to (default: anybody), files they attach."""

    def register(change: Change) -> Change:
        def make(case: Case) -> None:
            draft = _draft(case, authors, files)
            mail = case.send(draft)
            box, other = draft.to
            case.damaged(box, change(delivered(mail, box), case.rng))
            if case.rng.random() < 0.5:
                case.kept(mail, other)

        RECIPES.append(Recipe(change.__name__, "", (change.__doc__ or "").strip(), make))
        return change

    return register


def event(make: Callable[[Case], None]) -> Callable[[Case], None]:
    """A damage that takes more than the octets of one message."""
    RECIPES.append(Recipe(make.__name__, "", (make.__doc__ or "").strip(), make))
    return make


def _draft(case: Case, authors: tuple[Person, ...] = (), files: str | None = None) -> Draft:
    author = case.rng.choice(authors) if authors else case.scene.insider()
    one = case.scene.insider(author)
    draft = case.scene.draft(author, (one, case.scene.insider(author, one)))
    if files is None:
        return draft
    return replace(draft, files=(case.scene.file(author, draft.when, files),))


# ---- line ends, blanks, folding ---------------------------------------------------------------


@damage()
def line_feeds_only(octets: bytes, rng: random.Random) -> bytes:
    """LF line ends."""
    return octets.replace(b"\r\n", b"\n")


@damage()
def trailing_blank_lines(octets: bytes, rng: random.Random) -> bytes:
    """Empty lines after the body."""
    return octets + b"\r\n" * rng.randint(1, 3)


@damage(PREFECT, MARION)
def trailing_spaces_lost(octets: bytes, rng: random.Random) -> bytes:
    """Blanks at the ends of lines are gone."""
    return with_body(octets, lambda body: re.sub(rb"[ \t]+\r\n", b"\r\n", body))


@damage(PREFECT)
def header_folded_anew(octets: bytes, rng: random.Random) -> bytes:
    """Each field on one line."""
    return with_fields(octets, lambda _, field: re.sub(rb"\r\n[ \t]+", b" ", field.removesuffix(b"\r\n")) + b"\r\n")


@damage()
def empty_line_doubled(octets: bytes, rng: random.Random) -> bytes:
    """One more empty line between header and body."""
    return with_body(octets, lambda body: b"\r\n" + body)


@damage(MARION, THEO, SAILOR)
def lines_wrapped_anew(octets: bytes, rng: random.Random) -> bytes:
    """An archive that wraps text at 60 columns."""
    paragraphs = halves(octets)[1].decode("utf-8", "replace").replace("\r\n", "\n").split("\n\n")
    wrapped = "\n\n".join(fill(" ".join(p.split()), 60) for p in paragraphs)
    return with_body(octets, lambda _: forms.crlf(wrapped + "\n"))


@event
def mailbox_from_quoted(case: Case) -> None:
    """A line that begins with From gets a > in an mbox, and keeps it."""
    draft = _draft(case, (MARION, THEO))
    mail = case.send(replace(draft, text=draft.text + "\n\nFrom now on all bills go to the new office."))
    case.damaged(draft.to[0], delivered(mail, draft.to[0]).replace(b"\r\nFrom now on", b"\r\n>From now on"))


@event
def dots_doubled(case: Case) -> None:
    """Lines that begin with a dot keep the second one of SMTP."""
    draft = _draft(case, (MARION, THEO))
    mail = case.send(replace(draft, text=draft.text + "\n\n... and so on, as always."))
    case.damaged(draft.to[0], delivered(mail, draft.to[0]).replace(b"\r\n...", b"\r\n...."))


# ---- encodings --------------------------------------------------------------------------------


@damage(MARION, THEO)
def encoded_by_a_relay(octets: bytes, rng: random.Random) -> bytes:
    """8bit text becomes quoted-printable on the way."""
    made = with_body(octets, lambda body: quopri.encodestring(body.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n"))
    made = with_field(made, "Content-Transfer-Encoding", "quoted-printable")
    return b"X-MIME-Autoconverted: from 8bit to quoted-printable by mx.relay.example\r\n" + made


@damage(files="pdf")
def base64_wrapped_anew(octets: bytes, rng: random.Random) -> bytes:
    """An exporter that writes base64 in lines of 64."""

    def anew(found: re.Match[bytes]) -> bytes:
        text = found[0].replace(b"\r\n", b"")
        return b"".join(text[at : at + 64] + b"\r\n" for at in range(0, len(text), 64))

    return with_body(octets, lambda body: re.sub(rb"(?:[A-Za-z0-9+/=]{76}\r\n)+[A-Za-z0-9+/=]+\r\n", anew, body))


@damage(MARION, THEO)
def charset_converted(octets: bytes, rng: random.Random) -> bytes:
    """Text from UTF-8 to ISO-8859-1, and the label with it."""
    made = with_body(octets, lambda body: body.decode("utf-8").encode("iso-8859-1", "replace"))
    return with_field(made, "Content-Type", "text/plain; charset=iso-8859-1")


@damage(MARION, THEO, SAILOR)
def letters_lost(octets: bytes, rng: random.Random) -> bytes:
    """Every accented letter is a question mark now."""
    return with_body(octets, lambda body: body.decode("utf-8").encode("ascii", "replace"))


@damage(MARION, THEO)
def read_as_another_charset(octets: bytes, rng: random.Random) -> bytes:
    """UTF-8 read as windows-1252 and written as UTF-8 again."""
    return with_body(octets, lambda body: body.decode("cp1252", "replace").encode("utf-8"))


@damage(MARION, THEO, SAILOR)
def type_written_otherwise(octets: bytes, rng: random.Random) -> bytes:
    """Quotes around the charset."""
    return with_field(octets, "Content-Type", 'text/plain; charset="utf-8"')


# ---- header -----------------------------------------------------------------------------------


@damage()
def subject_tagged_by_a_list(octets: bytes, rng: random.Random) -> bytes:
    """[campagne] before the subject."""
    return with_field(octets, "Subject", f"[campagne] {value_of(octets, 'Subject')}")


@damage()
def subject_tagged_as_external(octets: bytes, rng: random.Random) -> bytes:
    """[EXTERNAL] before the subject."""
    return with_field(octets, "Subject", f"[EXTERNAL] {value_of(octets, 'Subject')}")


@damage()
def subject_marked_as_spam(octets: bytes, rng: random.Random) -> bytes:
    """***SPAM*** before the subject."""
    return with_field(octets, "Subject", f"***SPAM*** {value_of(octets, 'Subject')}")


@damage()
def date_in_utc(octets: bytes, rng: random.Random) -> bytes:
    """The same instant, written at +0000."""
    when = parsedate_to_datetime(value_of(octets, "Date")).timestamp()
    return with_field(octets, "Date", stamps.date(when, 0))


@damage()
def name_dropped(octets: bytes, rng: random.Random) -> bytes:
    """Only the address is left of From."""
    address = re.search(r"<(.+)>", value_of(octets, "From"))
    assert address is not None
    return with_field(octets, "From", address[1])


@damage()
def address_written_otherwise(octets: bytes, rng: random.Random) -> bytes:
    """address (name) in place of name <address>."""
    found = re.match(r'"?([^"<]*)"? <(.+)>', value_of(octets, "From"))
    assert found is not None
    return with_field(octets, "From", f"{found[2]} ({found[1].strip()})")


@damage()
def fields_dropped(octets: bytes, rng: random.Random) -> bytes:
    """An exporter that keeps From, To, Subject, Date and the types, and the signature."""
    kept = (b"from", b"to", b"subject", b"date", b"content-type", b"content-transfer-encoding", b"dkim-signature")
    return with_fields(octets, lambda name, field: field if name in kept else b"")


@damage()
def fields_sorted(octets: bytes, rng: random.Random) -> bytes:
    """An exporter that sorts the fields by name."""
    return b"".join(sorted(fields_of(octets))) + b"\r\n" + halves(octets)[1]


@damage()
def signature_dropped(octets: bytes, rng: random.Random) -> bytes:
    """All signatures and seals are gone."""
    return without_fields(octets, "DKIM-Signature")


@damage()
def trace_dropped(octets: bytes, rng: random.Random) -> bytes:
    """No Received, no Return-Path."""
    return without_fields(octets, "Received", "Return-Path", "Delivered-To")


@damage()
def mail_program_adds_fields(octets: bytes, rng: random.Random) -> bytes:
    """Thunderbird's own notes on top."""
    return b"X-Mozilla-Status: 0001\r\nX-Mozilla-Status2: 00000000\r\nX-Account-Key: account3\r\n" + octets


@damage()
def sender_taken_by_a_list(octets: bytes, rng: random.Random) -> bytes:
    """A list with a DMARC work-around writes itself into From."""
    author = value_of(octets, "From")
    name = author.partition(" <")[0].strip('"')
    made = with_field(octets, "From", f'"{name} via campagne" <campagne@{LIST.domain}>')
    lines = f"Reply-To: {author}\r\nList-Id: <campagne.{LIST.domain}>\r\nX-Original-From: {author}\r\n"
    return lines.encode() + made


@damage()
def imported_anew(octets: bytes, rng: random.Random) -> bytes:
    """A webmail import that writes the day of the import into Date and drops the trace."""
    when = parsedate_to_datetime(value_of(octets, "Date")).timestamp() + rng.randrange(40, 300) * 86_400
    made = without_fields(octets, "Received", "Return-Path", "Delivered-To")
    return with_field(made, "Date", stamps.date(when, 60))


# ---- body -------------------------------------------------------------------------------------


@damage(MARION, THEO, SAILOR)
def list_footer_added(octets: bytes, rng: random.Random) -> bytes:
    """Mailman's footer."""
    footer = (
        "_______________________________________________\n"
        f"campagne mailing list\ncampagne@{LIST.domain}\nhttp://{LIST.domain}/mailman/listinfo/campagne\n"
    )
    top = f"List-Id: <campagne.{LIST.domain}>\r\nList-Post: <mailto:campagne@{LIST.domain}>\r\n"
    return top.encode() + octets + forms.crlf(footer)


@damage(MARION, THEO, SAILOR)
def notice_added(octets: bytes, rng: random.Random) -> bytes:
    """A company's notice below."""
    return octets + forms.crlf(
        "\nCe message et toutes les pièces jointes sont confidentiels et établis à l'intention exclusive de ses\n"
        "destinataires. Si vous recevez ce message par erreur, merci de le détruire.\n"
    )


@damage(MARION, THEO, SAILOR)
def banner_added(octets: bytes, rng: random.Random) -> bytes:
    """A gateway's warning above."""
    banner = "CAUTION: This email originated from outside of the organization. Do not click links.\n\n"
    return with_body(octets, lambda body: forms.crlf(banner) + body)


@damage()
def cut_off(octets: bytes, rng: random.Random) -> bytes:
    """The end is missing."""
    head, body = halves(octets)
    return head + b"\r\n" + body[: len(body) * rng.randrange(40, 95) // 100]


@damage(files="pdf")
def attachment_removed(octets: bytes, rng: random.Random) -> bytes:
    """A mailbox owner deletes the attachment; Thunderbird leaves a note."""

    def note(found: re.Match[bytes]) -> bytes:
        return (
            b'Content-Type: text/x-moz-deleted; name="Deleted: file.pdf"\r\nContent-Transfer-Encoding: 8bit\r\n'
            b'Content-Disposition: inline; filename="Deleted: file.pdf"\r\n'
            b'X-Mozilla-Altered: AttachmentDeleted; date="Fri Apr 28 10:00:00 2017"\r\n\r\n'
            b"You deleted an attachment from this message. The original MIME headers for the attachment were:\r\n"
        )

    return re.sub(
        rb"Content-Type: application/pdf\r\n.*?\r\n\r\n[A-Za-z0-9+/=\r\n]+(?=\r\n--)", note, octets, flags=re.S
    )


@event
def attachment_saved_elsewhere(case: Case) -> None:
    """The attachment is taken out and lies among the files of the dump."""
    draft = _draft(case, files="pdf")
    mail, box, file = case.send(draft), draft.to[0], draft.files[0]
    stub = f"[attachment removed: {file.name}]\r\n".encode()
    kept = re.sub(rb"(?<=\r\n\r\n)JVBER[A-Za-z0-9+/=\r\n]+(?=\r\n--)", stub, delivered(mail, box))
    case.damaged(box, kept)
    case.damaged(None, file.octets, name=f"saved/{file.name}")


@event
def links_rewritten(case: Case) -> None:
    """A gateway leads links through itself."""
    draft = _draft(case, (MARION, THEO, SAILOR))
    link = f"https://partage.example/dossier/{case.rng.randrange(10**6)}"
    mail = case.send(replace(draft, text=f"{draft.text}\n\n{link}"))
    safe = f"https://eur01.safelinks.protection.outlook.com/?url={quote(link, safe='')}&data=02%7C01&reserved=0"
    case.damaged(draft.to[0], delivered(mail, draft.to[0]).replace(link.encode(), safe.encode()))


@damage(MARION, THEO, SAILOR, CLAIRE)
def words_blacked_out(octets: bytes, rng: random.Random) -> bytes:
    """Whoever published the leak took towns and amounts out."""
    made = re.sub(rb"[0-9]{2},[0-9]{3} euro", b"[REDACTED]", octets)
    return re.sub(rb"\b(Brest|Rennes|Vannes)\b", "█████".encode(), made)


@damage()
def recipients_made_anonymous(octets: bytes, rng: random.Random) -> bytes:
    """Addresses of recipients are replaced by one token."""
    made = with_field(octets, "To", "redacted@redacted.invalid")
    return with_fields(made, lambda name, field: b"" if name == b"delivered-to" else field)


@damage()
def author_made_anonymous(octets: bytes, rng: random.Random) -> bytes:
    """The sender's address is replaced by a token."""
    return with_field(octets, "From", "[REDACTED] <redacted@redacted.invalid>")


@damage(CLAIRE)
def html_turned_into_text(octets: bytes, rng: random.Random) -> bytes:
    """An exporter that writes the text of both parts as one."""
    parts = re.split(rb"--[0-9a-f]{28}(?:--)?\r\n", halves(octets)[1])
    text = quopri.decodestring(parts[1].partition(b"\r\n\r\n")[2])
    made = with_body(octets, lambda _: text)
    return with_field(made, "Content-Type", "text/plain; charset=utf-8")


@damage(CLAIRE, files="pdf")
def written_anew_by_an_exporter(octets: bytes, rng: random.Random) -> bytes:
    """The MIME structure is built again, with boundaries of the exporter."""
    found = re.findall(rb'boundary="([^"]+)"', octets)
    for number, boundary in enumerate(found):
        octets = octets.replace(boundary, b"--boundary-LibPST-iamunique-%d_-_-" % (number + 1))
    return octets


@damage(MARION, THEO, SAILOR)
def copied_from_a_web_page(octets: bytes, rng: random.Random) -> bytes:
    """Show original, copied: entities, one blank before each line."""
    body = halves(octets)[1].replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    return with_body(octets, lambda _: b"".join(b" " + line + b"\r\n" for line in body.splitlines()))


@damage(MARION, THEO, SAILOR)
def scanned_by_antivirus(octets: bytes, rng: random.Random) -> bytes:
    """A scanner's mark below the text, another every day."""
    day = f"17{rng.randrange(1, 4):02d}{rng.randrange(1, 28):02d}-{rng.randrange(9)}"
    return octets + forms.crlf(f"\n---\nL'absence de virus dans ce courrier a été vérifiée (base {day}).\n")


# ---- ways of mail -----------------------------------------------------------------------------


@event
def delayed(case: Case) -> None:
    """A mail that waited five days for the receiver's server."""
    draft = _draft(case)
    case.damaged(draft.to[0], delivered(case.send(draft), draft.to[0], after=5 * 86_400 + 77))


@event
def wrong_clock(case: Case) -> None:
    """The sender's computer is days or years off; all of its own marks agree with each other."""
    draft = _draft(case)
    off = case.rng.choice((-400, -3.6, 3.6, 31)) * 86_400
    mail = case.post.send(replace(draft, when=draft.when + off), at=draft.when)
    case.damaged(draft.to[0], delivered(mail, draft.to[0]))


@event
def waited_in_the_outbox(case: Case) -> None:
    """Written on a train, sent two days later: Date and identifiers are of the first day."""
    draft = _draft(case)
    mail = case.post.send(draft, at=draft.when + 2.2 * 86_400)
    case.damaged(draft.to[0], delivered(mail, draft.to[0]))


@event
def resent(case: Case) -> None:
    """Redirected three weeks later to somebody else, with Resent- fields and new trace on top."""
    draft = _draft(case)
    mail, (first, second) = case.send(draft), draft.to
    later = mail.at + 21 * 86_400
    fields = [("Resent-From", named(first)), ("Resent-To", named(second)), ("Resent-Date", stamps.date(later, 60))]
    fields.append(("Resent-Message-ID", f"<{stamps.uuid4(case.rng)}@{first.system.domain}>"))
    again = trace(replace(draft, seed=case.scene.seed(), author=first), second, later, later + 3)
    case.damaged(second, again + forms.header(fields) + delivered(mail, first))


@event
def forwarded_as_attachment(case: Case) -> None:
    """A mail inside another one's message/rfc822."""
    draft = _draft(case)
    mail, (first, second) = case.send(draft), draft.to
    inner = replace(case.scene.draft(first, (second,), when=mail.at + 9_000), subject=f"Fwd: {draft.subject}")
    if inner.program == "outlook":
        inner = replace(inner, client="thunderbird")
    case.damaged(second, delivered(case.send(carrying(inner, delivered(mail, first))), second), parts=("!2",))


@event
def forwarded_inline(case: Case) -> None:
    """Forwarded by hand: the old text is quoted, and shortened."""
    draft = _draft(case)
    mail, (first, second) = case.send(draft), draft.to
    text = f"FYI.\n\n-------- Forwarded Message --------\nSubject: {draft.subject}\n\n{draft.text.split('. ')[0]}."
    forward = replace(case.scene.draft(first, (second,), when=mail.at + 5_000), subject=f"Fwd: {draft.subject}")
    case.damaged(second, delivered(case.send(replace(forward, text=text)), second))
    case.kept(mail, first)


@event
def draft_beside_the_mail(case: Case) -> None:
    """A draft with other words and the same Message-ID, no trace, in the author's own box."""
    draft = _draft(case)
    mail = case.send(draft)
    case.kept(mail, draft.to[0])
    first_words = replace(draft, text=draft.text.replace("has ", "has probably ", 1), message_id=draft.ident)
    composed = case.post.send(first_words).composed
    case.damaged(draft.author, b"X-Mozilla-Draft-Info: internal/draft; vcard=0; receipt=0\r\n" + composed)


@event
def sent_copy(case: Case) -> None:
    """The author's own copy: no trace, no signature."""
    draft = _draft(case)
    mail = case.send(draft)
    case.damaged(draft.author, mail.composed)
    case.kept(mail, draft.to[0])


@event
def through_a_list(case: Case) -> None:
    """The whole treatment of a list: tag, footer, its own fields, its own signature, two hops more."""
    draft = _draft(case, (MARION, THEO, SAILOR))
    mail, box = case.send(draft), draft.to[0]
    case.damaged(box, through_list(case, mail, box))


def through_list(case: Case, mail: Mail, box: Person) -> bytes:
    """The mail as a list's subscriber gets it."""
    tagged = with_field(mail.octets, "Subject", f"[campagne] {value_of(mail.octets, 'Subject')}")
    footer = (
        "_______________________________________________\n"
        f"campagne mailing list\ncampagne@{LIST.domain}\nhttp://{LIST.domain}/mailman/listinfo/campagne\n"
    )
    fields = [("List-Id", f"<campagne.{LIST.domain}>"), ("List-Post", f"<mailto:campagne@{LIST.domain}>")]
    fields.append(("Sender", f"campagne-bounces@{LIST.domain}"))
    listed = forms.header(fields) + tagged + forms.crlf(footer)
    signed = case.post.sign(listed, "list", mail.at + 60)
    as_list = replace(mail.draft, author=replace(SAILOR, system=LIST, local_part="campagne-bounces"))
    return trace(as_list, box, mail.at + 61, mail.at + 64) + signed


@event
def bounced(case: Case) -> None:
    """A delivery report that carries the header section of what it reports."""
    draft = _draft(case)
    mail = case.send(draft)
    system = RHO.system
    reports = f"The message for {draft.to[0].address} could not be delivered: mailbox full."
    parts = [
        forms.text_body(reports + "\n", encoding="7bit"),
        ([("Content-Type", "message/delivery-status")], b"Reporting-MTA: dns; mx\r\n\r\nAction: failed\r\n"),
        ([("Content-Type", "text/rfc822-headers")], halves(mail.octets)[0]),
    ]
    fields = [
        ("From", f"MAILER-DAEMON@{system.domain}"), ("To", draft.author.address),
        ("Subject", "Undelivered Mail Returned to Sender"), ("Date", stamps.date(mail.at + 30, 60)),
        ("Message-ID", f"<{stamps.uuid4(case.rng)}@{system.domain}>"), ("MIME-Version", "1.0"),
    ]  # fmt: skip
    body = forms.multipart(f"{case.rng.getrandbits(40):010x}/{system.host}", parts, "report")
    as_daemon = replace(draft, author=RHO, seed=case.scene.seed())
    case.damaged(
        draft.author,
        trace(as_daemon, draft.author, mail.at + 31, mail.at + 33) + forms.entity([*fields, *body[0]], body[1]),
    )


@event
def answered_by_a_robot(case: Case) -> None:
    """A ticket system answers under the same subject and thread, with its own words and no signature."""
    draft = _draft(case)
    mail = case.send(draft)
    text = f"Your request has been registered under number {case.rng.randrange(10**6)}."
    answer = replace(case.scene.draft(SAILOR, (draft.author,), when=mail.at + 60), text=text)
    robot = replace(
        answer, subject=f"[Ticket] {draft.subject}", parent=draft, more=(("Auto-Submitted", "auto-replied"),)
    )
    case.damaged(draft.author, delivered(case.send(robot), draft.author))


@event
def old_mail_as_template(case: Case) -> None:
    """An old mail of one's own, edited as new: other words, day and Message-ID, and the old signature is gone."""
    draft = _draft(case)
    mail = case.send(draft)
    case.kept(mail, draft.to[0])
    new = replace(case.scene.draft(draft.author, draft.to, when=draft.when + 30 * 86_400), subject=draft.subject)
    case.damaged(draft.to[0], delivered(case.send(new), draft.to[0]))


@event
def corrected_and_sent_again(case: Case) -> None:
    """The author sends a second version an hour later, under a new Message-ID, with another amount."""
    draft = _draft(case)
    for version in (
        draft,
        replace(draft, when=draft.when + 3_600, seed=case.scene.seed(), text=other_amount(draft.text)),
    ):
        case.damaged(draft.to[0], delivered(case.send(version), draft.to[0]))


@event
def calendar_invitation(case: Case) -> None:
    """An invitation, whose identifiers are days older than the reminder that carries it."""
    draft = _draft(case, (CLAIRE, THEO))
    uid = f"{stamps.uuid4(case.rng)}@{draft.author.system.domain}"
    event = f"BEGIN:VEVENT\nUID:{uid}\nSUMMARY:{draft.subject}\nEND:VEVENT\n"
    lines = f"BEGIN:VCALENDAR\nMETHOD:REQUEST\n{event}END:VCALENDAR\n"
    invitation = File("invite.ics", "text/calendar", forms.crlf(lines))
    case.damaged(draft.to[0], delivered(case.send(replace(draft, files=(invitation,))), draft.to[0]))


@damage()
def imported_anew_with_its_trace(octets: bytes, rng: random.Random) -> bytes:
    """The same, by an import that leaves the trace alone."""
    when = parsedate_to_datetime(value_of(octets, "Date")).timestamp() + rng.randrange(40, 300) * 86_400
    return with_field(octets, "Date", stamps.date(when, 60))


@damage(SAILOR)
def home_made_script(octets: bytes, rng: random.Random) -> bytes:
    """A shop's script that calls itself Outlook, takes the weekday from nowhere and has no time zone table."""
    made = without_fields(octets, "User-Agent")
    date = value_of(octets, "Date")
    wrong = f"{rng.choice(('Mon', 'Wed', 'Sun'))}{date[3:-5]}+0130"
    return b"X-Mailer: Microsoft Outlook Express 6.00.2600.0000\r\n" + with_field(made, "Date", wrong)


@event
def home_made_script_recorded(case: Case) -> None:
    """The same script on a rented server that the shop's domain does not list; a trusted receiver sealed that."""
    draft = case.scene.draft(SAILOR)
    box, at, domain = draft.to[0], draft.when + 2, SAILOR.system.domain
    checks = f"dkim=none; spf=fail smtp.mailfrom={domain}; dmarc=fail (p=NONE dis=NONE) header.from={domain}"
    made = home_made_script(case.send(draft).composed, case.rng)
    case.damaged(box, trace(draft, box, at, at + 3) + case.post.sealed(made, f"{SEALER}; {checks}", at + 1))


@event
def wrong_clock_unsigned(case: Case) -> None:
    """The computer of somebody whose mail nobody signs is a month fast, and it is answered."""
    draft = case.scene.draft(SAILOR)
    mail = case.post.send(replace(draft, when=draft.when + 31 * 86_400), at=draft.when)
    box = draft.to[0]
    case.damaged(box, delivered(mail, box))
    answer = reply(mail.draft, box, draft.when + 9_000, "Your clock is wrong, by the way.", case.scene.seed())
    other = case.scene.insider(box)
    case.kept(case.send(replace(answer, to=(SAILOR, other))), other)


@event
def answered_by_a_slow_clock(case: Case) -> None:
    """Whoever answers has a clock that is a week slow: the answer is dated before the question."""
    draft = _draft(case)
    mail = case.send(draft)
    case.kept(mail, draft.to[0])
    answer = reply(draft, SAILOR, mail.at - 7 * 86_400, "Fine with me.", case.scene.seed())
    box = draft.author
    case.damaged(box, delivered(case.post.send(replace(answer, to=(box,)), at=mail.at + 5_000), box))


@event
def quote_shortened_by_hand(case: Case) -> None:
    """An insider's verified answer quotes an unsigned mail in his own words: shortened, amounts left out, corrected."""
    draft = case.scene.draft(SAILOR)
    box = draft.to[0]
    case.damaged(box, delivered(case.send(draft), box))
    shorter = re.sub(r"[0-9]{2},[0-9]{3} euro", "[...]", draft.text).replace(" and ", " & ").split("\n\n")[-1]
    answer = reply(draft, box, draft.when + 8_000, "", case.scene.seed())
    text = f"See below.\n\n{quoted(draft, box.client, shorter)}"
    other = case.scene.insider(box)
    case.kept(case.send(replace(answer, to=(SAILOR, other), text=text)), other)


@event
def answer_between_the_lines(case: Case) -> None:
    """An insider's verified answer is written between the quoted lines of an unsigned mail."""
    draft = case.scene.draft(SAILOR)
    box = draft.to[0]
    case.damaged(box, delivered(case.send(draft), box))
    answer = reply(draft, box, draft.when + 8_000, "", case.scene.seed())
    lines = quoted(draft, "thunderbird").split("\n")
    text = "\n".join(
        f"{line}\nYes, {number} is right." if number % 3 == 2 else line for number, line in enumerate(lines)
    )
    other = case.scene.insider(box)
    case.kept(case.send(replace(answer, to=(SAILOR, other), text=text)), other)


@event
def imported_anew_and_answered(case: Case) -> None:
    """An import dates a signed mail anew and drops its trace; an insider's verified answer is older than that day."""
    draft = _draft(case, (PAOLO, DUNMORE, CLAIRE))
    mail, box = case.send(draft), draft.to[0]
    made = without_fields(delivered(mail, box), "Received", "Return-Path", "Delivered-To")
    case.damaged(box, with_field(made, "Date", stamps.date(mail.at + case.rng.randrange(40, 300) * 86_400, 60)))
    answer = reply(draft, box, mail.at + 6_000, "Read, thank you.", case.scene.seed())
    case.kept(case.send(answer), draft.author)


@event
def everything_by_a_wrong_clock(case: Case) -> None:
    """One computer, a month fast, wrote the unsigned mail and saved its document; the mail is answered in time."""
    draft = case.scene.draft(SAILOR)
    fast = draft.when + 31 * 86_400
    file = case.scene.file(SAILOR, fast, "docx")
    saved = replace(file, octets=edited_by(file.octets, SAILOR.name, stamps.w3c(fast - 600)))
    mail = case.post.send(replace(draft, when=fast, files=(saved,)), at=draft.when)
    box = draft.to[0]
    case.damaged(box, delivered(mail, box), parts=("!2",))
    other = case.scene.insider(box)
    answer = reply(mail.draft, box, draft.when + 9_000, "Your clock is wrong, by the way.", case.scene.seed())
    case.kept(case.send(replace(answer, to=(SAILOR, other))), other)


# ---- documents --------------------------------------------------------------------------------


@event
def document_saved_again(case: Case) -> None:
    """Somebody opened a document that he had received, and saved it months later under his own name."""
    draft = _draft(case, files="docx")
    mail, box, file = case.send(draft), draft.to[0], draft.files[0]
    case.kept(mail, box)
    later = stamps.w3c(draft.when + case.rng.randrange(20, 200) * 86_400)
    case.damaged(None, edited_by(file.octets, box.name, later), name=f"saved/{file.name}")


@event
def document_zipped_again(case: Case) -> None:
    """A sanitizer packed the members of a document anew: the same words, other octets."""
    draft = _draft(case, files="docx")
    mail, box, file = case.send(draft), draft.to[0], draft.files[0]
    case.kept(mail, box)
    case.damaged(None, members_edited(file.octets, b"\n", b"\r\n"), name=f"saved/{file.name}")


@event
def older_version_of_a_document(case: Case) -> None:
    """The draft of a document, with other words, lies among the files; the final version was mailed."""
    draft = _draft(case, files="docx")
    mail, box, file = case.send(draft), draft.to[0], draft.files[0]
    case.kept(mail, box)
    case.damaged(None, members_edited(file.octets, b" euro", b" pounds"), name=f"saved/draft-{file.name}")


@event
def document_by_a_wrong_clock(case: Case) -> None:
    """A document saved on a computer whose clock is fast, in an unsigned mail: it is younger than its mail."""
    draft = case.scene.draft(SAILOR)
    box = draft.to[0]
    file = case.scene.file(SAILOR, draft.when, "docx")
    late = replace(file, octets=edited_by(file.octets, SAILOR.name, stamps.w3c(draft.when + 40 * 86_400)))
    case.damaged(box, delivered(case.send(replace(draft, files=(late,))), box), parts=("!2",))


# ---- letters that resemble each other ---------------------------------------------------------


def _merged(case: Case, author: Person, **shared: str) -> list[tuple[Mail, Person]]:
    """One letter to three people in the same second, each with an amount of its own."""
    first = case.scene.draft(author)
    found = []
    for number, reader in enumerate(case.rng.sample([person for person in INSIDERS if person != author], 3)):
        text = re.sub("[0-9]{2},[0-9]{3} euro", f"{number + 31},{number}00 euro", first.text)
        draft = replace(first, to=(reader,), seed=case.scene.seed(), text=f"Dear {reader.name},\n\n{text}")
        found.append((case.send(replace(draft, **shared)), reader))
    return found


@event
def merged_letter(case: Case) -> None:
    """The same letter to three people, with a name and an amount for each; one copy lost signature and Message-ID."""
    letters = _merged(case, case.rng.choice((OMEGA, TREASURER)))
    for mail, reader in letters[1:]:
        case.kept(mail, reader)
    mail, reader = letters[0]
    case.damaged(reader, without_fields(delivered(mail, reader), "DKIM-Signature", "Message-ID"))


@event
def merged_letter_of_one_id(case: Case) -> None:
    """The same, by a program that gives all of them one Message-ID; one copy lost its signature."""
    letters = _merged(case, OMEGA, message_id=f"merge.{case.rng.getrandbits(40):010x}@{OMEGA.system.domain}")
    for mail, reader in letters[1:]:
        case.kept(mail, reader)
    mail, reader = letters[0]
    case.damaged(reader, without_fields(delivered(mail, reader), "DKIM-Signature"))


@event
def two_letters_of_one_id(case: Case) -> None:
    """A program that has one Message-ID for each customer: the reminder has the identifier of the bill, unsigned."""
    ident = f"customer.{case.rng.randrange(10**6)}@{OMEGA.system.domain}"
    bill = replace(case.scene.draft(OMEGA), message_id=ident)
    case.kept(case.send(bill), bill.to[0])
    later = bill.when + case.rng.choice((600, 9_000, 40 * 86_400))
    reminder = replace(bill, when=later, seed=case.scene.seed(), text=other_amount(bill.text))
    case.damaged(bill.to[0], without_fields(delivered(case.send(reminder), bill.to[0]), "DKIM-Signature"))


@event
def identifiers_dropped(case: Case) -> None:
    """An exporter drops signature, Message-ID and trace of one of two copies."""
    draft = _draft(case)
    mail = case.send(draft)
    case.kept(mail, draft.to[0])
    gone = ("DKIM-Signature", "Message-ID", "Received", "Return-Path", "Delivered-To")
    case.damaged(draft.to[1], without_fields(delivered(mail, draft.to[1]), *gone))


@event
def personal_footer_added(case: Case) -> None:
    """A list writes the address of each reader below the text; the author's own box holds the sent copy."""
    draft = _draft(case, (MARION, THEO))
    mail = case.send(draft)
    for reader in draft.to:
        leave = f"https://{LIST.domain}/u/{case.rng.randrange(10**6)}"
        footer = f"\n--\nYou receive this as {reader.address}. Leave: {leave}\n"
        case.damaged(reader, delivered(mail, reader) + forms.crlf(footer))
    case.damaged(draft.author, mail.composed)


@event
def two_answers_in_a_minute(case: Case) -> None:
    """Somebody answers twice within a minute, correcting himself; the exporter dropped the second one's signature."""
    draft = _draft(case)
    mail, author = case.send(draft), draft.to[0]
    first = reply(draft, author, mail.at + 4_000, "Yes, I agree to the first proposal.", case.scene.seed())
    second = reply(draft, author, mail.at + 4_040, "No, I meant: I agree to the second proposal.", case.scene.seed())
    case.kept(case.send(first), draft.author)
    case.damaged(draft.author, without_fields(delivered(case.send(second), draft.author), "DKIM-Signature"))


# ---- what looks like one of the forgeries, and is not -------------------------------------------


@damage()
def words_put_before_the_subject(octets: bytes, rng: random.Random) -> bytes:
    """A gateway writes words of its own before the subject, that no list of tags has."""
    return with_field(octets, "Subject", f"Outside mail, please check - {value_of(octets, 'Subject')}")


@event
def old_mail_as_template_with_its_signature(case: Case) -> None:
    """An old mail edited as new by a program that leaves the old signature field in; the house signs no new one."""
    draft = _draft(case)
    mail = case.send(draft)
    case.kept(mail, draft.to[0])
    new = replace(case.scene.draft(draft.author, draft.to, when=draft.when + 30 * 86_400), subject=draft.subject)
    top = trace(new, draft.to[0], new.when + 2, new.when + 5)
    case.damaged(draft.to[0], top + mail.signature + compose(new))


@event
def quote_corrected_by_hand(case: Case) -> None:
    """An unsigned answer to an insider's verified mail corrects two words in what it quotes."""
    mail = case.send()
    reader, author = mail.draft.to[0], mail.draft.author
    case.kept(mail, reader)
    corrected = mail.draft.text.replace("The treasurer", "Our treasurer", 1).replace(" euro", " EUR")
    answer = reply(mail.draft, reader, mail.at + 9_000, "", case.scene.seed())
    answer = replace(answer, text=f"With my corrections.\n\n{quoted(mail.draft, reader.client, corrected)}")
    case.damaged(author, trace(answer, author, answer.when + 2, answer.when + 5) + compose(answer))


@event
def drafts_of_one_evening(case: Case) -> None:
    """A lawyer from outside saved his drafts one after the other; insiders mailed the versions that came of them."""
    evening = case.scene.when()
    for number in range(6):
        draft = case.scene.draft(case.rng.choice((CLAIRE, DUNMORE, MARION)), when=evening + (number + 2) * 86_400)
        file = case.scene.file(draft.author, draft.when, "docx")
        mail, box = case.send(replace(draft, files=(file,))), draft.to[0]
        case.kept(mail, box)
        first = edited_by(file.octets, "Silas Brandt", stamps.w3c(evening + number * 90))
        case.damaged(None, members_edited(first, b" euro", b" francs"), name=f"drafts/{file.name}")
