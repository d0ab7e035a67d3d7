"""How was this made, what are its limits, and how is it repeated?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline.report import words
from pipeline.report.shown import quoted, shown, table


def section(record: dict[str, Any], named: str) -> str:
    """Method, wording, arguments, limits, hashes and versions; record is run.json."""
    arguments = record["arguments"]
    started = datetime.fromtimestamp(record.get("started", 0), UTC)
    facts = [
        ["dump", shown(arguments["dump"])],
        ["run started", f"{started:%Y-%m-%d %H:%M} UTC"],
        ["domains protected", _list(arguments.get("protect"))],
        ["sealers trusted besides the shipped list", _list(arguments.get("trusted_sealer"))],
        ["keys given", _list(arguments.get("keys"))],
        ["SHA-256 of the key set", f"<code>{shown(record.get('keys_sha256'))}</code>"],
        *(
            [f"SHA-256 of {shown(name)}", f"<code>{shown(digest)}</code>"]
            for name, digest in sorted(record["tables"].items())
        ),
    ]
    weak = record.get("taught", {}).get("weak_here", [])
    demoted = (
        "<h3>Signals that count for little in this dump</h3><p>They trip on its verified mail, so they say little of "
        f"the rest.</p><ul>{''.join(f'<li>{shown(one)}</li>' for one in weak)}</ul>"
        if weak
        else ""
    )
    versions = [[shown(name), shown(version)] for name, version in sorted(record.get("versions", {}).items())]
    limits = [[shown(name), f"{value:,}"] for name, value in sorted(record.get("limits", {}).items())]
    printing = "".join(f"<li><strong>{verdict}</strong>: {sentence}</li>" for verdict, sentence in words.PRINT)
    return (
        '<section aria-labelledby="method"><h2 id="method">Method, limits, and how to repeat it</h2>'
        "<p>Every file, and everything found inside a file, has exactly one row and one verdict. A message is verified "
        "when a DKIM signature (RFC 6376) is valid for exactly these octets under a key of known origin, covers From, "
        "Date, Subject and the whole body, belongs to the sender's domain, and leaves one reading of the message only; "
        "or when it was damaged in passing and the damage could be undone without a reader seeing a difference; or, "
        "where the sender's key is lost, when a trusted receiver's seal vouches for it. An attachment is verified with "
        "the message that carries it. An item is suspected when named facts contradict what it claims to be; a missing "
        "or failing signature is never such a fact.</p>"
        "<h3>What this page cannot tell</h3><ul>"
        "<li>Who typed a message, and whether what it says is true. Somebody who controls a mail server can plant "
        "decoys that verify.</li>"
        "<li>When a message was written: the Date is the sender's clock, and a signature is no older than its key.</li>"
        "<li>How many forgeries are not found. What is unverifiable can be anything.</li>"
        "<li>What is not in the dump: a selection can mislead although every item in it is verified.</li></ul>"
        f"<h3>Words for print</h3><ul>{printing}</ul>"
        f"<h3>To repeat it</h3><p>{quoted(f'triage verify {named} --against DUMP')} hashes tables and dump again. "
        "The same dump, keys, options and versions give the same tables to the octet. For one message: "
        f"{quoted(f'triage explain {named} ITEM')} names signature, signed fields and key; any DKIM program that takes "
        "a key by hand must agree. The page is made from the tables alone, asks nothing of any network, and holds "
        "content of the leak: keep it as you keep the dump.</p>"
        + demoted
        + table("This run", ["what", "value"], facts)
        + f"<details><summary>Versions</summary>{table('Versions', ['what', 'version'], versions)}</details>"
        + f"<details><summary>Limits in force</summary>{table('Limits', ['limit', '#value'], limits)}</details>"
        + "</section>"
    )


def _list(values: list[str] | None) -> str:
    return ", ".join(map(shown, values)) if values else "none"
