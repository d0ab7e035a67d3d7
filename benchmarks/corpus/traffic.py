"""The honest mail: letters, answers, newsletters, lists, sealed mail, sent copies, files that circulate."""

from __future__ import annotations

from dataclasses import replace

from corpus import stamps
from corpus.clients import Draft, File, reply
from corpus.damages import through_list
from corpus.scene import HONEST, Case, Label, Placed, Recipe, Scene
from corpus.transport import Mail, delivered, is_protected, resigned_by_sealer
from corpus.world import ARCHIVE, INSIDERS, MARION, NEWSLETTER, SAILOR, THEO, Person, words

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ANSWERS = ("Thank you, noted.", "Merci, c'est noté.", "Yes, let us do that.", "Not before Thursday, I am afraid.")


class Traffic:
    """Honest mail, message by message."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.rng = scene, scene.rng
        self.placed: list[Placed] = []
        self._sent: list[Mail] = []
        self._files: list[File] = []
        self._list = Case(scene, Recipe("list", "", "", lambda case: None))

    def make(self, messages: int) -> list[Placed]:
        for number in range(messages):
            roll = self.rng.random()
            if roll < 0.12:
                self._newsletter(broken=number % 3 == 0)
            elif roll < 0.19:
                self._through_list()
            elif roll < 0.25:
                self._sealed()
            elif roll < 0.50 and self._sent:
                self._answer()
            else:
                self._letter()
        return self.placed

    def _put(self, box: Person | None, octets: bytes, recipe: str, provable: bool = False, name: str = "") -> None:
        self.placed.append(Placed(box, name, octets, {"": Label(HONEST, recipe, provable=provable)}))

    def _letter(self) -> None:
        author = self.scene.insider() if self.rng.random() < 0.7 else self.scene.outsider()
        readers = self.rng.sample([p for p in (*INSIDERS, ARCHIVE) if p != author], self.rng.choice((1, 1, 2)))
        draft = self.scene.draft(author, tuple(readers))
        if self.rng.random() < 0.25:
            draft = replace(draft, files=self._attached(draft))
        self._deliver(self.scene.post.send(draft), "letter")

    def _attached(self, draft: Draft) -> tuple[File, ...]:
        """New files, or one that went around before."""
        if self._files and self.rng.random() < 0.3:
            return (self.rng.choice(self._files),)
        files = tuple(self.scene.file(draft.author, draft.when) for _ in range(self.rng.choice((1, 1, 2))))
        if is_protected(draft.author):
            self._files.extend(files)
        for file in files:
            if self.rng.random() < 0.2:
                self._put(None, file.octets, "loose file", name=f"documents/{file.name}")
        return files

    def _answer(self) -> None:
        parent = self.rng.choice(self._sent)
        author = self.rng.choice(parent.draft.to)
        when = parent.at + self.rng.randrange(300, 2 * 86_400)
        text = f"{self.rng.choice(_ANSWERS)} {words(self.rng).text.split('. ')[-1]}"
        self._deliver(self.scene.post.send(reply(parent.draft, author, when, text, self.scene.seed())), "answer")

    def _deliver(self, mail: Mail, recipe: str) -> None:
        known = mail.signer is not None and mail.signer != "pollster"
        for person in mail.draft.to:
            if person in INSIDERS or person == ARCHIVE:
                self._put(person, delivered(mail, person), recipe, provable=known)
        if mail.draft.author in INSIDERS and self.rng.random() < 0.3:
            self._put(mail.draft.author, mail.composed, "sent copy")
        self._sent.append(mail)

    def _newsletter(self, broken: bool) -> None:
        """broken: a home-made program with a wrong weekday, an impossible zone and the boundary of its template."""
        box = self.rng.choice(INSIDERS)
        draft = self.scene.draft(NEWSLETTER, (box,))
        if broken:
            date = stamps.date(draft.when + 40 * 86_400, 0)
            draft = replace(draft, date=f"{self.rng.choice(_DAYS)}{date[3:-5]}+0107", client="gmail")
        mail = self.scene.post.send(draft, at=draft.when + 40 * 86_400 if broken else None)
        self._put(box, delivered(mail, box), "broken newsletter" if broken else "newsletter", provable=True)

    def _through_list(self) -> None:
        box = self.rng.choice(INSIDERS)
        author = self.rng.choice([person for person in (MARION, THEO, SAILOR) if person != box])
        mail = self.scene.post.send(self.scene.draft(author, (box,)))
        self._put(box, through_list(self._list, mail, box), "list")

    def _sealed(self) -> None:
        author = self.rng.choice([MARION, THEO])
        box = self.scene.insider(author)
        mail = self.scene.post.send(self.scene.draft(author, (box,)))
        self._put(box, resigned_by_sealer(self.scene.post, mail, box), "sealed", provable=True)
