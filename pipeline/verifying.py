"""triage verify: is OUT as it was written, does it account for everything, and does other code agree?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pipeline import evidence, ledger, out_tables
from pipeline.options import EXIT_ACCOUNTING, EXIT_OK
from pipeline.recheck import against, stored, verified
from transforms.text import clean_text


def run(out: Path, dump: Path | None, record: dict[str, Any]) -> int:
    """Print what holds and what does not; dump is given for --against, record is run.json."""
    name = clean_text(str(out))
    wrong = [
        f"{table}: differs from what run.json records"
        for table, digest in sorted(record["tables"].items())
        if not (out / table).exists() or out_tables.file_sha256(out / table) != digest
    ]
    wrong = wrong or ledger.problems(out)
    if dump is not None and not wrong:
        wrong = ledger.differences(out, dump)
    lines: list[str] = []
    if not wrong:
        try:
            lines, wrong = _by_other_code(out, dump, record)
        except evidence.EvidenceDamaged as error:
            wrong = [str(error)]
    for line in (*lines, *wrong):
        print(clean_text(line))
    if wrong:
        print(f"{name}: {len(wrong)} problems. Do not rely on these tables; run again.", file=sys.stderr)
        return EXIT_ACCOUNTING
    print(f"{name}: {len(record['tables'])} files as written, every entry, item and octet accounted for.")
    return EXIT_OK


def _by_other_code(out: Path, dump: Path | None, record: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What other programs say of the verified items, and what they deny."""
    found = verified.of(out, record)
    tally = stored.recheck(out, found)
    lines = tally.lines("verified items, kept fields against the keys")
    if dump is None or tally.wrong:
        return lines, tally.wrong
    tally = against.recheck(dump, found)
    return lines + tally.lines("verified items, their octets read again and given to dkimpy"), tally.wrong
