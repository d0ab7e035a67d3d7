"""The end-of-run block: what was found, what could not be read, what is still missing."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from shlex import quote
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import out_tables
from transforms.auth.coverage import SELF_ATTESTED
from transforms.model import VERDICTS
from transforms.text import clean_text

# Not counted among the items that a verdict is about (DESIGN §5).
APART = ("container", "gap", "link", "unread")

_WORDS = {
    "verified": "a mail system's signature covers exactly these octets",
    "suspected_fake": "facts contradict what these claim to be; a person must look",
    "unverifiable": "nothing can be said either way",
}


def counts(out: Path) -> dict[str, Any]:
    """Counts of a finished OUT; every number equals a count over its tables."""
    items = out_tables.read_table(out, "items", ["verdict", "rule", "reason_code", "status", "error_code", "kind"])
    judged = items.filter(pc.invert(pc.is_in(items["rule"].cast(pa.string()), value_set=pa.array(APART))))
    keys = out_tables.read_table(out, "keys", ["domain", "selector", "source", "weakness"])
    signatures = out_tables.read_table(out, "signatures", ["domain", "selector", "key_status", "reason", "type"])
    signatures = signatures.filter(pc.equal(signatures["type"], "dkim")).drop_columns("type")
    unproven = pc.is_in(signatures["reason"], value_set=pa.array(sorted(SELF_ATTESTED)))
    missing = pc.or_(pc.equal(signatures["key_status"], "missing"), unproven)
    rivals = keys.filter(pc.equal(keys["weakness"], "two_recovered"))
    named = signatures.set_column(2, "missing", missing).group_by(["domain", "selector"])
    names = named.aggregate([("missing", "any")])
    sources = out_tables.read_table(out, "sources", ["status"])
    open_items = judged.filter(pc.equal(judged["verdict"], "unverifiable"))
    return {
        "items": len(items),
        "by_verdict": {v.value: _count(judged["verdict"])[v.value] for v in VERDICTS},
        "apart": {rule: _count(items["rule"])[rule] for rule in APART},
        "reasons": dict(_count(open_items["reason_code"])),
        "flagged": _count(items["rule"])["flagged"],
        "errors": dict(_count(items["error_code"].drop_null())),
        "emails": _count(items["kind"])["email"],
        "sources": len(sources),
        "sources_not_ok": len(sources) - _count(sources["status"])["ok"],
        "keys": len(keys),
        "keys_recovered": _count(keys["source"])["recovered"],
        "key_names_two_recovered": len(rivals.group_by(["domain", "selector"]).aggregate([])),
        "key_names_signed_with": len(names),
        "key_names_missing": pc.sum(names["missing_any"]).as_py() or 0,
    }


def _count(column: pa.ChunkedArray) -> Counter[str]:
    plain = column.cast(pa.string())
    return Counter({row["values"].as_py(): row["counts"].as_py() for row in plain.value_counts()})


def as_json(out: Path) -> str:
    record = out_tables.read_run(out)
    assert record is not None
    return json.dumps(
        {"out": str(out), "counts": record["counts"], "look_ups": record["look_ups"], "timings": record["timings"],
         "octets": record["octets"], "problems": record["problems"]},
        sort_keys=True,
    )  # fmt: skip


def _recovered(record: dict[str, Any]) -> list[str]:
    """What was computed from the dump's own signatures, and what was not."""
    found, step = record["counts"], record.get("recovery", {"state": "none"})
    lines = []
    if found["keys_recovered"]:
        lines.append(f"recovered keys:   {found['keys_recovered']}; they support, and verify nothing by themselves")
    if found["key_names_two_recovered"]:
        lines.append(f"alarm:            {found['key_names_two_recovered']} names with two recovered keys (keys list)")
    if step["state"] == "skipped":
        lines.append("key recovery:     interrupted; triage run DUMP -o OUT --resume goes on with it")
    return lines


def _put_back(outcomes: dict[str, int]) -> list[str]:
    """Messages that lost an attachment, and for how many its file was found in the dump."""
    if not outcomes:
        return []
    found, total = outcomes.get("restored", 0), sum(outcomes.values())
    others = ", ".join(f"{name} {count}" for name, count in sorted(outcomes.items()) if name != "restored")
    return [f"attachments:      put back into {found} of {total} messages" + (f" ({others})" if others else "")]


def _taught(taught: dict[str, list[str]]) -> list[str]:
    """The domains that the dump protects by itself, and the signals that are usual in some container."""
    protected, weak = (len(taught.get(name, ())) for name in ("protected", "weak_here"))
    if not protected and not weak:
        return []
    domains, signals = "domain" if protected == 1 else "domains", "signal" if weak == 1 else "signals"
    return [f"taught:           {protected} {domains} protected, {weak} {signals} weak in some container (run.json)"]


def as_text(out: Path) -> str:
    """At most 25 lines."""
    record = out_tables.read_run(out)
    assert record is not None
    found = record["counts"]
    total = sum(found["by_verdict"].values())
    lines = [f"{total} items in {found['sources']} files, {found['emails']} of them messages", ""]
    for verdict in ("verified", "suspected_fake", "unverifiable"):
        number = found["by_verdict"][verdict]
        share = f"{100 * number / total:.1f} %" if total else "-"
        lines.append(f"  {verdict.replace('_', ' '):<15}{number:>9}  {share:>7}  {_WORDS[verdict]}")
    reasons = sorted(found["reasons"].items(), key=lambda kv: (-kv[1], kv[0]))[:5]
    if reasons:
        lines += ["", "why unverifiable: " + ", ".join(f"{code} {number}" for code, number in reasons)]
    if found.get("flagged"):  # an OUT of an earlier version does not count them
        lines.append(f"worth a look:     {found['flagged']} of these, whose rule is flagged")
    apart = ", ".join(f"{number} {name}" for name, number in found["apart"].items() if number)
    if apart:
        lines.append(f"counted apart:    {apart}")
    if found["errors"]:
        errors = list(found["errors"].items())
        shown = ", ".join(f"{code} {number}" for code, number in errors[:6]) + (" ..." if errors[6:] else "")
        lines.append(f"not fully read:   {shown}")
    known = found["key_names_signed_with"] - found["key_names_missing"]
    lines.append(f"keys:             {known} of {found['key_names_signed_with']} names signed with are at hand")
    lines += _recovered(record)
    lines += _put_back(record.get("put_back", {}))
    lines += _taught(record.get("taught", {}))
    lines.append(f"look-ups made:    {record['look_ups']}")
    seconds = record["timings"]["seconds"]
    if seconds > 0:
        rate = record["octets"] / 1e6 / seconds
        lines.append(f"time:             {seconds:.1f} s, {rate:.1f} MB/s")
    where = quote(str(out))
    lines += ["", f"next: triage report {where}   ·   triage explain {where} ITEM   ·   triage keys wanted {where}"]
    return "\n".join(map(clean_text, lines))
