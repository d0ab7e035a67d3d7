"""The recipes of the leak: each makes a file and says what the pipeline should make of it."""

from __future__ import annotations

from collections.abc import Iterator

import forms
from forms import attachment, calendar, forwarded, multipart, text_body, wrapped
from signing import FIELDS, sign
from verdicts import (
    ADDED_TEXT,
    ALTERED,
    ALTERED_COPY,
    BODY_CHANGED,
    CONTAINER,
    KEY_UNKNOWN,
    NO_SIGNATURE,
    REPAIRED,
    SAME_AS_VERIFIED,
    SIGNED,
    UNREADABLE,
    Recipe,
    Thing,
    container,
    document,
    gap,
    text_part,
    unverifiable,
    zip_thing,
)
from world import (
    ANAIS,
    BUDGET,
    CAMPAIGN,
    CLAIRE,
    DOCX,
    DONATIONS,
    DUNMORE,
    ENGAGEMENT,
    HOMOGLYPH,
    KAPPA,
    LAW_OFFICE,
    LAW_OFFICE_ED,
    LEAFLET,
    LOGO,
    LOOKALIKE,
    MARION,
    NEWSPAPER,
    NEWSPAPER_2012,
    NEWSROOM,
    NOTE,
    PAGE_PROOF,
    PAOLO,
    PAPERS,
    PHOTO,
    POLL,
    POLLSTER,
    PRESS,
    PRINTER,
    QUOTE,
    SEATING,
    SETTLEMENT,
    SHORT_TABLE,
    TREASURER,
    YANN,
    compose,
    edited,
    letter,
    message,
    received,
    to_lf,
    unsigned,
)

# ---- the campaign's mail ----------------------------------------------------------------------


def budget_mail() -> bytes:
    date = "Mon, 27 Mar 2017 09:12:44 +0200"
    mail = compose(
        TREASURER,
        CLAIRE,
        date,
        "Budget v3",
        "a1.20170327@horizon-commun.example",
        multipart(
            "=_hc_0001",
            [
                letter(
                    "Claire,\n\nVoici la version 3 du budget, 92 850 euros en tout. Les déplacements baissent, les "
                    "salles montent.\n\nÀ valider avant jeudi.",
                    "La trésorerie",
                ),
                attachment("budget-v3.pdf", "application/pdf", BUDGET),
            ],
        ),
    )
    return received(sign(mail, CAMPAIGN), date)


