"""Stories of leaks, one per file of scenarios/: what lies in the dump, and what must be said of it.

A file holds `story`, `protect`, `sealers` (who is trusted) and `keys` (whose keys are at hand; all of
them unless given), a list of `file` with `path`, `text` (LF here, CRLF in the dump), `sign` (who signs
it), `fields` (h=), `length` (with l=), `seal` (`by`, `results`, with {b} for header.b, and `fields` of ARC
sets put on then, in order), `edit` (pairs replaced after signing), `sign_again` (who signs the edited mail)
and `copies` (how many of them), and
`expect`: path -> columns of items.parquet, with `contradicts` for the codes of such findings.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sealing import prefix_of, seal
from transforms.auth.key import parse_record
from transforms.model import PublicKey

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sample_dump"))
from signing import Signer, sign  # noqa: E402

SCENARIOS = sorted((HERE / "scenarios").glob("*.toml"))
SIGNERS = {
    "campaign": Signer("campaign.example", "s1", "campaign"),
    "campaign_two": Signer("campaign.example", "s2", "newspaper"),
    "newspaper": Signer("newspaper.example", "s1", "newspaper"),
    "outsider": Signer("outsider.example", "s1", "impostor"),
    "tenant": Signer("outsider.onmicrosoft.com", "s1", "impostor"),
    "suffix": Signer("example", "s1", "impostor"),
    "lookalike": Signer("onedrive-campaign.example", "s1", "impostor"),
    "printer": Signer("printer.example", "s1", "printer_1024"),
    "receiver": Signer("mx.example", "arc", "pollster"),
}


@pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])
def test_scenario(path: Path, tmp_path: Path, judged: Any) -> None:
    scenario = tomllib.loads(path.read_text("utf-8"))
    for file in scenario["file"]:
        _write(tmp_path, file)
    keys = [_public(SIGNERS[name]) for name in scenario.get("keys", SIGNERS)]
    sealers = tuple(SIGNERS[name].domain for name in scenario.get("sealers", ()))
    rows = judged(tmp_path, keys, protect=tuple(scenario.get("protect", ())), sealers=sealers)
    assert scenario["expect"].keys() <= rows.keys()
    for item, expected in scenario["expect"].items():
        row = rows[item]
        contradicts = sorted(f["code"] for f in row["findings"] if f["direction"] == "contradicts")
        assert {name: {**row, "contradicts": contradicts}[name] for name in expected} == expected, item
    suspected = {item for item, row in rows.items() if row["verdict"] == "suspected_fake"}
    assert suspected == {i for i, e in scenario["expect"].items() if e["verdict"] == "suspected_fake"}


def _write(dump: Path, file: dict[str, Any]) -> None:
    for number in range(file.get("copies", 1)):
        octets = file["text"].replace("{n}", str(number)).replace("\n", "\r\n").encode()
        if "sign" in file:
            more = {"fields": file["fields"]} if "fields" in file else {}
            octets = sign(octets, SIGNERS[file["sign"]], with_length=file.get("length", False), **more)
        for instance, one in enumerate(file.get("seal", ()), 1):
            results = one["results"].replace("{b}", prefix_of(octets))
            octets = seal(octets, SIGNERS[one["by"]], results, instance, fields=one.get("fields"))
        for old, new in file.get("edit", ()):
            changed = octets.replace(old.replace("\n", "\r\n").encode(), new.replace("\n", "\r\n").encode())
            assert changed != octets, f"{file['path']}: {old!r} is not there"
            octets = changed
        if "sign_again" in file:
            octets = sign(octets, SIGNERS[file["sign_again"]])
        path = dump / file["path"].replace("{n}", str(number))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)


def _public(signer: Signer) -> PublicKey:
    record = signer.record()
    return PublicKey(parse_record(record).key_id, signer.domain, signer.selector, record, "archive", "test")
