"""What came out, in plain words, what is not known, and what to do first?"""

from __future__ import annotations

from typing import Any

from pipeline.report import words
from pipeline.report.shown import count, many, quoted
from pipeline.wanted import Wanted


def section(record: dict[str, Any], wanted: list[Wanted], flagged: int, pointed_out: int, out: str) -> str:
    """The verdicts as three panels; record is run.json, flagged counts the unsuspected items worth a look.

    pointed_out counts those that are for what is no contradiction.
    """
    found = record["counts"]
    verdicts = found["by_verdict"]
    total = sum(verdicts.values())
    apart = sum(found["apart"].values())
    unknown = verdicts["unverifiable"]
    lead = (
        f"Of {many(total, 'item')}, <strong>{_are(verdicts['verified'])} verified</strong>, "
        f"<strong>{_are(verdicts['suspected_fake'])} suspected</strong>, for a person to look at, and of "
        f"<strong>{count(unknown)} nothing can be said</strong> either way ({words.share(unknown, total)})."
    )
    aside = f" {count(apart)} more are containers, gaps, links or unread; they are counted apart." if apart else ""
    panels = "".join(_panel(verdict, verdicts[verdict], total) for verdict in words.VERDICTS)
    return (
        f'<section aria-labelledby="verdicts"><h2 id="verdicts">What came out</h2><p class="lead">{lead}{aside}</p>'
        f'<div class="strip">{panels}</div>{_first(found, flagged, pointed_out, wanted, out)}</section>'
    )


def _are(number: int) -> str:
    return f"{count(number)} {'is' if number == 1 else 'are'}"


def _panel(verdict: str, number: int, total: int) -> str:
    name, sign, says, does_not = words.VERDICTS[verdict]
    return (
        f'<div class="panel {verdict}"><h3><span class="sign" aria-hidden="true">{sign}</span> {name}</h3>'
        f'<p class="figure"><strong>{count(number)}</strong> <span>{words.share(number, total)}</span></p>'
        f"<p>{says}</p><p><strong>What it does not say:</strong> {does_not}</p></div>"
    )


def _first(found: dict[str, Any], flagged: int, pointed_out: int, wanted: list[Wanted], out: str) -> str:
    steps = []
    suspected, rivals = found["by_verdict"]["suspected_fake"], found["key_names_two_recovered"]
    if rivals:
        steps.append(
            f"<strong>Alarm:</strong> under {many(rivals, 'key name')} there are signatures of two different keys; "
            'one may be a forger\'s. See <a href="#keys">Keys</a>.'
        )
    if suspected:
        steps.append(
            f'Look at the <a href="#contradictions">{many(suspected, "suspected item")}</a>, both values side by side.'
        )
    if flagged:
        steps.append(
            f"{many(flagged, 'other item')} {'carries' if flagged == 1 else 'carry'} a strong contradiction: "
            'not suspected, but <a href="#contradictions">worth a look</a>.'
        )
    if pointed_out:
        command = f"triage query {out} \"FROM items SELECT path, headline WHERE rule = 'flagged'\""
        they_are = f"{many(pointed_out, 'more item')} {'is' if pointed_out == 1 else 'are'}"
        steps.append(
            f"{they_are} pointed out, for what a signature or another copy says otherwise: {quoted(command)} lists "
            "all that are worth a look."
        )
    decide = sum(name.decides for name in wanted)
    if wanted:
        steps.append(
            f'<a href="#keys">{many(len(wanted), "key")}</a> {"is" if len(wanted) == 1 else "are"} missing and would '
            f"decide up to {many(decide, 'message')}. {quoted(f'triage keys wanted {out}')} lists them; judging again "
            "with new keys needs no dump."
        )
    steps.append(
        'Before you quote an item, open it in the <a href="#items">list</a> and read what its proof leaves out.'
    )
    return f"<h3>What to do first</h3><ol>{''.join(f'<li>{step}</li>' for step in steps)}</ol>"