def campaign() -> Iterator[Recipe]:
    folder = "mails/campagne"
    yield Recipe(
        f"{folder}/0001-budget.eml",
        "Signed mail with a PDF (relaxed/relaxed, CRLF)",
        message(budget_mail(), SIGNED, ("2", document(BUDGET))),
    )
    date = "Mon, 27 Mar 2017 18:05:41 +0200"
    leaflet = compose(
        ANAIS,
        PRESS,
        date,
        "Tract réunion publique, fichier définitif",
        "a2.20170327@horizon-commun.example",
        multipart(
            "=_hc_0002",
            [
                letter(
                    "Bonjour,\n\nVoici le tract validé par Claire. Quarante mille exemplaires, livraison mardi.",
                    "Anaïs",
                ),
                attachment("tract-réunion.docx", DOCX, LEAFLET),
            ],
        ),
    )
    yield Recipe(
        f"{folder}/0002-tract.eml",
        "Signed relaxed/simple, accents in subject and file name, a Word document",
        message(received(sign(leaflet, CAMPAIGN, "relaxed/simple"), date), SIGNED, ("2", document(LEAFLET))),
    )
    date = "Tue, 28 Mar 2017 07:58:02 +0200"
    agenda = compose(
        CLAIRE,
        YANN,
        date,
        "Agenda de la semaine",
        "a3.20170328@horizon-commun.example",
        letter(
            "Yann,\n\nMardi : matinale radio à 7 h 40, puis visite d'atelier. Mercredi : rien avant midi. Jeudi : "
            "réunion publique, départ du local à 16 h.\n\nTout changement passe par moi.",
            "Claire",
            encoding="quoted-printable",
        ),
    )
    yield Recipe(
        f"{folder}/0003-agenda.eml",
        "Signed simple/simple, quoted-printable",
        message(received(sign(agenda, CAMPAIGN, "simple/simple"), date), SIGNED),
    )
    date = "Tue, 28 Mar 2017 21:14:30 +0200"
    reply = compose(
        YANN,
        CLAIRE,
        date,
        "Re: Agenda de la semaine",
        "a4.20170328@horizon-commun.example",
        letter("Bien reçu. La salle de jeudi tient 420 places, je confirme la sono demain.\n\nYann"),
        ("In-Reply-To", "<a3.20170328@horizon-commun.example>"),
        ("References", "<a3.20170328@horizon-commun.example>"),
    )
    yield Recipe(
        f"{folder}/0004-reponse-lf.eml",
        "Signed reply that an exporter saved with LF line ends",
        message(to_lf(received(sign(reply, CAMPAIGN), date)), SIGNED),
    )
    date = "Wed, 29 Mar 2017 10:00:00 +0200"
    event = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Horizon commun//Agenda 1.0//FR\nMETHOD:REQUEST\nBEGIN:VEVENT\n"
        "UID:reunion-0406@horizon-commun.example\nDTSTAMP:20170329T080000Z\nDTSTART:20170406T170000Z\n"
        "DTEND:20170406T190000Z\nSUMMARY:Réunion publique\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    invitation = compose(
        CLAIRE,
        f"{YANN},\r\n {ANAIS}",
        date,
        "Invitation : réunion publique",
        "a5.20170329@horizon-commun.example",
        multipart("=_hc_0005", [letter("Rendez-vous le 6 avril à 19 h."), calendar(event)], "alternative"),
    )
    yield Recipe(
        f"{folder}/0005-invitation.eml",
        "Signed invitation, the calendar part is an item; its blanks are not signed",
        message(received(sign(invitation, CAMPAIGN), date), SIGNED, ("2", text_part(forms.crlf(event)))),
    )
    date = "Wed, 29 Mar 2017 15:42:11 +0200"
    newsletter = compose(
        '"Horizon commun" <lettre@horizon-commun.example>',
        '"Abonnes" <abonnes@horizon-commun.example>',
        date,
        "La lettre n° 12 : on se retrouve le 6 avril",
        "a6.20170329@horizon-commun.example",
        multipart(
            "=_hc_0006",
            [
                text_body(
                    "<!DOCTYPE html>\n<html><body><p>Rendez-vous le <b>6 avril</b>.</p>\n"
                    '<img src="cid:logo.png@parts.example" alt="logo"></body></html>\n',
                    "html",
                ),
                attachment("logo.png", "image/png", LOGO, "inline"),
            ],
            "related",
        ),
    )
    yield Recipe(
        f"{folder}/0006-lettre.eml",
        "Signed HTML newsletter with an inline picture",
        message(received(sign(newsletter, CAMPAIGN), date), SIGNED, ("2", document(LOGO))),
    )
    date = "Thu, 30 Mar 2017 11:20:00 +0200"
    receipts = zip_thing([("dons-mars.csv", document(DONATIONS)), ("pièces/budget.pdf", document(BUDGET))])
    accounts = compose(
        TREASURER,
        DUNMORE,
        date,
        "Dons de mars, pour vérification",
        "a7.20170330@horizon-commun.example",
        multipart(
            "=_hc_0007",
            [
                letter("Maître,\n\nCi-joint le relevé des dons de mars et les salles retenues."),
                attachment("dons-mars.zip", "application/zip", receipts.octets),
                attachment("salles.csv", "text/csv", SHORT_TABLE),
            ],
        ),
    )
    yield Recipe(
        f"{folder}/0007-dons.eml",
        "Signed mail with a zip: its members were sent in exactly this form",
        message(received(sign(accounts, CAMPAIGN), date), SIGNED, ("2", receipts), ("3", document(SHORT_TABLE))),
    )
    date = "Fri, 31 Mar 2017 09:03:00 +0200"
    internal = compose(
        YANN,
        ANAIS,
        date,
        "clé du local",
        "a8@poste-yann.horizon.test",
        letter("Je laisse la clé du local chez le gardien. Pense à l'imprimante."),
    )
    yield Recipe(f"{folder}/0008-interne.eml", "Internal mail, never signed", message(internal, NO_SIGNATURE))
    date = "Fri, 31 Mar 2017 09:40:00 +0200"
    note = compose(
        ANAIS,
        CLAIRE,
        date,
        "note de fond transports",
        "a9@poste-anais.horizon.test",
        multipart("=_hc_0009", [letter("La note, relue deux fois."), attachment("note.docx", DOCX, NOTE)]),
    )
    yield Recipe(
        f"{folder}/0009-interne-note.eml",
        "Internal mail with a document: unsigned, so nothing proves the document",
        message(note, NO_SIGNATURE, ("2", document(NOTE))),
    )
    date = "Mon, 03 Apr 2017 14:12:09 +0200"
    quote = compose(
        PRESS,
        ANAIS,
        date,
        "Devis 2017-118",
        "dv118@imprimerie-delta.example",
        multipart(
            "=_dl_0001",
            [
                letter("Madame,\n\nVeuillez trouver notre devis. Cordialement."),
                attachment("devis-2017-118.pdf", "application/pdf", QUOTE),
            ],
        ),
    )
    yield Recipe(
        f"{folder}/0010-devis.eml",
        "Signed by a supplier with a 1024-bit key",
        message(received(sign(quote, PRINTER), date), SIGNED, ("2", document(QUOTE))),
    )
    date = "Tue, 04 Apr 2017 08:30:55 +0200"
    poll = compose(
        KAPPA,
        CLAIRE,
        date,
        "Vague 7 : premiers chiffres",
        "v7@sondages-kappa.example",
        multipart(
            "=_sk_0001",
            [letter("Premiers chiffres en pièce jointe, embargo 18 h."), attachment("vague7.csv", "text/csv", POLL)],
        ),
    )
    yield Recipe(
        f"{folder}/0011-sondage.eml",
        "Signed, but the key of this selector is not in the archive",
        message(received(sign(poll, POLLSTER), date), KEY_UNKNOWN, ("2", document(POLL))),
    )


# ---- the newspaper's mail ---------------------------------------------------------------------


