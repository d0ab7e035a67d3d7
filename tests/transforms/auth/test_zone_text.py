"""TXT records as people keep them: what opendkim-genkey, dig and zone files write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.auth.zone_text import split_name, txt_records
from transforms.limits import LIMITS

P = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP"  # stands for a key; nothing here reads it
RECORD = f"v=DKIM1; k=rsa; p={P}"


def read(text: str) -> list[tuple[str, str, str]]:
    return [(found.selector, found.domain, found.record) for found in txt_records(text, "a.example", "s1")]


@pytest.mark.parametrize(
    "text",
    [
        f's1._domainkey IN TXT ( "v=DKIM1; k=rsa; "\n\t  "p={P}" )  ; ----- DKIM key s1 for a.example\n',
        f's1._domainkey IN TXT (\n  "v=DKIM1; k=rsa; "  ; first "string"\n  "p={P[:9]}"\n  "{P[9:]}"\n)\n',
        f's1._domainkey.a.example. 1h IN TXT ("v=DKIM1; k=rsa; p={P}")',
        f's1._domainkey in txt "v=DKIM1; k=rsa; p={P}" ; "old" key',
        f's1._domainkey 3600 TXT "v=DKIM1\\; k=rsa\\; p={P}"',
        f's1._domainkey TXT "v=DKIM1\\059 k=rsa\\059 p={P}"',
        f"$ORIGIN a.example.\n$TTL 300\ns1._domainkey IN TXT {RECORD}",
        f"$ORIGIN _domainkey.a.example.\ns1 IN TXT {RECORD}",
        f"@ IN SOA ns.a.example. h.a.example. 1 2 3 4 5\ns1._domainkey IN TXT ( v=DKIM1; k=rsa; p={P} )",
        f's1._domainkey.a.example IN TXT "{RECORD}"',  # the final dot forgotten
        f's1._domainkey.a.example. IN TXT ( "{RECORD}"',  # cut off
        f's1._domainkey.a.example. IN TXT "{RECORD}',
        f's1.b.example.\n"v=DKIM1; k=rsa; " "p={P}"\n',  # dig +short
    ],
)
def test_forms_of_one_record(text: str) -> None:
    assert read(text) == [("s1", "a.example", RECORD)]


def test_a_full_answer_of_dig_with_aliases_and_several_records() -> None:
    text = (
        "; <<>> DiG 9.18 <<>> TXT s1._domainkey.a.example s2._domainkey.a.example\n"
        ";; QUESTION SECTION:\n;s1._domainkey.a.example.\tIN\tTXT\n\n;; ANSWER SECTION:\n"
        "s1._domainkey.a.example. 300 IN CNAME s1.dkim.esp.example.\n"
        "s1.dkim.esp.example. 300 IN CNAME k.esp.example.\n"
        f'k.esp.example. 60 IN TXT "{RECORD}"\n'
        'k.esp.example. 60 IN TXT "v=DKIM1; p="\n'
        f's2._domainkey.a.example. 60 IN TXT "v=DKIM1; n=second; p={P}"\n\n'
        ";; AUTHORITY SECTION:\na.example. 60 IN NS ns.a.example.\n\n;; Query time: 1 msec\n"
    )
    assert read(text) == [
        ("s1", "a.example", RECORD),
        ("s1", "a.example", "v=DKIM1; p="),
        ("s2", "a.example", f"v=DKIM1; n=second; p={P}"),
    ]


def test_a_key_that_an_alias_leads_to_belongs_to_both_names() -> None:
    text = f's1._domainkey.a.example. IN CNAME x._domainkey.esp.example.\nx._domainkey.esp.example. IN TXT "{RECORD}"\n'
    assert read(text) == [("x", "esp.example", RECORD), ("s1", "a.example", RECORD)]


def test_aliases_in_a_circle_end() -> None:
    text = f"b.example. CNAME c.example.\nc.example. CNAME b.example.\nb.example. TXT {RECORD}\n"
    assert read(text) == [("s1", "a.example", RECORD)]


def test_short_output_with_several_records() -> None:
    assert [record for _, _, record in read(f'"{RECORD}"\n"v=DKIM1; " "p="\n')] == [RECORD, "v=DKIM1; p="]


def test_a_target_of_many_aliases_gives_a_bounded_number_of_keys() -> None:
    aliases = "".join(f"s{n}._domainkey.a.example. CNAME k.example.\n" for n in range(1000))
    assert len(read(aliases + f"k.example. TXT {RECORD}\n")) == 16


def test_lines_are_counted() -> None:
    assert [
        found.line for found in txt_records(f"\n;\ns1._domainkey TXT (\n{RECORD})\nx TXT y", "a.example", "s1")
    ] == [3, 5]


def test_a_key_that_reads_like_a_type_is_no_entry() -> None:
    assert read("v=DKIM1; p=AAAA/TXT/BBBB TXT") == [("s1", "a.example", "v=DKIM1; p=AAAA/TXT/BBBB TXT")]


@pytest.mark.parametrize("text", ["", "\n\n", "; only a comment", ";; ->>HEADER<<- status: NXDOMAIN\n"])
def test_a_text_without_a_record_gives_none(text: str) -> None:
    assert read(text) == []


def test_names_are_split() -> None:
    assert split_name("S1.x._DomainKey.a.Example.") == ("s1.x", "a.example")
    assert [split_name(name) for name in ("a.example", "_domainkey.a.example", "s1._domainkey", "")] == [None] * 4


@given(st.text(alphabet='"\\();$ \t\n.a=TXTCNAMEIORG0@', max_size=200))
def test_any_text_is_read(text: str) -> None:
    for found in txt_records(text, "a.example", "s1"):
        assert found.domain and found.selector and found.line >= 1


@pytest.mark.parametrize("bit", ['"', "(", "\\", " ", ";", "a ", "$ORIGIN ", 'a TXT (\n"', "a CNAME b\nb CNAME a\n"])
def test_long_runs_are_read_in_linear_time(bit: str) -> None:
    list(txt_records(bit * 200_000, "a.example", "s1"))
    list(txt_records("a TXT " + bit * 200_000, "a.example", "s1"))


def test_open_parentheses_do_not_swallow_a_file() -> None:
    lines = '"' + "x" * 100 + '"\n'
    (first, *_) = txt_records("a TXT (\n" + lines * 10_000, "a.example", "s1")
    assert LIMITS.key_record < len(first.record) < 3 * LIMITS.key_record
