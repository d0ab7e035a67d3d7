"""Dumps of signed mail, changed after signing, judged by the same functions as `triage run`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transforms.auth.key import parse_record
from transforms.model import PublicKey

ROOT = Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "sample_dump"))
from signing import Signer, sign  # noqa: E402

CAMPAIGN = Signer("campaign.example", "s1", "campaign")
AGAIN = Signer("campaign.example", "s2", "newspaper")
STRANGER = Signer("outsider.example", "s1", "impostor")
STRANGER_ED25519 = Signer("outsider.example", "s2", "law_office_ed25519")

# The second key of the campaign is not at hand.
SIGNERS = {"campaign": CAMPAIGN, "campaign_again": AGAIN, "stranger": STRANGER, "stranger_ed25519": STRANGER_ED25519}

Edit = tuple[bytes, bytes]
Findings = dict[str, dict[str, dict[str, Any]]]  # path -> code -> finding


@pytest.fixture
def signed() -> Callable[..., bytes]:
    """Sign a mail (LF here, CRLF in the dump), then replace octets."""

    def make(mail: bytes, *edits: Edit, by: str = "campaign", **signing: Any) -> bytes:
        octets = sign(mail.replace(b"\n", b"\r\n"), SIGNERS[by], **signing)
        for old, new in edits:
            old, new = (one.replace(b"\n", b"\r\n") for one in (old, new))
            assert old in octets
            octets = octets.replace(old, new)
        return octets

    return make


@pytest.fixture
def told(judged: Callable[..., Any], tmp_path: Path) -> Callable[..., Findings]:
    """The findings of the joins about each file, and under their names some of its columns."""

    def judge(
        files: dict[str, bytes], signers: tuple[Signer, ...] = (CAMPAIGN, STRANGER, STRANGER_ED25519), protect: str = ""
    ) -> Findings:
        for name, octets in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(octets)
        rows = judged(tmp_path, [_public(one) for one in signers], tuple(filter(None, [protect])))
        return {
            path: {f["code"]: f for f in row["findings"]}
            | {name: row[name] for name in ("verdict", "rule", "subtype", "near_dup_of")}
            for path, row in rows.items()
        }

    return judge


def _public(signer: Signer) -> PublicKey:
    record = signer.record()
    return PublicKey(parse_record(record).key_id, signer.domain, signer.selector, record, "archive", "test")