def newspaper() -> Iterator[Recipe]:
    folder = "mails/journal"
    few = ("from", "to", "subject", "date", "message-id", "mime-version")
    date = "Wed, 05 Apr 2017 16:20:13 +0200"
    questions = compose(
        MARION,
        CLAIRE,
        date,
        "Questions for Friday's piece",
        "q1.0405@lavigie.example",
        multipart(
            "=_lv_0001",
            [
                letter(
                    "Dear Claire,\n\nThree questions before Friday noon: who paid for the hall in Brest, why was the "
                    "second invoice split, and will you publish the donor list?\n\nBest,\nMarion"
                ),
                text_body("<html><body><p>Three questions before Friday noon.</p></body></html>\n", "html"),
            ],
            "alternative",
        ),
    )
    yield Recipe(
        f"{folder}/questions.eml",
        "Signed, Content-Type left unsigned as large providers do; its boundary leaves one reading only",
        message(received(sign(questions, NEWSPAPER, fields=few), date), SIGNED),
    )
    date = "Thu, 06 Apr 2017 23:48:00 +0200"
    proof = compose(
        NEWSROOM,
        MARION,
        date,
        "Épreuve page 4 : à relire d'urgence",
        "q2.0406@lavigie.example",
        multipart(
            "=_lv_0002",
            [
                letter("Épreuve jointe, bouclage à 0 h 30."),
                attachment("page4.pdf", "application/pdf", PAGE_PROOF),
                attachment("photo.png", "image/png", PHOTO),
            ],
        ),
    )
    yield Recipe(
        f"{folder}/epreuve-page4.eml",
        "Signed simple/simple, From and Subject signed twice so that none can be added",
        message(
            received(sign(proof, NEWSPAPER, "simple/simple", ("from", "subject", *FIELDS[:6], *FIELDS[8:10])), date),
            SIGNED,
            ("2", document(PAGE_PROOF)),
            ("3", document(PHOTO)),
        ),
    )
    date = "Tue, 17 Jan 2012 10:11:12 +0100"
    old = compose(
        NEWSROOM,
        PAOLO,
        date,
        "Right of reply",
        "old.2012@lavigie.example",
        letter("Maître,\n\nNous publierons votre droit de réponse dans l'édition de jeudi."),
    )
    yield Recipe(
        f"{folder}/droit-de-reponse-2012.eml",
        "Signed in 2012 under the same selector with an older key: both keys of that name are tried",
        message(received(sign(old, NEWSPAPER_2012), date), SIGNED),
    )
    date = "Mon, 20 Feb 2012 08:00:00 +0100"
    sha1 = compose(
        NEWSROOM,
        '"Abonnes" <abonnes@lavigie.example>',
        date,
        "Votre édition du lundi",
        "sha1.2012@lavigie.example",
        multipart(
            "=_lv_0003", [letter("Votre édition du lundi est en ligne."), attachment("une.csv", "text/csv", FRONT_PAGE)]
        ),
    )
    yield Recipe(
        f"{folder}/edition-2012-sha1.eml",
        "Signed with rsa-sha1: verified with limited confidence, so its attachment inherits nothing",
        message(
            received(sign(sha1, NEWSPAPER_2012, algorithm="sha1"), date),
            SIGNED,
            ("2", document(FRONT_PAGE)),
            passes_on=False,
        ),
    )
    date = "Tue, 14 Jun 2016 09:09:09 +0200"
    retired = compose(
        NEWSROOM, CLAIRE, date, "Accord confidentiel", "ret.2016@lavigie.example", letter("L'accord tient toujours.")
    )
    yield Recipe(
        f"{folder}/cle-retiree.eml",
        "Dated 2016, signed with the key that was withdrawn in 2014: whoever kept it could have signed",
        message(received(sign(retired, NEWSPAPER_2012), date), unverifiable("key_not_valid_then")),
    )
    date = "Fri, 07 Apr 2017 12:01:00 +0200"
    forward = compose(
        MARION,
        NEWSROOM,
        date,
        "TR: Budget v3",
        "q3.0407@lavigie.example",
        multipart("=_lv_0004", [letter("Reçu d'une source, à vérifier."), forwarded(budget_mail())]),
    )
    yield Recipe(
        f"{folder}/transfert.eml",
        "Signed mail that forwards a whole signed mail: each is judged by its own signature",
        message(
            received(sign(forward, NEWSPAPER), date),
            SIGNED,
            ("2", message(budget_mail(), SIGNED, ("2", document(BUDGET)))),
        ),
    )
    date = "Sat, 08 Apr 2017 10:15:00 +0200"
    inner = compose(
        CLAIRE,
        YANN,
        "Fri, 07 Apr 2017 22:00:00 +0200",
        "on efface tout",
        "x1@poste.horizon.test",
        letter("Efface les factures de Brest avant lundi."),
    )
    carried = compose(
        MARION,
        NEWSROOM,
        date,
        "TR: on efface tout",
        "q4.0408@lavigie.example",
        multipart(
            "=_lv_0005", [letter("Reçu par la boîte à indices. Personne ne sait d'où ça vient."), forwarded(inner)]
        ),
    )
    yield Recipe(
        f"{folder}/indice.eml",
        "Signed mail that forwards an unsigned one: the signature proves the forwarding, not the forwarded mail",
        message(received(sign(carried, NEWSPAPER), date), SIGNED, ("2", message(inner, NO_SIGNATURE))),
    )


FRONT_PAGE = forms.csv_table([("page", "titre")] + [(str(n), f"Titre de la page {n}") for n in range(1, 9)])


# ---- the law office's mail --------------------------------------------------------------------

INVOICE_DATE = "Mon, 10 Apr 2017 09:30:00 +0100"


def invoice_mail() -> bytes:
    """What a forger would like to change: the verified original."""
    mail = compose(
        DUNMORE,
        TREASURER,
        INVOICE_DATE,
        "Invoice 2231 for March",
        "inv2231@marchetti-dunmore.test",
        letter(
            "Dear all,\n\nPlease find below our fees for March. The amount due is EUR 12,400, payable within "
            "thirty days to the account that you have on file.\n\nThe hours are as agreed in the engagement letter "
            "and no disbursements were made.\n\nKind regards",
            "Edith Dunmore",
            "Marchetti & Dunmore",
        ),
    )
    return sign(mail, LAW_OFFICE)


def settlement_mail() -> bytes:
    date = "Wed, 12 Apr 2017 17:45:30 +0100"
    mail = compose(
        PAOLO,
        CLAIRE,
        date,
        "Settlement talks set for Friday",
        "set1@marchetti-dunmore.test",
        multipart(
            "=_md_0001",
            [
                letter(
                    "Claire,\n\nThe other side accepts the terms discussed on Monday. We advise you to refuse any "
                    "payment before the hearing and to keep all records.\n\nDraft terms attached.",
                    "Paolo",
                ),
                attachment("terms.docx", DOCX, SETTLEMENT),
            ],
        ),
    )
    return received(sign(mail, LAW_OFFICE, "relaxed/simple"), date)


