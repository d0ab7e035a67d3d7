"""The invented world: its mail systems, people and documents, and how its mail is put together."""

from __future__ import annotations

import forms
from forms import Body, entity, text_body, wrapped
from signing import Signer
from verdicts import SIGNED, Says, Thing

CAMPAIGN = Signer("horizon-commun.example", "hc2016", "campaign")
NEWSPAPER = Signer("lavigie.example", "mail", "newspaper")
NEWSPAPER_2012 = Signer("lavigie.example", "mail", "newspaper_2012")
LAW_OFFICE = Signer("marchetti-dunmore.test", "s1", "law_office")
LAW_OFFICE_ED = Signer("marchetti-dunmore.test", "ed2021", "law_office_ed25519")
PRINTER = Signer("imprimerie-delta.example", "k1", "printer_1024")
POLLSTER = Signer("sondages-kappa.example", "sk", "pollster")  # its public key is not in keys/
LOOKALIKE = Signer("onedrive-lavigie.example", "d1", "impostor")
HOMOGLYPH = Signer("l\u0430vigie.example".encode("idna").decode(), "d1", "impostor")  # Cyrillic а

CLAIRE = '"Claire Aubrac" <claire.aubrac@horizon-commun.example>'
ANAIS = "=?utf-8?Q?Ana=C3=AFs_Ferrand?= <anais.ferrand@horizon-commun.example>"
YANN = '"Yann Le Goff" <yann.legoff@horizon-commun.example>'
TREASURER = "=?iso-8859-1?Q?Tr=E9sorerie?= <tresorerie@horizon-commun.example>"
NEWSROOM = '"Redaction La Vigie" <redaction@lavigie.example>'
MARION = '"Marion Castel" <marion.castel@lavigie.example>'
DUNMORE = '"Edith Dunmore" <edunmore@marchetti-dunmore.test>'
PAOLO = '"Paolo Marchetti" <paolo@marchetti-dunmore.test>'
PRESS = '"Imprimerie Delta" <devis@imprimerie-delta.example>'
KAPPA = '"Sondages Kappa" <terrain@sondages-kappa.example>'

BUDGET = forms.pdf(
    "Budget de campagne, version 3",
    ["Location de salles : 48 200 €", "Impression : 31 750 €", "Déplacements : 12 900 €", "Total : 92 850 €"],
)
LEAFLET = forms.docx("Anaïs Ferrand", ["Horizon commun", "Réunion publique le 6 avril à 19 h, salle des fêtes."])
LOGO = forms.png(96, 64, (36, 92, 160))
DONATIONS = forms.csv_table(
    [("date", "recu", "montant")] + [(f"2017-03-{day:02d}", f"R{day:04d}", f"{day * 15},00") for day in range(1, 29)]
)
SHORT_TABLE = forms.csv_table([("salle", "places"), ("Odeon", "420")])
QUOTE = forms.pdf(
    "Devis 2017-118", ["40 000 tracts A5 quadri", "Papier recyclé 90 g", "Montant HT : 2 980 €", "Validité : 30 jours"]
)
INVOICE = forms.pdf("Invoice 2231", ["Professional services, March 2017", "Total due: EUR 12,400.00"])
ENGAGEMENT = forms.docx("E. Dunmore", ["Engagement letter", "Scope: review of supplier contracts."])
PAPERS = forms.pdf("Partnership deed", ["Edith Dunmore and Paolo Marchetti", "Signed on 8 April 2013"])
SETTLEMENT = forms.docx("P. Marchetti", ["Settlement, heads of terms", "Each party bears its own costs."])
PAGE_PROOF = forms.pdf("Page 4, épreuve", ["Le budget des candidats à la loupe"])
PHOTO = forms.png(120, 80, (150, 60, 40))
SEATING = forms.pdf("Plan de salle, Brest", ["Scène côté mer", "412 places assises", "Sorties A, B et D"])
NOTE = forms.docx("Anaïs Ferrand", ["Transports du quotidien", "Trois propositions chiffrées."])
POLL = forms.csv_table([("question", "oui", "non")] + [(f"Q{n}", f"{40 + n}", f"{60 - n}") for n in range(1, 9)])
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


# ---- composing --------------------------------------------------------------------------------


def compose(author: str, to: str, date: str, subject: str, ident: str, content: Body, *more: tuple[str, str]) -> bytes:
    """A message as its author's mail program hands it over, CRLF."""
    fields, body = content
    head = [
        ("From", author),
        ("To", to),
        ("Subject", forms.encoded(subject)),
        ("Date", date),
        ("Message-ID", f"<{ident}>"),
        *more,
        ("MIME-Version", "1.0"),
        *fields,
    ]
    return entity(head, body)


def received(mail: bytes, date: str, sender_host: str = "smtp.relay.example") -> bytes:
    """The message with a receiving mail system's trace fields on top."""
    return (
        forms.header(
            [
                ("Return-Path", "<bounces@relay.example>"),
                (
                    "Received",
                    f"from {sender_host} (192.0.2.25)\r\n\tby mx.boite.example with ESMTPS id 4fR7q2;\r\n\t{date}",
                ),
            ]
        )
        + mail
    )


def letter(paragraphs: str, *signature: str, encoding: str = "8bit") -> Body:
    return text_body(wrapped(paragraphs) + "\n" + "".join(f"{line}\n" for line in signature), encoding=encoding)


def message(octets: bytes, says: Says, *attached: tuple[str, Thing], passes_on: bool | None = None) -> Thing:
    """A message; attached: (IMAP number, what it is)."""
    return Thing(octets, "mail", says, attached, says == SIGNED if passes_on is None else passes_on)


def to_lf(mail: bytes) -> bytes:
    return mail.replace(b"\r\n", b"\n")


def unsigned(mail: bytes) -> bytes:
    """The message without its DKIM-Signature, which stands first."""
    head, body = mail.split(b"\r\n\r\n", 1)
    lines = head.split(b"\r\n")
    first = next(at for at, line in enumerate(lines) if line.startswith(b"DKIM-Signature:"))
    after = next(at for at in range(first + 1, len(lines)) if not lines[at][:1].isspace())
    return b"\r\n".join(lines[:first] + lines[after:]) + b"\r\n\r\n" + body


def edited(mail: bytes, *changes: tuple[str, str]) -> bytes:
    """The message with words replaced; each must stand there exactly once."""
    for old, new in changes:
        assert mail.count(old.encode()) == 1, old
        mail = mail.replace(old.encode(), new.encode())
    return mail
