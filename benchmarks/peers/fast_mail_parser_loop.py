"""The peer that only parses: fast-mail-parser (Rust) over .eml files, with SHA-256 of each attachment.

    python benchmarks/peers/fast_mail_parser_loop.py FOLDER

Prints one JSON object: messages, octets, parts that were hashed, and messages that it rejected. Work
differs from the product's: no signature is looked at.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import fast_mail_parser


def loop(folder: Path) -> dict[str, int]:
    counts = {"messages": 0, "octets": 0, "parts": 0, "rejected": 0}
    for path in sorted(folder.rglob("*.eml")):
        octets = path.read_bytes()
        counts["messages"] += 1
        counts["octets"] += len(octets)
        try:
            message = fast_mail_parser.parse_email(octets)
        except fast_mail_parser.ParseError:
            counts["rejected"] += 1
            continue
        for attachment in message.attachments:
            hashlib.sha256(attachment.content).hexdigest()
            counts["parts"] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    print(json.dumps(loop(parser.parse_args().folder)))


if __name__ == "__main__":
    main()