def law_office() -> Iterator[Recipe]:
    folder = "mails/cabinet"
    yield Recipe(
        f"{folder}/invoice-2231.eml",
        "Signed; altered copies of it lie in copies/",
        message(received(invoice_mail(), INVOICE_DATE), SIGNED),
    )
    yield Recipe(
        f"{folder}/settlement.eml",
        "Signed, with a Word document; altered copies of it lie in copies/",
        message(settlement_mail(), SIGNED, ("2", document(SETTLEMENT))),
    )
    date = "Thu, 14 Oct 2021 11:00:00 +0100"
    engagement = compose(
        DUNMORE,
        CLAIRE,
        date,
        "Engagement letter",
        "eng2021@marchetti-dunmore.test",
        multipart(
            "=_md_0002",
            [letter("Dear Claire,\n\nOur letter for signature."), attachment("engagement.docx", DOCX, ENGAGEMENT)],
        ),
    )
    yield Recipe(
        f"{folder}/engagement-ed25519.eml",
        "Signed with ed25519-sha256",
        message(received(sign(engagement, LAW_OFFICE_ED), date), SIGNED, ("2", document(ENGAGEMENT))),
    )
    date = "Wed, 10 Apr 2013 16:00:00 +0100"
    early = compose(
        DUNMORE,
        PAOLO,
        date,
        "Partnership papers",
        "part2013@marchetti-dunmore.test",
        multipart("=_md_0005", [letter("The signed papers."), attachment("papers.pdf", "application/pdf", PAPERS)]),
    )
    yield Recipe(
        f"{folder}/papers-2013.eml",
        "Signed, but the key was first observed two years later: limited confidence, nothing is inherited",
        message(received(sign(early, LAW_OFFICE), date), SIGNED, ("2", document(PAPERS)), passes_on=False),
    )
    date = "Thu, 13 Apr 2017 15:00:00 +0100"
    statement = compose(
        '"Tipster" <tip@anon.example>',
        DUNMORE,
        "Thu, 13 Apr 2017 02:00:00 +0000",
        "the real ledger",
        "tip@anon.example",
        letter("They keep two ledgers."),
    )
    bundle = zip_thing([("tip.eml", message(statement, NO_SIGNATURE)), ("terms.docx", document(SETTLEMENT))])
    disclosure = compose(
        PAOLO,
        MARION,
        date,
        "Disclosure bundle",
        "dis1@marchetti-dunmore.test",
        multipart(
            "=_md_0003",
            [letter("As ordered by the court."), attachment("bundle.zip", "application/zip", bundle.octets)],
        ),
    )
    yield Recipe(
        f"{folder}/disclosure.eml",
        "Signed mail with a zip that holds somebody else's mail: proof does not pass into it",
        message(received(sign(disclosure, LAW_OFFICE), date), SIGNED, ("2", bundle)),
    )
    date = "Tue, 18 Apr 2017 13:13:13 +0100"
    no_to = compose(
        PAOLO, DUNMORE, date, "lunch?", "lunch@marchetti-dunmore.test", letter("One o'clock at the usual place?")
    )
    yield Recipe(
        f"{folder}/lunch.eml",
        "Signed, but To is not among the signed fields: limited confidence",
        message(received(sign(no_to, LAW_OFFICE, fields=(*FIELDS[:1], *FIELDS[3:6], *FIELDS[8:])), date), SIGNED),
    )
    date = "Wed, 19 Apr 2017 08:00:00 +0100"
    detached = forms.crlf(
        "-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAdFiEEnot/a/real/signature=\n-----END PGP SIGNATURE-----\n"
    )
    signed_by_hand = compose(
        DUNMORE,
        PAOLO,
        date,
        "for the file",
        "file7@marchetti-dunmore.test",
        multipart(
            "=_md_0004",
            [
                letter("Please file this note with the March papers."),
                (
                    [("Content-Type", "application/pgp-signature"), ("Content-Description", "OpenPGP signature")],
                    detached,
                ),
            ],
            "signed",
        ),
    )
    yield Recipe(
        f"{folder}/for-the-file.eml",
        "No DKIM signature; a detached OpenPGP signature is an item",
        message(signed_by_hand, NO_SIGNATURE, ("2", document(detached))),
    )


# ---- copies of verified mail ------------------------------------------------------------------

EDIT = ("EUR 12,400", "EUR 124,000")
SECOND_PARAGRAPH = "The hours are as agreed in the engagement letter and no disbursements\r\nwere made.\r\n\r\n"


