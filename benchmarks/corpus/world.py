"""Who is in the invented world: mail systems, their keys and when an archive saw them, people, and what they say."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime

START = int(datetime(2016, 9, 1, tzinfo=UTC).timestamp())
ROTATION = int(datetime(2017, 1, 9, tzinfo=UTC).timestamp())  # both organisations with two keys change them then
END = int(datetime(2017, 4, 23, tzinfo=UTC).timestamp())

PROTECTED = ("horizon-commun.example", "lavigie.example", "marchetti-dunmore.test")
SEALER = "boite.example"  # a receiver whose seals the user trusts


@dataclass(frozen=True, slots=True)
class Held:
    """A private key and the name that it signs under."""

    name: str  # of its file
    domain: str  # d=
    selector: str  # s=
    seen: tuple[str, str] | None = ("2016-05-02", "2017-06-01")  # first and last day in the archive; None: in none
    bits: int = 2048


_BEFORE, _AFTER = ("2016-05-02", "2017-01-12"), ("2017-01-06", "2017-06-01")
SIGNERS = (
    Held("campaign_2016", PROTECTED[0], "hc2016", _BEFORE),
    Held("campaign_2017", PROTECTED[0], "hc2017", _AFTER),
    Held("newspaper_2016", PROTECTED[1], "mail", _BEFORE),
    Held("newspaper_2017", PROTECTED[1], "mail2", _AFTER),
    Held("law_office", PROTECTED[2], "s1", bits=1024),
    Held("printer", "imprimerie-delta.example", "k1"),
    # Keys that no archive has are short: those that can be computed take minutes each at 2048 bits.
    Held("pollster", "sondages-kappa.example", "sk", None, 1024),
    Held("ministry", "ministere-ville.example", "m1"),
    Held("letters", "lettre-envoi.example", "esp"),
    Held("list", "listes-assoc.example", "l1"),
    Held("sealer", SEALER, "arc"),
    Held("supplier", "fournitures-omega.example", "fo"),
    Held("outsider", "conseil-rho.example", "r1"),  # an honest domain that a forger may send from
    Held("planted", PROTECTED[0], "hc2015", None, 1024),  # a forger's key in the campaign's name
    Held("planted_sealer", "google.com", "arc-20160816", None, 1024),  # and one in a great receiver's
    Held("suffix", "example", "s1"),  # somebody publishes a key at a public suffix
    Held("tenant", "lavigie-example.20150623.gappssmtp.com", "20150623"),
    Held("tenant_collision", "horizon-commun-example.20150623.gappssmtp.com", "20150623"),
    Held("tenant_owned", "horizoncommun.onmicrosoft.com", "selector1"),
    Held("mallory", "mallory-post.test", "d1"),  # a forger's own domain
)


@dataclass(frozen=True, slots=True)
class System:
    """A domain's mail system."""

    domain: str
    relay: str  # postfix | exim | sendmail | gmail | exchange
    host: str
    address: str  # IP
    signers: tuple[str, ...] = ()  # names of its keys, the second since ROTATION
    canonicalization: str = "relaxed/relaxed"
    signs_type: bool = True  # whether h= holds Content-Type and Content-Transfer-Encoding

    def signer(self, when: float) -> str | None:
        return self.signers[-1 if when >= ROTATION else 0] if self.signers else None


CAMPAIGN = System(
    PROTECTED[0], "gmail", "mail-wm0-f41.google-like.example", "192.0.2.41", ("campaign_2016", "campaign_2017"),
    signs_type=False,
)  # fmt: skip
NEWSPAPER = System(
    PROTECTED[1], "postfix", "smtp.lavigie.example", "192.0.2.25", ("newspaper_2016", "newspaper_2017"),
    canonicalization="relaxed/simple",
)  # fmt: skip
LAW_OFFICE = System(PROTECTED[2], "exchange", "mail.marchetti-dunmore.test", "192.0.2.80", ("law_office",))
PRINTER = System("imprimerie-delta.example", "exim", "mx.imprimerie-delta.example", "192.0.2.90", ("printer",))
POLLSTER = System("sondages-kappa.example", "sendmail", "mx1.sondages-kappa.example", "192.0.2.91", ("pollster",))
MINISTRY = System(
    "ministere-ville.example", "sendmail", "relais.ministere-ville.example", "192.0.2.92", ("ministry",),
    canonicalization="simple/simple",
)  # fmt: skip
CLUB = System("club-voile.example", "exim", "mx.club-voile.example", "192.0.2.93")  # signs nothing
SUPPLIER = System("fournitures-omega.example", "exim", "mx.fournitures-omega.example", "192.0.2.94", ("supplier",))
OUTSIDER = System("conseil-rho.example", "postfix", "mx.conseil-rho.example", "192.0.2.95", ("outsider",))
LETTERS = System("lettre-envoi.example", "postfix", "out7.lettre-envoi.example", "192.0.2.96", ("letters",))
LIST = System("listes-assoc.example", "postfix", "listes-assoc.example", "192.0.2.97", ("list",))
MALLORY = System("mallory-post.test", "postfix", "vps3.mallory-post.test", "192.0.2.200", ("mallory",))


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    local_part: str
    system: System
    client: str  # outlook | thunderbird | apple | gmail | mutt | bulk
    prefix: str = ""  # of a Gmail account

    @property
    def address(self) -> str:
        return f"{self.local_part}@{self.system.domain}"


