"""Who is in the invented world: mail systems, their keys and when an archive saw them, people, and what they say."""

from __future__ import annotations

import random
from collections.abc import Sequence
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
    Held("pollster", "sondages-kappa.example", "sk", None),
    Held("ministry", "ministere-ville.example", "m1"),
    Held("letters", "lettre-envoi.example", "esp"),
    Held("list", "listes-assoc.example", "l1"),
    Held("sealer", SEALER, "arc"),
    Held("supplier", "fournitures-omega.example", "fo"),
    Held("outsider", "conseil-rho.example", "r1"),  # an honest domain that a forger may send from
    Held("planted", PROTECTED[0], "hc2015", None),  # a forger's key in the campaign's name
    Held("planted_sealer", "google.com", "arc-20160816", None),  # and one in a great receiver's
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
_OPENINGS = (
    "Thank you for the call this morning about the {thing} for {town}.",
    "Here is where we stand with the {thing} after the meeting in {town}.",
    "I went through the {thing} again last night, and page {small} still worries me.",
    "Merci pour votre réponse rapide au sujet du dossier {number}, reçue à {town}.",
    "A short note on the {thing}, before everybody leaves for {town}.",
    "As agreed on {day}, these are the figures for the {thing} in {town}.",
)
_MIDDLES = (
    "The committee met on {day} and counted {small} people against {number} registered members.",
    "{town} would rather have the {thing} delivered before {day} at {hour} in the morning.",
    "Le prix a été revu à la baisse : {number} exemplaires au lieu de {large}, livrés à {town}.",
    "Reference {number} has been with the printer since {day}, and nobody called back.",
    "Please keep the {thing} out of the minutes until {town} has confirmed in writing.",
    "We still miss {small} signatures on the {thing}, mostly from {town} and the coast.",
    "The old {thing} from {town} can be used again if the date on page {small} is covered.",
    "Les bénévoles arrivent {day}; prévoyez {small} chaises de plus près de l'entrée.",
)
_VERDICTS = ("approved", "refused", "postponed", "accepted", "cancelled", "confirmed")
_KEY = "The treasurer has {verdict} the payment of {large} euro to the account in {town}."
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
    verdict: str
    amount: str


def words(rng: random.Random) -> Words:
    """Paragraphs of plain sentences; no two alike, by the numbers in them."""
    slots = {
        "thing": rng.choice(_THINGS), "town": rng.choice(_TOWNS), "day": rng.choice(_DAYS),
        "hour": str(rng.randint(8, 11)), "small": str(rng.randint(2, 60)), "number": str(rng.randint(1_000, 9_999)),
        "large": f"{rng.randint(10, 99)},{rng.randint(100, 999)}", "verdict": rng.choice(_VERDICTS),
    }  # fmt: skip
    middles = rng.sample(_MIDDLES, rng.randint(2, 4))
    sentences = [rng.choice(_OPENINGS), *middles[:-1], _KEY, middles[-1], rng.choice(_CLOSINGS)]
    said = [sentence.format(**slots) for sentence in sentences]
    subject = f"The {slots['thing']} for {slots['town']}, file {slots['number']}"
    return Words(subject, "\n\n".join(_paragraphs(said)), slots["verdict"], slots["large"])


def other_verdict(word: str) -> str:
    return _VERDICTS[(_VERDICTS.index(word) + 3) % len(_VERDICTS)]


def _paragraphs(sentences: Sequence[str]) -> list[str]:
    half = len(sentences) // 2
    return [" ".join(sentences[:half]), " ".join(sentences[half:])]
