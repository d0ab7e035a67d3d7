"""Key archives in every form that people keep them in, and the keys kept in OUT (DESIGN §4)."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from gmpy2 import next_prime

from pipeline import cli, key_store
from pipeline.key_store import KeyFileError
from transforms.auth.key import parse_record
from transforms.limits import LIMITS
from transforms.model import PublicKey

SAMPLE_KEYS = Path(__file__).resolve().parents[2] / "sample_dump" / "keys"
# The public key of RFC 6376 §C (selector brisbane, example.com).
P = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFC"
    "jxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi"
    "tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
)
RECORD = f"v=DKIM1; k=rsa; p={P}"
KEY_ID = parse_record(RECORD).key_id
OTHER = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8463 §A.2


def read(path: Path) -> list[tuple[str, str, bool]]:
    """(domain, selector, whether the key is the one of RECORD)"""
    return [(key.domain, key.selector, key.key_id == KEY_ID) for key in key_store.read_keys([path])]


def test_the_record_of_these_tests_holds_a_key() -> None:
    assert len(KEY_ID) == 64 and parse_record(OTHER).status == "ok"


# ---- files named SELECTOR._domainkey.DOMAIN -----------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        RECORD,
        RECORD + "\n",
        RECORD.replace(" ", "\n "),
        f'"{RECORD}"\n',
        f'"{RECORD[:99]}" "{RECORD[99:]}"\n',
        f'"{RECORD[:99]}"\n"{RECORD[99:]}"\n',
        RECORD.replace(";", "\\;"),
        f's1._domainkey.a.example. 3600 IN TXT "{RECORD[:99]}" "{RECORD[99:]}"\n',
        f's1._domainkey\tIN\tTXT\t( "{RECORD[:99]}" "{RECORD[99:]}" )\n',
        f"; a comment\n\ns1._domainkey.a.example. IN TXT {RECORD}\n",
        "; <<>> DiG 9.18 <<>> TXT s1._domainkey.a.example\n;; QUESTION SECTION:\n;s1._domainkey.a.example. IN TXT\n\n"
        f';; ANSWER SECTION:\ns1._domainkey.a.example. 300 IN TXT "v=DKIM1\\; k=rsa\\; p={P[:50]}" "{P[50:]}"\n\n'
        ";; Query time: 1 msec\n;; SERVER: 192.0.2.53#53\n",
        f's1._domainkey.a.example. 60 IN CNAME s1.b.example.\ns1.b.example. 60 IN TXT "{RECORD}"\n',
        f"\ufeff{RECORD}\r\n",
    ],
    ids=[
        "record", "newline", "lines", "quoted", "two strings", "strings on lines", "backslashes", "zone line",
        "parentheses", "unquoted zone line", "dig", "dig with CNAME", "byte order mark",
    ],
)  # fmt: skip
def test_a_named_file_holds_a_record_in_any_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s1._domainkey.a.example.txt"
    path.write_text(text, "utf-8")
    (key,) = key_store.read_keys([path])
    assert (key.domain, key.selector, key.key_id, key.source) == ("a.example", "s1", KEY_ID, "file")


@pytest.mark.parametrize(
    ("name", "domain", "selector"),
    [
        ("s1._domainkey.a.example", "a.example", "s1"),
        ("s1._domainkey.a.example.txt", "a.example", "s1"),
        ("S1._DOMAINKEY.A.Example.TXT", "a.example", "s1"),
        ("2017.mail._domainkey.a.example", "a.example", "2017.mail"),
        ("s1._domainkey.bücher.example", "xn--bcher-kva.example", "s1"),
    ],
)
def test_the_name_of_a_file_is_the_name_of_the_key(tmp_path: Path, name: str, domain: str, selector: str) -> None:
    (tmp_path / name).write_text(RECORD)
    assert read(tmp_path / name) == [(domain, selector, True)]


def test_all_records_that_dig_printed_are_keys(tmp_path: Path) -> None:
    line = 's1._domainkey.a.example. 60 IN TXT "{}"\n'
    path = tmp_path / "s1._domainkey.a.example"
    path.write_text(line.format(RECORD) + line.format(OTHER))
    assert [key.key_id for key in key_store.read_keys([path])] == [KEY_ID, parse_record(OTHER).key_id]


# ---- tables --------------------------------------------------------------------------------------


def test_csv_with_all_columns(tmp_path: Path) -> None:
    path = tmp_path / "k.csv"
    path.write_text(
        "domain,selector,record,first_seen,last_seen,not_before,not_after,source\n"
        f'A.Example.,S1,"{RECORD}",2016-01-02,2017-03-04T05:06:07Z,2015-01-01T00:00:00+02:00,,archive\n'
    )
    (key,) = key_store.read_keys([path])
    assert (key.domain, key.selector, key.key_id, key.source) == ("a.example", "s1", KEY_ID, "archive")
    assert key.first_seen == datetime(2016, 1, 2, tzinfo=UTC)
    assert key.last_seen == datetime(2017, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert key.not_before == datetime(2014, 12, 31, 22, tzinfo=UTC)
    assert key.not_after is None
    assert key.source_ref.startswith("k.csv sha256:")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("k.csv", f"domain,selector,record\na.example,s1,{RECORD}\n"),
        ("k.csv", f"\ufeffrecord,more,selector,domain\r\n{RECORD},x,s1,a.example\r\n"),
        ("K.CSV", f'domain,selector,record\n"a.example","s1","{RECORD[:50]}\n{RECORD[50:]}"\n'),
        ("k.tsv", f"domain\tselector\trecord\na.example\ts1\t{RECORD}\n"),
        ("k.csv", f'domain;selector;record\r\na.example;s1;"{RECORD}"\r\n'),
        ("k.csv", f'domain,selector,record\ra.example,s1,"{RECORD}"\r'),
        ("k.jsonl", json.dumps({"domain": "a.example", "selector": "s1", "record": RECORD}) + "\n\n"),
        ("k.ndjson", json.dumps({"record": RECORD, "selector": "s1", "domain": "a.example", "extra": [1]})),
        ("k.json", json.dumps({"domain": "a.example", "selector": "s1", "record": RECORD, "first_seen": None})),
    ],
)
def test_tables_in_any_form_give_the_same_key(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert read(tmp_path / name) == [("a.example", "s1", True)]


def test_several_keys_of_one_name_are_all_kept_in_the_ring(tmp_path: Path) -> None:
    path = tmp_path / "k.csv"
    path.write_text(f"domain,selector,record\na.example,s1,{RECORD}\na.example,s1,{OTHER}\na.example,s1,v=DKIM1; p=\n")
    ring = key_store.keyring(key_store.read_keys([path]))
    assert [key.record for key in ring["a.example", "s1"]] == [RECORD, OTHER, "v=DKIM1; p="]
    assert ring["a.example", "s1"][2].key_id == ""


def test_a_folder_is_read_with_all_folders_in_it(tmp_path: Path) -> None:
    (tmp_path / "2017").mkdir()
    (tmp_path / "2017" / "s1._domainkey.a.example.txt").write_text(RECORD)
    (tmp_path / "k.csv").write_text(f"domain,selector,record\nb.example,s1,{RECORD}\n")
    (tmp_path / "README.md").write_text("Where these keys come from.")
    (tmp_path / ".DS_Store").write_bytes(b"\0\xff")
    assert read(tmp_path) == [("a.example", "s1", True), ("b.example", "s1", True)]
    assert key_store.read_keys([tmp_path])[0].source_ref.startswith("2017/s1._domainkey.a.example.txt sha256:")


def test_the_keys_of_the_sample_are_read_whole() -> None:
    keys = key_store.read_keys([SAMPLE_KEYS])
    assert {key.source for key in keys} == {"archive", "file"}
    assert all(key.key_id or parse_record(key.record).status == "revoked" for key in keys)


# ---- what is wrong is named ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "place", "words"),
    [
        ("k.csv", "domain,selector\na.example,s1\n", "line 1", "record"),
        ("k.csv", "", "line 1", "domain"),
        ("k.csv", f"domain,selector,record\na.example,s1,{RECORD}\na.example,,{RECORD}\n", "line 3", "selector"),
        ("k.csv", "domain,selector,record\na.example\n", "line 2", "selector"),
        ("k.csv", f"domain,selector,record,not_after\na.example,s1,{RECORD},soon\n", "line 2", "not_after"),
        ("k.csv", f"domain,selector,record,first_seen\na.example,s1,{RECORD},24/04/2017\n", "line 2", "first_seen"),
        ("k.csv", f"domain,selector,record\na.example,s1,{'x' * (LIMITS.key_record + 1)}\n", "line 2", "characters"),
        (
            "k.csv",
            f'domain,selector,record\na.example,s,{RECORD}\na.example,s,"v=DKIM1; p=\nb.example,s,{RECORD}\n',
            "line 3",
            "not closed",
        ),
        (
            "k.csv",
            f'domain,selector,record\na.example,s,"v=DKIM1; p=\nb.example,s,"{RECORD}"\n',
            "line 2",
            "not closed",
        ),
        ("k.tsv", f'domain\tselector\trecord\n"a.example"x\ts\t{RECORD}\n', "line 2", "behind its closing quote"),
        ("k.csv", '"domain,selector,record\n', "line 1", "not closed"),
        ("k.csv", f"domain;selector;record\na.example;s1;{RECORD}\n", "line 2", "more values than columns"),
        ("k.jsonl", '{"domain":"a.example","selector":"s1"}', "line 1", "record"),
        ("k.jsonl", '{"domain":"a.example","selector":1,"record":"p="}', "line 1", "selector"),
        ("k.jsonl", '\n\n{"domain":\n', "line 3", "JSON"),
        ("k.jsonl", "[" * 100_000, "line 1", "JSON"),
        ("k.jsonl", '"text"', "line 1", "object"),
        ("k.txt", RECORD, "k.txt", "SELECTOR._domainkey.DOMAIN"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(tmp_path: Path, name: str, text: str, place: str, words: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(KeyFileError) as raised:
        key_store.read_keys([path])
    message = str(raised.value)
    assert str(path) in message and place in message and words in message


def test_octets_that_are_no_text_are_named_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "k.csv").write_bytes(b"domain,selector,record\na.example,s1,\xff\xfe\n")
    with pytest.raises(KeyFileError, match="line 2"):
        key_store.read_keys([tmp_path / "k.csv"])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="no such key file"):
        key_store.read_keys([tmp_path / "none.csv"])


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").write_bytes(b"\0\xff")
    with pytest.raises(KeyFileError, match="an empty folder"):
        key_store.read_keys([tmp_path])


def test_a_record_that_holds_no_key_is_kept_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "k.csv").write_text("domain,selector,record\na.example,s1,not a record\na.example,s2,\n")
    keys = key_store.read_keys([tmp_path / "k.csv"])
    assert [(key.record, key.key_id) for key in keys] == [("not a record", ""), ("", "")]


@pytest.mark.parametrize("form", ["file", "folder", "link"])
def test_keys_inside_the_dump_are_refused_in_any_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    inside = tmp_path / "dump" / "keys"
    inside.mkdir(parents=True)
    (inside / "k.csv").write_text("domain,selector,record\n")
    keys = {"file": inside / "k.csv", "folder": inside, "link": tmp_path / "link"}[form]
    if form == "link":
        os.symlink(inside, keys)
    assert cli.run(["run", str(tmp_path / "dump"), "-o", str(tmp_path / "out"), "--keys", str(keys)]) == 3
    assert "inside the dump" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# ---- kept in OUT ---------------------------------------------------------------------------------


def test_kept_keys_come_back_as_they_were(tmp_path: Path) -> None:
    given = key_store.read_keys([SAMPLE_KEYS])
    key_store.keep(tmp_path, given)
    assert sorted(key_store.kept(tmp_path), key=str) == sorted(set(given), key=str)
    assert (tmp_path / "keys" / "keys.jsonl").stat().st_mode & 0o077 == 0


def test_equal_keys_are_kept_once_in_an_order_of_their_own(tmp_path: Path) -> None:
    given = key_store.read_keys([SAMPLE_KEYS])
    key_store.keep(tmp_path / "a", given)
    for key in reversed(given):
        key_store.keep(tmp_path / "b", [key, key])
    assert key_store.kept(tmp_path / "a") == key_store.kept(tmp_path / "b")
    assert key_store.digest(tmp_path / "a") == key_store.digest(tmp_path / "b")


def test_another_key_gives_another_digest_and_forgetting_gives_the_first(tmp_path: Path) -> None:
    nothing = key_store.digest(tmp_path)
    assert key_store.kept(tmp_path) == []
    digests = {nothing}
    for key in key_store.read_keys([SAMPLE_KEYS]):
        key_store.keep(tmp_path, [key])
        assert key_store.digest(tmp_path) not in digests
        digests.add(key_store.digest(tmp_path))
    key_store.forget(tmp_path)
    assert (key_store.kept(tmp_path), key_store.digest(tmp_path)) == ([], nothing)
    key_store.forget(tmp_path)


def test_hostile_names_and_records_survive_keeping(tmp_path: Path) -> None:
    row = {"domain": "a\u2028b\u202e.example", "selector": 's"\n1', "record": "v=DKIM1; p=\x85\x1c"}
    (tmp_path / "k.jsonl").write_text(json.dumps(row))
    (given,) = key_store.read_keys([tmp_path / "k.jsonl"])
    key_store.keep(tmp_path, [given])
    assert key_store.kept(tmp_path) == [given]
    assert given.domain.isprintable() and given.selector.isprintable() and given.record.isprintable()


# ---- archives of others ----------------------------------------------------------------------------


def test_the_answer_of_a_public_archive_is_read_as_it_is(tmp_path: Path) -> None:
    seen = {"firstSeenAt": "2016-01-02T03:04:05.000Z", "lastSeenAt": "2017-03-04T05:06:07.000Z"}
    row = {"domain": "a.example", "selector": "s1", "value": RECORD, **seen}
    document = [
        {**row, "id": 1, "observations": [{"source": "live_dns", **seen}]},
        {**row, "id": 2, "observations": [{"source": "gcd_recovered", **seen}]},
        {**row, "id": 3, "value": f"v=DKIM1; p=DKIM1; p={P}"},  # as some domains publish it
    ]
    (tmp_path / "a.example.json").write_text(json.dumps(document, indent=2))
    observed, computed, malformed = key_store.read_keys([tmp_path / "a.example.json"])
    assert (observed.source, observed.key_id) == ("archive", KEY_ID)
    assert observed.first_seen == datetime(2016, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert observed.last_seen == datetime(2017, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert (computed.source, computed.first_seen) == ("recovered", None)
    assert (malformed.key_id, parse_record(malformed.record).status) == ("", "unparsable")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2017-04-24", datetime(2017, 4, 24, tzinfo=UTC)),
        ("20170424", datetime(2017, 4, 24, tzinfo=UTC)),
        (1493028000, datetime(2017, 4, 24, 10, tzinfo=UTC)),
        ("1493028000", datetime(2017, 4, 24, 10, tzinfo=UTC)),
        (1493028000000, datetime(2017, 4, 24, 10, tzinfo=UTC)),
        ("2017-04-24T12:00:00+02:00", datetime(2017, 4, 24, 10, tzinfo=UTC)),
    ],
)
def test_dates_of_archives_are_read(tmp_path: Path, value: object, expected: datetime) -> None:
    row = {"domain": "a.example", "selector": "s1", "record": RECORD, "first_seen": value}
    (tmp_path / "k.json").write_text(json.dumps([row]))
    (key,) = key_store.read_keys([tmp_path / "k.json"])
    assert key.first_seen == expected


@pytest.mark.parametrize("value", [True, "soon", -1, 10**30, {"$date": 1}, "9" * 5000])
def test_what_is_no_date_is_named_with_its_entry(tmp_path: Path, value: object) -> None:
    row = {"domain": "a.example", "selector": "s1", "record": RECORD}
    (tmp_path / "k.json").write_text(json.dumps([row, {**row, "first_seen": value}]))
    with pytest.raises(KeyFileError, match=r"line 1, entry 2.*first_seen"):
        key_store.read_keys([tmp_path / "k.json"])


def test_a_table_may_name_its_columns_as_archives_do(tmp_path: Path) -> None:
    (tmp_path / "k.csv").write_text(f"Domain,Selector,Value,firstSeenAt\na.example,s1,{RECORD},2016-01-02\n")
    (tmp_path / "pdns.csv").write_text(f"rrname,rrtype,rdata\ns1._domainkey.b.example.,TXT,{RECORD}\nb.example,A,x\n")
    assert read(tmp_path) == [("a.example", "s1", True), ("b.example", "s1", True)]


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k.csv").write_text(f"domain,selector,record,record\na.example,s1,{RECORD},p=\n")
    with pytest.raises(KeyFileError, match=r"line 1.*two columns 'record'"):
        key_store.read_keys([tmp_path / "k.csv"])


def test_a_key_keeps_its_origin(tmp_path: Path) -> None:
    origins = {
        "dns": "dns",
        "file": "file",
        "recovered": "recovered",
        "gcd": "recovered",
        "": "archive",
        "x": "archive",
    }
    for given, kept in origins.items():
        (tmp_path / "k.csv").write_text(f"domain,selector,record,source\na.example,s1,{RECORD},{given}\n")
        assert [key.source for key in key_store.read_keys([tmp_path / "k.csv"])] == [kept]


# ---- hostile archives ------------------------------------------------------------------------------


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "k.csv").open("wb") as file:
        file.truncate(513 * 1024 * 1024)
    with pytest.raises(KeyFileError, match="larger than"):
        key_store.read_keys([tmp_path / "k.csv"])


@pytest.mark.parametrize("name", ["k.csv", "k.json", "k.jsonl", "s1._domainkey.a.example.txt"])
@pytest.mark.parametrize(
    "octets", [b"\0" * 1000, b"domain,selector,record\n\0,\0,\0\n", b'["\0"]', b"\xef\xbb\xbf", b"\r\r\r"]
)
def test_odd_octets_are_read_or_named(tmp_path: Path, name: str, octets: bytes) -> None:
    (tmp_path / name).write_bytes(octets)
    try:
        keys = key_store.read_keys([tmp_path / name])
    except KeyFileError as error:
        assert str(tmp_path / name) in str(error)
    else:
        assert all(key.domain.isprintable() and key.record.isprintable() for key in keys)


def test_an_archive_of_100_000_rows_is_read_and_kept(tmp_path: Path) -> None:
    rows = ({"domain": f"d{n}.example", "selector": "s1", "record": RECORD} for n in range(100_000))
    (tmp_path / "k.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    keys = key_store.read_keys([tmp_path / "k.jsonl"])
    key_store.keep(tmp_path, [*keys, *keys])
    assert len(keys) == len(key_store.kept(tmp_path)) == 100_000


# ---- known weak ------------------------------------------------------------------------------------


def _key(record: str, domain: str = "a.example") -> PublicKey:
    return PublicKey(parse_record(record).key_id, domain, "s1", record, "archive", "k.csv")


def test_a_weakness_is_kept_with_the_key_however_the_keys_came(tmp_path: Path, numbers: Any) -> None:
    p, q, r = (int(next_prime(1 << 511 | seed << 400)) for seed in (1, 5, 9))
    first, second = _key(numbers.record(p * q)), _key(numbers.record(q * r), "b.example")
    sound = _key(numbers.record(numbers.sound()), "c.example")
    key_store.keep(tmp_path / "a", [sound, first])
    assert {key.weakness for key in key_store.kept(tmp_path / "a")} == {None}
    key_store.keep(tmp_path / "a", [second])
    key_store.keep(tmp_path / "a", [first])
    key_store.keep(tmp_path / "b", [second, first, sound])
    kept = key_store.kept(tmp_path / "a")
    assert {key.domain: key.weakness for key in kept} == {
        "a.example": "shared_factor", "b.example": "shared_factor", "c.example": None,
    }  # fmt: skip
    assert kept == key_store.kept(tmp_path / "b") and len(kept) == 3


def test_what_an_archive_says_of_weakness_does_not_count(tmp_path: Path) -> None:
    row = {"domain": "a.example", "selector": "s1", "record": RECORD, "weakness": "roca"}
    (tmp_path / "k.json").write_text(json.dumps(row))
    assert [key.weakness for key in key_store.weighed(key_store.read_keys([tmp_path / "k.json"]))] == [None]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0001-01-01T00:00:00+10:00", datetime.min),
        ("0001-01-01", datetime.min),
        ("9999-12-31T23:59:59-10:00", datetime.max),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59)),
    ],
)
def test_moments_that_mean_ever_are_kept_within_the_calendar(tmp_path: Path, text: str, moment: datetime) -> None:
    row = {"domain": "a.example", "selector": "s1", "record": RECORD, "first_seen": text}
    (tmp_path / "k.jsonl").write_text(json.dumps(row))
    (key,) = key_store.read_keys([tmp_path / "k.jsonl"])
    assert key.first_seen == moment.replace(tzinfo=UTC)
    key_store.keep(tmp_path / "out", [key])
    assert key_store.kept(tmp_path / "out") == [key]


@pytest.mark.parametrize("text", ["junk\n", "[]\n", "{}\n", '{"domain": "a.example"}\n', "\udcff\n"])
def test_keys_kept_in_out_that_are_damaged_are_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "keys.jsonl").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(KeyFileError, match="--only-keys"):
        key_store.kept(tmp_path)


def test_openpgp_certificates_are_kept_under_the_ids_of_their_keys(tmp_path: Path) -> None:
    body = b"\x04" + bytes(4) + b"\x1b" + bytes(32)  # an Ed25519 key
    (tmp_path / "anna.pgp").write_bytes(b"\xc6" + bytes([len(body)]) + body + b"\xcd\x04Anna")
    (key,) = key_store.read_keys([tmp_path])
    assert (key.domain, len(key.selector), key.record.partition(" ")[2]) == ("openpgp", 16, "Anna")
    key_store.keep(tmp_path / "out", [key])
    assert key_store.kept(tmp_path / "out") == [key]


def test_a_file_without_an_openpgp_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "anna.asc").write_text("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n")
    with pytest.raises(key_store.KeyFileError, match="no OpenPGP certificate"):
        key_store.read_keys([tmp_path])