CLAIRE = Person("Claire Aubrac", "claire.aubrac", CAMPAIGN, "gmail", "F4bXq2k")
ANAIS = Person("Anaïs Ferrand", "anais.ferrand", CAMPAIGN, "gmail", "G9mTz7w")
YANN = Person("Yann Le Goff", "yann.legoff", CAMPAIGN, "apple")
TREASURER = Person("Hélène Trécourt", "tresorerie", CAMPAIGN, "gmail", "EaR5p+D")
MARION = Person("Marion Castel", "marion.castel", NEWSPAPER, "thunderbird")
NEWSROOM = Person("Rédaction La Vigie", "redaction", NEWSPAPER, "thunderbird")
THEO = Person("Théo Lagarde", "theo.lagarde", NEWSPAPER, "mutt")
BASTIEN = Person("Bastien Orsel", "bastien.orsel", NEWSPAPER, "apple")
DUNMORE = Person("Edith Dunmore", "edunmore", LAW_OFFICE, "outlook")
PAOLO = Person("Paolo Marchetti", "paolo", LAW_OFFICE, "outlook")
CLERK = Person("Nora Whitlock", "nwhitlock", LAW_OFFICE, "outlook")
ARCHIVE = Person("Office Archive", "archive", LAW_OFFICE, "outlook")  # gets honest mail only, exported badly
INSIDERS = (
    CLAIRE, ANAIS, YANN, TREASURER, MARION, NEWSROOM, THEO, BASTIEN, DUNMORE, PAOLO, CLERK,
)  # fmt: skip

PRESS = Person("Imprimerie Delta", "devis", PRINTER, "thunderbird")
KAPPA = Person("Sondages Kappa", "terrain", POLLSTER, "mutt")
PREFECT = Person("Gaspard Vernoux", "g.vernoux", MINISTRY, "outlook")
SAILOR = Person("Iris Kerleau", "iris", CLUB, "thunderbird")
OMEGA = Person("Fournitures Omega", "ventes", SUPPLIER, "outlook")
RHO = Person("Silas Brandt", "s.brandt", OUTSIDER, "apple")
OUTSIDERS = (PRESS, KAPPA, PREFECT, SAILOR, OMEGA, RHO)
NEWSLETTER = Person("La lettre des salles", "lettre", LETTERS, "bulk")
EVE = Person("Eve Mallory", "eve", MALLORY, "thunderbird")

# ---- what they say ----------------------------------------------------------------------------

