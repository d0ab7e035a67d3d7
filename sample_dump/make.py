"""Makes the sample dump: leak/, keys/, expected.csv and README.md, byte for byte the same each time.

    python sample_dump/make.py [FOLDER]        FOLDER: where to write, this one by default

Each recipe makes a file and says, by construction, what the pipeline should make of it and of
everything inside it. The private keys in private_keys/ are read, never made.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from chapters import CHAPTERS
from signing import Signer
from verdicts import Recipe, Says, rows, sent_documents, step
from world import CAMPAIGN, HOMOGLYPH, LAW_OFFICE, LAW_OFFICE_ED, LOOKALIKE, NEWSPAPER, NEWSPAPER_2012, PRINTER

HERE = Path(__file__).parent

# ---- keys -------------------------------------------------------------------------------------


def key_files() -> Iterator[tuple[str, bytes]]:
    """The public keys in each form that `--keys` reads."""
    columns = ["domain", "selector", "record", "first_seen", "last_seen", "not_before", "not_after", "source"]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    for signer, first, last, withdrawn in (
        (CAMPAIGN, "2016-02-11", "2017-11-30", ""),
        (NEWSPAPER, "2014-09-02", "2019-05-20", ""),
        (NEWSPAPER_2012, "2011-06-15", "2014-03-28", "2014-06-30"),
    ):
        writer.writerow([signer.domain, signer.selector, signer.record(), first, last, "", withdrawn, "archive"])
    yield "archive.csv", table.getvalue().encode()
    known = {
        "domain": LAW_OFFICE.domain,
        "selector": LAW_OFFICE.selector,
        "record": LAW_OFFICE.record(),
        "first_seen": "2015-01-20T06:00:00Z",
        "source": "archive",
    }
    yield "observed.jsonl", f"{json.dumps(known)}\n".encode()
    seen = {"firstSeenAt": "2017-04-19T06:00:00.000Z", "lastSeenAt": "2017-05-02T06:00:00.000Z"}
    answer = {
        "domain": HOMOGLYPH.domain,
        "selector": HOMOGLYPH.selector,
        **seen,
        "value": HOMOGLYPH.record(),
        "id": 4711,
        "observations": [{"source": "live_dns", **seen}],
    }
    yield "answer-of-an-archive.json", f"{json.dumps([answer], indent=2)}\n".encode()
    yield _named(LAW_OFFICE_ED), f"{LAW_OFFICE_ED.record()}\n".encode()
    strings = " ".join(f'"{piece}"' for piece in _strings(PRINTER.record()))
    name = f"{PRINTER.selector}._domainkey.{PRINTER.domain}."
    yield (
        _named(PRINTER),
        (
            f"; <<>> DiG 9.10.3 <<>> TXT {name}\n;; ->>HEADER<<- opcode: QUERY, status: NOERROR\n\n"
            f";; QUESTION SECTION:\n;{name}\tIN\tTXT\n\n;; ANSWER SECTION:\n{name}\t3600\tIN\tTXT\t{strings}\n\n"
            ";; Query time: 31 msec\n"
        ).encode(),
    )
    strings = " ".join(f'"{piece}"' for piece in _strings(LOOKALIKE.record()))
    yield _named(LOOKALIKE), f"{LOOKALIKE.selector}._domainkey 3600 IN TXT ( {strings} )\n".encode()


def _named(signer: Signer) -> str:
    return f"{signer.selector}._domainkey.{signer.domain}.txt"


def _strings(record: str) -> list[str]:
    """Character-strings of at most 255 octets (RFC 1035 §3.3)."""
    return [record[at : at + 250] for at in range(0, len(record), 250)]


# ---- writing ----------------------------------------------------------------------------------


README = """# The sample dump

{files} files ({items} items) of an invented leak, the keys to judge it with, and what the pipeline should say:

    triage run sample_dump/leak -o out --keys sample_dump/keys

The world is invented: a campaign (horizon-commun.example), a newspaper (lavigie.example), a law office
(marchetti-dunmore.test), their suppliers and those who imitate them. Nobody here exists, nothing here happened.
The keys in `private_keys/` are worthless test keys, public on purpose; `keys/` holds the public halves in each
form that `--keys` reads, all but that of sondages-kappa.example.

`python sample_dump/make.py` writes `leak/`, `keys/`, `expected.csv` (one row per item) and this page, byte for
byte the same each time. File times carry no meaning: git does not keep them.

| file in leak/ | what it is | what the pipeline says |
|---|---|---|
{table}
"""


def expectations(recipes: Sequence[Recipe]) -> Iterator[tuple[Recipe, list[tuple[str, Says]]]]:
    sent = frozenset(octets for recipe in recipes for octets in sent_documents(recipe.thing))
    for recipe in recipes:
        path = "/".join(map(step, recipe.path.split("/")))
        yield recipe, list(rows(path, recipe.thing, "none", sent))


def readme(expected: Sequence[tuple[Recipe, list[tuple[str, Says]]]]) -> str:
    lines = []
    for recipe, found in expected:
        own = found[0][0]
        says = [str(found[0][1]), *(f"`{path.removeprefix(own)}` {verdict}" for path, verdict in found[1:])]
        lines.append(f"| {recipe.path} | {recipe.what} | {'<br>'.join(says)} |")
    items = sum(len(found) for _, found in expected)
    return README.format(files=len(expected), items=items, table="\n".join(lines))


def expected_csv(expected: Sequence[tuple[Recipe, list[tuple[str, Says]]]]) -> bytes:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["path", "verdict", "basis_or_reason", "subtype"])
    for path, says in sorted(row for _, found in expected for row in found):
        writer.writerow([path, says.verdict, says.because, says.subtype])
    return table.getvalue().encode()


def make(folder: Path) -> None:
    """Write the sample under folder, replacing leak/ and keys/."""
    recipes = sorted((recipe for chapter in CHAPTERS for recipe in chapter()), key=lambda recipe: recipe.path)
    assert len({recipe.path.lower() for recipe in recipes}) == len(recipes)
    files = {f"leak/{recipe.path}": recipe.thing.octets for recipe in recipes}
    files |= {f"keys/{name}": octets for name, octets in key_files()}
    expected = list(expectations(recipes))
    files["expected.csv"] = expected_csv(expected)
    files["README.md"] = readme(expected).encode()
    for replaced in ("leak", "keys"):
        shutil.rmtree(folder / replaced, ignore_errors=True)
    for name, octets in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
