"""Mail from domains that imitate a protected one: genuine mail of phishers, signed with their keys or not."""

from __future__ import annotations

from dataclasses import replace

from corpus.clients import compose, reply
from corpus.scene import Case, Recipe
from corpus.transport import trace
from corpus.world import CLAIRE, DUNMORE, EVE, MARION, Person

RECIPES: list[Recipe] = []
DOMAINS: list[str] = []  # all that they send from; each publishes the phisher's key


def imitation(name: str, group: str, says: str, *domains: str) -> None:
    """A recipe that sends from one of the domains, in the name of the person whose house it imitates."""

    def make(case: Case) -> None:
        domain = case.rng.choice(domains)
        box = case.scene.insider(*_IMITATED)
        draft = case.scene.draft(_as(domain, case), (box,))
        composed = compose(draft)
        if case.rng.random() < 0.6:
            composed = case.post.sign(composed, "mallory", draft.when + 2, domain=domain)
        case.imitation(box, trace(draft, box, draft.when + 2, draft.when + 5) + composed)

    RECIPES.append(Recipe(name, group, says, make))
    DOMAINS.extend(domains)


_IMITATED = (CLAIRE, MARION, DUNMORE)


def _as(domain: str, case: Case) -> Person:
    person = case.rng.choice(_IMITATED)
    return replace(person, system=replace(EVE.system, domain=domain))


def a_label(domain: str) -> str:
    return domain.encode("idna").decode()


imitation(
    "letters_of_another_script", "imitation", "Cyrillic letters that look the same, as A-label.",
    a_label("lаvigie.example"), a_label("hоrizon-commun.example"),
)  # fmt: skip
imitation(
    "letters_that_look_alike", "imitation", "rn for m, 1 or I for l, 0 for o.",
    "horizon-cornmun.example", "lavlgie.example", "h0rizon-commun.example", "rnarchetti-dunmore.test",
)  # fmt: skip
imitation(
    "service_word_before", "imitation", "onedrive-, mail-, login- before the name, as in 2017.",
    "onedrive-lavigie.example", "mail-horizon-commun.example", "login-marchetti-dunmore.test",
)  # fmt: skip
imitation(
    "service_word_behind", "imitation", "-webmail, -support behind the name.",
    "lavigie-webmail.example", "horizon-commun-support.example", "marchetti-dunmore-login.test",
)  # fmt: skip
imitation(
    "name_as_subdomain", "imitation", "The whole name left of a domain of the phisher's own.",
    "lavigie.example.acces-securise.test", "horizon-commun.example.verif-compte.test",
)  # fmt: skip
imitation(
    "another_ending", "resemblance", "The name under another top-level domain.",
    "lavigie.test", "horizon-commun.invalid",
)  # fmt: skip
imitation(
    "a_letter_more", "resemblance", "One letter more, less or exchanged.",
    "horizonn-commun.example", "lavige.example", "marchetti-dunnore.test",
)  # fmt: skip
imitation(
    "a_hyphen_less", "resemblance", "The hyphen is gone or another one is in.",
    "horizoncommun.example", "la-vigie.example",
)  # fmt: skip


def _corresponds(case: Case) -> None:
    box = case.scene.insider(*_IMITATED)
    phisher = replace(CLAIRE, system=replace(EVE.system, domain="onedrive-lavigie.example"))
    draft = case.scene.draft(phisher, (box,))
    signed = case.post.sign(compose(draft), "mallory", draft.when + 2, domain=phisher.system.domain)
    case.imitation(box, trace(draft, box, draft.when + 2, draft.when + 5) + signed)
    answer = reply(draft, box, draft.when + 8_000, "Who is this, please?", case.scene.seed())
    case.honest(box, case.send(answer).composed)


RECIPES.append(
    Recipe("corresponds", "imitation", "A phishing domain that gets answers; the answers are honest.", _corresponds)
)