_TOWNS = ("Brest", "Rennes", "Lorient", "Vannes", "Morlaix", "Quimper", "Dinan", "Saint-Malo", "Fougères")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_THINGS = (
    "hall", "leaflet", "invoice", "survey", "budget", "contract", "agenda", "interview", "statement", "proof",
    "seating plan", "press kit", "train ticket", "deposit", "insurance", "permit", "poster", "stage", "recording",
)  # fmt: skip
_SUBJECTS = (
    "The {thing} for {town}", "Question about the {thing}, page {small}", "{town} on {day}", "Your call of {day}",
    "Devis {number} pour {town}", "Réunion de {day} à {town}", "Urgent: {thing} not yet paid", "File {number}",
    "Changes to the {thing} before {day}", "Minutes of the meeting in {town}", "Who goes to {town}?",
    "Rendez-vous à {hour} h, {town}", "Second reminder: {thing}", "Draft of the {thing}, version {small}",
)  # fmt: skip
_OPENINGS = (
    "Thank you for the call this morning about the {thing} for {town}.",
    "Here is where we stand after the meeting in {town}.",
    "I went through the {thing} again last night, and page {small} still worries me.",
    "Merci pour votre réponse rapide au sujet du dossier {number}, reçue à {town}.",
    "A short note before everybody leaves for {town}.",
    "As agreed on {day}, these are the figures that you asked for.",
    "Sorry for the silence; the office in {town} had no telephone until {day}.",
    "Comme convenu, voici les éléments qui manquaient encore {day} dernier.",
    "Could somebody please look at the {thing} today?",
    "Two things came up while you were travelling.",
)
_MIDDLES = (
    "The committee met on {day} and counted {small} people against {number} registered members.",
    "{town} would rather have the {thing} delivered before {day} at {hour} in the morning.",
    "Le prix a été revu à la baisse : {number} exemplaires livrés à {town}, sans supplément.",
    "Reference {number} has been with the printer since {day}, and nobody called back.",
    "Please keep it out of the minutes until {town} has confirmed in writing.",
    "We still miss {small} signatures, mostly from the coast and from students abroad.",
    "The old {thing} from {town} can be used again if the date on page {small} is covered.",
    "Les bénévoles arrivent {day}; prévoyez {small} chaises de plus près de l'entrée.",
    "My brother lent us his van, which holds about {small} boxes if they are stacked well.",
    "According to the caretaker, the heating fails whenever more than {small} people sit down.",
    "Nobody in {town} remembers who ordered the {thing}, or why it took {small} weeks.",
    "L'imprimeur demande une épreuve signée avant {day}, faute de quoi il ne garantit rien.",
    "A journalist wanted to know how often we had met since the spring, and I said {small} times.",
    "Their lawyer sent back version {small} with remarks in green ink on nearly every clause.",
    "If it rains we move everything indoors and ask the school for its gymnasium.",
    "Il faudra louer une sonorisation, car celle de {town} grésille depuis l'été.",
    "The map on the leaflet shows the wrong bridge; {small} readers have already complained.",
    "I would prefer that Marguerite presents the numbers, she has the patience for it.",
    "Train {number} is cancelled during the holidays, so count on one hour more.",
    "Our insurer wants photographs of every room, taken by daylight and with a scale.",
    "La mairie de {town} accepte le principe mais réclame un plan d'évacuation détaillé.",
    "There is a typing error in the third paragraph: it should read {number}, as in the appendix.",
    "Half of the posters came back because the glue did not hold in the frost.",
    "Whoever speaks last should mention the raffle and thank the bakery for the {thing}.",
    "The archive asks whether the tapes may be copied before they fall apart.",
    "On m'a dit que le stock serait épuisé {day}, ce qui laisse peu de marge.",
)
_VERDICTS = ("approved", "refused", "postponed", "accepted", "cancelled", "confirmed")
_KEY = "The treasurer has {verdict} the payment of {amount} euro to the account in {town}."
_CLOSINGS = (
    "Tell me before {day} if anything is missing.",
    "I am in {town} until {day} and can be reached by telephone.",
    "Bonne journée à tous, et à {day}.",
    "More on {day}, when {town} has answered.",
)


@dataclass(frozen=True, slots=True)
class Words:
    """A subject and a text; the text says one amount and one decision that a forger would like otherwise."""

    subject: str
    text: str


def words(rng: random.Random) -> Words:
    """Paragraphs of plain sentences; no two alike, by the numbers in them."""
    verdict, amount = rng.choice(_VERDICTS), f"{rng.randint(10, 99)},{rng.randint(100, 999)}"
    middles = rng.sample(_MIDDLES, rng.randint(3, 6))
    key = _KEY.format(verdict=verdict, amount=amount, town=rng.choice(_TOWNS))
    half = rng.randrange(1, len(middles))
    opening, closing = (_filled(rng.choice(sentences), rng) for sentences in (_OPENINGS, _CLOSINGS))
    first, second = ([_filled(sentence, rng) for sentence in part] for part in (middles[:half], middles[half:]))
    text = f"{' '.join([opening, *first])}\n\n{' '.join([key, *second, closing])}"
    return Words(_filled(rng.choice(_SUBJECTS), rng), text)


def _filled(sentence: str, rng: random.Random) -> str:
    return sentence.format(
        thing=rng.choice(_THINGS), town=rng.choice(_TOWNS), day=rng.choice(_DAYS), hour=rng.randint(8, 11),
        small=rng.randint(2, 60), number=rng.randint(1_000, 9_999),
    )  # fmt: skip


def other_verdict(word: str) -> str:
    return _VERDICTS[(_VERDICTS.index(word) + 3) % len(_VERDICTS)]