def copies() -> Iterator[Recipe]:
    later = "Mon, 10 Apr 2017 10:05:00 +0200"
    bare = unsigned(invoice_mail())
    yield Recipe(
        "copies/invoice-amount.eml",
        "Copy of invoice-2231 as if received, signature removed, another amount",
        message(received(edited(bare, EDIT), later), ALTERED_COPY),
    )
    terms = unsigned(settlement_mail())
    yield Recipe(
        "copies/settlement-words.eml",
        "Copy of settlement that gives the opposite advice",
        message(
            edited(terms, ("refuse any", "accept any")),
            ALTERED_COPY,
            ("2", document(SETTLEMENT)),
        ),
    )
    yield Recipe(
        "copies/settlement-subject.eml",
        "Copy of settlement with another subject",
        message(
            edited(terms, ("Settlement talks set for Friday", "Settlement talks abandoned for Friday")),
            ALTERED_COPY,
            ("2", document(SETTLEMENT)),
        ),
    )
    yield Recipe(
        "copies/invoice-shortened.eml",
        "Copy of invoice-2231 without its second paragraph: an omission says nothing else",
        message(
            received(edited(bare, (SECOND_PARAGRAPH, "")), later),
            NO_SIGNATURE,
        ),
    )
    yield Recipe(
        "copies/invoice-same.eml",
        "Copy of invoice-2231 without its signature, saying the same",
        message(received(bare, later), SAME_AS_VERIFIED),
    )
    footer = forms.crlf(
        "\n_______________________________________________\nComptes mailing list\n"
        "Comptes@listes.agora.example\nhttps://listes.agora.example/comptes\n"
    )
    on_list = forms.header(
        [("List-Id", "<comptes.listes.agora.example>"), ("List-Post", "<mailto:comptes@listes.agora.example>")]
    )
    yield Recipe(
        "copies/invoice-list-footer.eml",
        "Copy of invoice-2231 that came through a mailing list, with its footer",
        message(received(on_list + bare + footer, later), NO_SIGNATURE),
    )
    disclaimer = forms.crlf(
        "\nCe message et toutes les pièces jointes sont établis à l'intention exclusive de leurs\n"
        "destinataires et sont confidentiels.\n"
    )
    yield Recipe(
        "copies/invoice-disclaimer.eml",
        "Copy of invoice-2231 to which a gateway added a disclaimer",
        message(received(bare + disclaimer, later), NO_SIGNATURE),
    )
    yield Recipe(
        "Brouillons/invoice-2231.eml",
        "Draft of invoice-2231 with another amount: drafts differ from what is sent",
        message(edited(bare, EDIT), NO_SIGNATURE),
    )


# ---- look-alike senders -----------------------------------------------------------------------


def lookalikes() -> Iterator[Recipe]:
    for signer, name, what in (
        (LOOKALIKE, "service-word", "Look-alike domain with an added service word"),
        (HOMOGLYPH, "homoglyph", "Look-alike domain with a Cyrillic letter"),
    ):
        date = "Thu, 20 Apr 2017 06:58:00 +0000"
        mail = compose(
            f'"Redaction La Vigie" <partage@{signer.domain}>',
            CLAIRE,
            date,
            "Document partagé avec vous",
            f"{name}.0420@{signer.domain}",
            letter("Un document a été partagé avec vous. Ouvrez-le avant ce soir."),
        )
        yield Recipe(
            f"mails/recus/{name}.eml",
            f"{what}, validly signed by it; an impersonation with `--protect lavigie.example`",
            message(received(sign(mail, signer), date), SIGNED),
        )


# ---- what exporters do to honest mail ---------------------------------------------------------


def plain_mail(ident: str, canonicalization: str = "relaxed/relaxed", **how: object) -> bytes:
    """A signed letter of the campaign, to be damaged."""
    mail = compose(
        YANN,
        PAOLO,
        "Fri, 14 Apr 2017 11:22:33 +0200",
        "Hall contract",
        f"{ident}.0414@horizon-commun.example",
        letter(
            "Dear Paolo,\n\nThe hall in Brest wants the contract signed by Tuesday. They ask for a deposit of a "
            "third, the balance on the evening itself.\n\nThe insurance certificate follows by post.",
            "Yann",
        ),
    )
    return sign(mail, CAMPAIGN, canonicalization, **how)  # type: ignore[arg-type]


def taken_out_mail() -> tuple[bytes, bytes]:
    """A signed mail whose attachment Thunderbird saved elsewhere, and its note in the place of it."""
    date = "Fri, 14 Apr 2017 15:02:10 +0200"
    plan = attachment("plan-de-salle.pdf", "application/pdf", SEATING)
    mail = compose(
        YANN,
        PAOLO,
        date,
        "Seating plan",
        "plan.0414@horizon-commun.example",
        multipart("=_hc_0417", [letter("Paolo,\n\nThe seating plan of the hall in Brest is attached.", "Yann"), plan]),
    )
    fields = [
        ("Content-Type", 'application/pdf; name="plan-de-salle.pdf"'),
        ("Content-Disposition", 'attachment; filename="plan-de-salle.pdf"'),
        ("X-Mozilla-External-Attachment-URL", "file:///C:/Users/paolo/Documents/plan-de-salle.pdf"),
        ("X-Mozilla-Altered", 'AttachmentDetached; date="Tue May 02 09:30:11 2017"'),
    ]
    said = "You deleted an attachment from this message. The original MIME headers for the attachment were:\n"
    note = forms.crlf(said) + forms.header(plan[0])
    whole, part = sign(mail, CAMPAIGN), forms.entity(*plan)
    assert whole.count(part) == 1
    return received(whole.replace(part, forms.entity(fields, note)), date), note


def exporter_damage() -> Iterator[Recipe]:
    folder = "export"
    date = "Fri, 14 Apr 2017 11:23:01 +0200"
    mail = plain_mail("wrap")
    head, body = mail.split(b"\r\n\r\n", 1)
    rewrapped = body.replace(b"for a\r\ndeposit", b"for\r\na deposit")
    assert rewrapped != body
    yield Recipe(
        f"{folder}/rewrapped.eml",
        "Signed, its lines re-wrapped by an exporter",
        message(received(head + b"\r\n\r\n" + rewrapped, date), BODY_CHANGED),
    )
    banner = forms.crlf("\n--\nArchivé par Coffre-Mail 3.1\n")
    yield Recipe(
        f"{folder}/footer-added.eml",
        "Signed, an archive program's footer added",
        message(received(plain_mail("footer") + banner, date), ADDED_TEXT),
    )
    spaced = plain_mail("spaces", "simple/simple")
    spaced = sign(unsigned(spaced).replace(b"Yann\r\n", b"Yann \r\n"), CAMPAIGN, "simple/simple")
    yield Recipe(
        f"{folder}/trailing-spaces-lost.eml",
        "Signed c=simple, a space at the end of a line lost",
        message(received(spaced.replace(b"Yann \r\n", b"Yann\r\n"), date), BODY_CHANGED),
    )
    blank = sign(unsigned(plain_mail("blank")) + b"\r\n\r\n\r\n", CAMPAIGN, "simple/simple")
    yield Recipe(
        f"{folder}/trailing-blank-lines-lost.eml",
        "Signed c=simple, blank lines at the end lost: the canonical form has none",
        message(received(blank.removesuffix(b"\r\n\r\n\r\n"), date), SIGNED),
    )
    yield Recipe(
        f"{folder}/subject-tag.eml",
        "Signed, a relay put a well-known tag before the subject",
        message(received(edited(plain_mail("tag"), ("Subject: Hall", "Subject: [EXTERNAL] Hall")), date), REPAIRED),
    )
    on_list = forms.header(
        [("List-Id", "<salles.listes.agora.example>"), ("List-Post", "<mailto:salles@listes.agora.example>")]
    )
    footer = forms.crlf(
        "_______________________________________________\nSalles mailing list\nSalles@listes.agora.example\n"
        "https://listes.agora.example/mailman/listinfo/salles\n"
    )
    yield Recipe(
        f"{folder}/mailman-footer.eml",
        "Signed, the footer that Mailman ships added below the text by the list that the header names",
        message(received(on_list + plain_mail("mailman") + footer, date), REPAIRED),
    )
    yield Recipe(
        f"{folder}/date-in-utc.eml",
        "Signed, its Date written in another zone by a server: the same instant",
        message(received(edited(plain_mail("utc"), ("11:22:33 +0200", "09:22:33 +0000")), date), REPAIRED),
    )
    head, body = edited(plain_mail("recoded"), ("Encoding: 8bit", "Encoding: base64")).split(b"\r\n\r\n", 1)
    yield Recipe(
        f"{folder}/recoded.eml",
        "Signed as 8bit text, then written in base64 by a relay",
        message(received(head + b"\r\n\r\n" + forms.base64_lines(body), date), REPAIRED),
    )
    yield Recipe(
        f"{folder}/redacted.eml",
        "Signed, a name blacked out before publication",
        message(received(edited(plain_mail("redacted"), ("hall in Brest", "hall in XXXXX")), date), BODY_CHANGED),
    )
    taken_out, note = taken_out_mail()
    yield Recipe(
        f"{folder}/attachment-detached.eml",
        "Signed, its attachment saved elsewhere by Thunderbird: it is documents/plan-de-salle.pdf, and put back the "
        "signature matches",
        message(taken_out, ADDED_TEXT, ("2", document(note))),
    )


# ---- tricks on verifiers ----------------------------------------------------------------------


def tricks() -> Iterator[Recipe]:
    folder = "mails/recus"
    date = "Fri, 14 Apr 2017 11:23:01 +0200"
    yield Recipe(
        f"{folder}/subject-doubled.eml",
        "Valid signature, a second Subject put on top",
        message(
            received(b"Subject: Hall contract is void\r\n" + plain_mail("doubled"), date), unverifiable("doubled_field")
        ),
    )
    yield Recipe(
        f"{folder}/from-not-signed.eml",
        "Valid signature that leaves From unsigned",
        message(received(plain_mail("nofrom", fields=FIELDS[1:6]), date), unverifiable("from_not_signed")),
    )
    yield Recipe(
        f"{folder}/length-limit.eml",
        "Valid signature with l=, text appended below it",
        message(
            received(plain_mail("length", with_length=True) + forms.crlf("\nPS: pay the deposit in cash.\n"), date),
            unverifiable("body_length_limit"),
        ),
    )
    hidden = compose(
        YANN,
        PAOLO,
        date,
        "Hall contract",
        "mime.0414@horizon-commun.example",
        text_body(
            wrapped("Dear Paolo,\n\nA tool that I tested writes this:") + "\n--inner\nContent-Type: text/plain\n\n"
            "Please pay the deposit to account 7781.\n--inner--\n\n" + wrapped("It is nonsense, ignore it.\n\nYann")
        ),
    )
    shown = edited(
        sign(hidden, CAMPAIGN, fields=FIELDS[:6]),
        ("Content-Type: text/plain; charset=utf-8", 'Content-Type: multipart/mixed; boundary="inner"'),
    )
    yield Recipe(
        f"{folder}/content-type-replaced.eml",
        "Valid signature, the unsigned Content-Type replaced so that only a part shows",
        message(received(shown, date), unverifiable("mime_reinterpretation_possible")),
    )
    yield Recipe(
        f"{folder}/words-changed.eml",
        "Signature kept, words of the body changed; the body that was signed lies in other mail as well",
        message(received(edited(plain_mail("words"), ("deposit of a third", "deposit of a half")), date), ALTERED),
    )
    wrong = compose(
        CLAIRE, MARION, date, "off the record", "claim.0414@horizon-commun.example", letter("I resign on Monday.")
    )
    yield Recipe(
        f"{folder}/other-domain.eml",
        "Valid signature of another domain than the one in From",
        message(received(sign(wrong, LOOKALIKE), date), unverifiable("not_aligned")),
    )


# ---- broken files -----------------------------------------------------------------------------


def broken() -> Iterator[Recipe]:
    folder = "divers/abimes"
    date = "Sat, 15 Apr 2017 12:00:00 +0200"
    mail = compose(YANN, ANAIS, date, "re: local", "b1@poste-yann.horizon.test", letter("Le local ferme à 20 h."))
    yield Recipe(
        f"{folder}/junk-before-header.eml",
        "Mail with junk before its header",
        message(b"--- extrait 1/3 ---\r\n" + mail, NO_SIGNATURE),
    )
    yield Recipe(
        f"{folder}/no-empty-line.eml",
        "Mail whose header never ends",
        message(mail.split(b"\r\n\r\n")[0] + b"\r\n", NO_SIGNATURE),
    )
    yield Recipe(
        f"{folder}/bom-first.eml", "Mail saved with a byte order mark", message(b"\xef\xbb\xbf" + mail, NO_SIGNATURE)
    )
    line = b"From yann.legoff@horizon-commun.example Fri Apr 14 11:22:33 2017\r\n"
    signed = received(plain_mail("fromline"), "Fri, 14 Apr 2017 11:23:01 +0200")
    yield Recipe(
        f"{folder}/from-line-first.eml",
        "Signed mail with an mbox From_ line on top, which is a gap",
        Thing(line + signed, "mail", SIGNED, (("@0", gap(line)),), True),
    )
    yield Recipe(f"{folder}/empty.eml", "Empty file", document(b""))
    junk = bytes((n * n * 31 + n // 7) % 256 for n in range(2048))
    yield Recipe(f"{folder}/disque.bin", "Binary junk", document(junk))
    whole = forms.zip_of([("comptes.csv", DONATIONS), ("budget.pdf", BUDGET)], deflate=False)
    cut = whole[:900]
    at = cut.rindex(b"PK\3\4")
    yield Recipe(
        f"{folder}/truncated.zip",
        "Zip cut off in the middle: what lies whole before the cut is read, the rest is a gap",
        container(cut, (("comptes.csv", document(DONATIONS)), ("budget.pdf", UNREADABLE), (f"@{at}", gap(cut[at:])))),
    )
    yield Recipe(
        f"{folder}/encrypted.zip",
        "Zip whose members are encrypted",
        Thing(
            forms.encrypted(whole), "container", CONTAINER, (("comptes.csv", UNREADABLE), ("budget.pdf", UNREADABLE))
        ),
    )
    yield Recipe(
        f"{folder}/overlapping.zip",
        "Zip whose directory names the same octets twice",
        container(
            forms.overlapping("a.txt", "b.txt", b"le meme texte deux fois\n" * 4),
            (("a.txt", document(b"le meme texte deux fois\n" * 4)), ("b.txt", UNREADABLE)),
        ),
    )


# ---- mail programs' stores --------------------------------------------------------------------


def stores() -> Iterator[Recipe]:
    yield _inbox()
    date = "Sat, 22 Apr 2017 10:09:00 +0200"
    mail = compose(
        MARION,
        CLAIRE,
        date,
        "Deuxième relance",
        "q9.0422@lavigie.example",
        multipart(
            "=_lv_0009",
            [
                letter("Chère Claire,\n\nJe publie lundi, avec ou sans vos réponses."),
                attachment("photo.png", "image/png", PHOTO),
            ],
        ),
    )
    signed = to_lf(received(sign(mail, NEWSPAPER), date))
    octets, start, end = forms.emlx(signed)
    yield Recipe(
        "boites/Apple Mail/48213.emlx",
        "Apple Mail's file: a message between its length and a property list",
        Thing(
            octets,
            "mail",
            SIGNED,
            (
                ("2", document(PHOTO)),
                ("@0", gap(octets[:start])),
                (f"@{end}", gap(octets[end:])),
            ),
            True,
        ),
    )
    date = "Sun, 23 Apr 2017 20:00:00 +0200"
    first = compose(
        CLAIRE,
        f"{YANN},\r\n {ANAIS}",
        date,
        "Merci à tous",
        "a20.0423@horizon-commun.example",
        letter("Merci pour ces six mois. Repos demain, bilan mardi."),
    )
    yield Recipe(
        "boites/Maildir/cur/1492970400.M1P7.poste-claire:2,S",
        "Maildir, a signed message with LF line ends",
        message(to_lf(received(sign(first, CAMPAIGN), date)), SIGNED),
    )
    second = compose(
        YANN,
        CLAIRE,
        "Mon, 24 Apr 2017 08:01:00 +0200",
        "Re: Merci à tous",
        "y21@poste-yann.horizon.test",
        letter("Bilan mardi, entendu."),
        ("In-Reply-To", "<a20.0423@horizon-commun.example>"),
    )
    yield Recipe(
        "boites/Maildir/new/1493013660.M2P7.poste-claire",
        "Maildir, an unsigned message",
        message(to_lf(second), NO_SIGNATURE),
    )


def _inbox() -> Recipe:
    """An mbox without an ending to its name."""

    def dated(day: int) -> str:
        return f"{('Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed', 'Thu')[day % 7]}, {day:02d} Apr 2017 12:00:00 +0200"

    quoted = sign(
        compose(
            CLAIRE,
            MARION,
            dated(17),
            "La chronologie",
            "m3.0417@horizon-commun.example",
            text_body(
                "Chère Marion,\n\nVoici la chronologie.\n\nFrom March on, every hall was paid in advance.\n"
                "Nothing was paid in cash.\n"
            ),
        ),
        CAMPAIGN,
    )
    proof = sign(
        compose(
            NEWSROOM,
            CLAIRE,
            dated(19),
            "Page 4, version parue",
            "m5.0419@lavigie.example",
            multipart(
                "=_lv_0010",
                [letter("La page telle que parue."), attachment("page4.pdf", "application/pdf", PAGE_PROOF)],
            ),
        ),
        NEWSPAPER,
    )
    first = sign(
        compose(
            TREASURER,
            CLAIRE,
            dated(16),
            "Solde du 15 avril",
            "m1.0416@horizon-commun.example",
            letter("Solde au 15 : 11 204 euros."),
        ),
        CAMPAIGN,
        "simple/simple",
    )
    lookalike_body = compose(
        YANN,
        CLAIRE,
        dated(18),
        "retour de Brest",
        "m4@poste-yann.horizon.test",
        text_body("Tout s'est bien passé.\n\nFrom what I saw the hall was full by 18:30, 2017 people.\n\nYann\n"),
    )
    plain = compose(
        ANAIS, CLAIRE, dated(16), "affiches", "m2@poste-anais.horizon.test", letter("Les affiches sont là.")
    )
    unknown = sign(
        compose(
            KAPPA,
            CLAIRE,
            dated(21),
            "Vague 8 : calendrier",
            "m7.0421@sondages-kappa.example",
            letter("Terrain du 24 au 26."),
        ),
        POLLSTER,
    )
    answer = compose(
        CLAIRE,
        KAPPA,
        dated(22),
        "Re: Vague 8 : calendrier",
        "m8@poste-claire.horizon.test",
        text_body("Entendu.\n\nLe 21 avril, Sondages Kappa a écrit :\n> Terrain du 24 au 26.\n"),
        ("In-Reply-To", "<m7.0421@sondages-kappa.example>"),
    )
    in_mbox = quoted.replace(b"\r\nFrom March", b"\r\n>From March")
    assert in_mbox != quoted
    contents = [
        ("tresorerie@horizon-commun.example", message(received(first, dated(16)), SIGNED)),
        ("anais.ferrand@horizon-commun.example", message(plain, NO_SIGNATURE)),
        ("claire.aubrac@horizon-commun.example", message(received(in_mbox, dated(17)), SIGNED)),
        ("yann.legoff@horizon-commun.example", message(lookalike_body, NO_SIGNATURE)),
        ("redaction@lavigie.example", message(received(proof, dated(19)), SIGNED, ("2", document(PAGE_PROOF)))),
        (
            "edunmore@marchetti-dunmore.test",
            message(received(unsigned(invoice_mail()), "Mon, 10 Apr 2017 10:05:00 +0200"), SAME_AS_VERIFIED),
        ),
        ("terrain@sondages-kappa.example", message(received(unknown, dated(21)), KEY_UNKNOWN)),
        ("claire.aubrac@horizon-commun.example", message(answer, NO_SIGNATURE)),
    ]
    octets, offsets = forms.mbox([(sender, thing.octets) for sender, thing in contents])
    inside = [(f"@{offset}", thing) for offset, (_, thing) in zip(offsets, contents, strict=True)]
    return Recipe(
        "boites/inbox",
        "Mbox of eight messages: one with a quoted `>From ` line in its signed body, one with a line that only looks "
        "like a separator, one that repeats invoice-2231 without its signature",
        container(octets, inside),
    )


# ---- archives and loose files -----------------------------------------------------------------


def archives() -> Iterator[Recipe]:
    date = "Tue, 11 Apr 2017 19:19:00 +0200"
    mail = sign(
        compose(
            ANAIS,
            MARION,
            date,
            "Visuels",
            "z1.0411@horizon-commun.example",
            multipart(
                "=_hc_0020", [letter("Les visuels, libres de droits."), attachment("logo.png", "image/png", LOGO)]
            ),
        ),
        CAMPAIGN,
    )
    inner = zip_thing(
        [("devis.pdf", document(QUOTE)), ("lisez!moi.txt", document(forms.crlf("Devis reçus.\n")))], False
    )
    yield Recipe(
        "archives/partage.zip",
        "Zip with mail, documents and a zip in it",
        zip_thing(
            [
                ("courrier/visuels.eml", message(received(mail, date), SIGNED, ("2", document(LOGO)))),
                ("courrier/brouillon.txt", document(forms.crlf("À écrire.\n"))),
                ("Réunion/tract.docx", document(LEAFLET)),
                ("devis.zip", inner),
            ]
        ),
    )
    members = [
        ("notes/liste.txt", document(b"salles, sono, affiches\n")),
        ("notes/liste.txt", document(b"salles, sono, affiches, assurance\n")),
        ("comptes/budget.pdf", document(BUDGET)),
        ("comptes/100%.csv", document(forms.csv_table([("poste", "part"), ("total", "100%")]))),
    ]
    octets = forms.tar_gz([(name, thing.octets) for name, thing in members])
    steps = ["notes/liste.txt", "notes/liste.txt#2", "comptes/budget.pdf", "comptes/100%25.csv"]
    yield Recipe(
        "archives/documents.tar.gz",
        "Compressed tar with documents, one name in it twice",
        container(octets, list(zip(steps, (thing for _, thing in members), strict=True))),
    )


def loose() -> Iterator[Recipe]:
    folder = "documents"
    yield Recipe(
        f"{folder}/budget-v3.pdf",
        "Sent by the campaign's verified mail; with `--protect horizon-commun.example` it inherits",
        document(BUDGET),
    )
    yield Recipe(f"{folder}/devis-2017-118.pdf", "Sent by an outsider's verified mail", document(QUOTE))
    yield Recipe(
        f"{folder}/plan-de-salle.pdf",
        "Taken out of export/attachment-detached.eml: with `--protect horizon-commun.example` that supports it",
        document(SEATING),
    )
    yield Recipe(f"{folder}/photo.png", "Sent by the newspaper's verified mail", document(PHOTO))
    yield Recipe(
        f"{folder}/salles.csv", "Equals an attachment, but is too short to be more than chance", document(SHORT_TABLE)
    )
    yield Recipe(f"{folder}/note.docx", "Equals an attachment of unsigned mail", document(NOTE))
    changed = BUDGET.replace("Total : 92 850 €".encode("cp1252"), "Total : 98 250 €".encode("cp1252"))
    assert changed != BUDGET
    yield Recipe(f"{folder}/budget-v3 (2).pdf", "The budget with another total: no proof either way", document(changed))
    yield Recipe(
        "divers/100% urgent!.txt", "A name with characters that paths reserve", document(b"Rappeler la salle.\n")
    )


CHAPTERS = (
    campaign,
    newspaper,
    law_office,
    copies,
    lookalikes,
    exporter_damage,
    tricks,
    broken,
    stores,
    archives,
    loose,
)
