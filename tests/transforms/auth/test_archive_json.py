"""Key archives in JSON: what public archives, passive DNS and resolvers answer, and what is no archive."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.auth.archive_json import ArchiveError, Row, missing_column, rows

RECORD = "v=DKIM1; k=rsa; p=MIGf"
NAME = "s1._domainkey.a.example"


def read(document: Any) -> list[Row]:
    return [row for _, row in rows(json.dumps(document))]


def names(document: Any) -> list[tuple[object, object, object]]:
    return [(row["domain"], row["selector"], row["record"]) for row in read(document)]


@pytest.mark.parametrize(
    "document",
    [
        {"domain": "a.example", "selector": "s1", "record": RECORD},
        [{"domain": "a.example", "selector": "s1", "value": RECORD}],
        {"Domain": "a.example", "SELECTOR": "s1", "dkim_record": RECORD},
        [{"domainSelectorPair": {"domain": "a.example", "selector": "s1", "id": 7}, "value": RECORD, "id": 9}],
        [{"domain_selector_pair": {"domain": "a.example", "selector": "s1"}, "txt": RECORD}],
        {"domain": "a.example", "selector": "s1", "p": "MIGf"},
        {"domain": "a.example", "keys": [{"selector": "s1", "publicKey": "MIGf", "keyType": "RSA"}], "count": 1},
        {"meta": {"license": "CC0"}, "results": [[{"domain": "a.example", "selector": "s1", "txt": RECORD}]]},
        {"v": 1, "iss": "archive", "record": {"domain": "a.example", "selector": "s1", "value": RECORD}},
        {"rrname": f"{NAME}.", "rrtype": "TXT", "rdata": [f'"{RECORD}"'], "time_first": 1, "count": 5},
        {"rrname": NAME, "rrtype": "txt", "rdata": '"v=DKIM1; k=rsa; " "p=MIGf"'},
        {"name": NAME, "type": "txt", "value": RECORD, "timestamp": "1535127239"},
        {"Status": 0, "Question": [{"name": f"{NAME}.", "type": 16}],
         "Answer": [{"name": NAME, "type": 5, "data": "k.esp.example."},
                    {"name": "k.esp.example.", "type": 16, "TTL": 60, "data": f'"{RECORD}"'}]},
    ],
)  # fmt: skip
def test_forms_of_one_row(document: Any) -> None:
    assert names(document) == [("a.example", "s1", RECORD)]


def test_the_answer_of_a_public_archive() -> None:
    (row,) = read([{
        "domain": "a.example", "selector": "s1", "firstSeenAt": "2023-06-26T11:25:00.000Z",
        "lastSeenAt": "2026-09-01T00:00:00.000Z", "value": RECORD, "id": 4711,
        "observations": [{"source": "live_dns", "firstSeenAt": "2024-01-01T00:00:00Z", "lastSeenAt": None},
                         {"source": "gcd_recovered", "firstSeenAt": "2016-01-01T00:00:00Z",
                          "lastSeenAt": "2016-02-01T00:00:00Z"}],
    }])  # fmt: skip
    # Of the channels, its own look-ups count; the dates of mail that others handed in do not.
    assert (row["first_seen"], row["last_seen"], row["source"]) == ("2024-01-01T00:00:00Z", None, "archive")


def test_a_key_that_an_archive_only_computed_from_mail_is_a_recovered_one() -> None:
    only = {"source": "gcd_recovered", "firstSeenAt": "2016-01-01T00:00:00Z", "lastSeenAt": "2016-02-01T00:00:00Z"}
    key = {"domain": "a.example", "selector": "s1", "value": "p=MIGf", "firstSeenAt": only["firstSeenAt"]}
    (row,) = read([{**key, "observations": [only]}])
    assert (row["source"], row["first_seen"], row["last_seen"]) == ("recovered", None, None)
    assert read({"record": {**key, "source": "gcd_recovered"}})[0]["source"] == "recovered"
    (row,) = read([{**key, "observations": []}])  # seen, but its channels are not known apart
    assert (row["source"], row["first_seen"]) == ("archive", None)


@pytest.mark.parametrize(
    ("given", "column", "value"),
    [
        ({"first_seen": "2016-01-01"}, "first_seen", "2016-01-01"),
        ({"timeFirst": 1451606400}, "first_seen", 1451606400),
        ({"last-seen-at": "2016-01-01"}, "last_seen", "2016-01-01"),
        ({"timestamp": 5}, "first_seen", 5),
        ({"timestamp": 5, "first_seen": 4}, "last_seen", 5),
        ({"notBefore": "2016-01-01"}, "not_before", "2016-01-01"),
        ({"source": "dns"}, "source", "dns"),
        ({"source": "live_dns"}, "source", "archive"),
        ({"source": ["?"]}, "source", "archive"),
    ],
)
def test_columns_in_any_style(given: dict[str, Any], column: str, value: object) -> None:
    (row,) = read({"domain": "a.example", "selector": "s1", "record": RECORD, **given})
    assert row[column] == value


def test_documents_may_follow_each_other_and_span_lines() -> None:
    row = {"domain": "a.example", "selector": "s1", "record": RECORD}
    text = json.dumps(row) + "\n\n" + json.dumps([row, row], indent=1) + "\n" + json.dumps(row)
    assert [place for place, _ in rows(text)] == ["line 1", "line 3, entry 1", "line 3, entry 2", "line 15"]


@pytest.mark.parametrize(
    "empty", ["", " \n", "[]", '{"results": []}', '{"Status":3,"Question":[{"name":"x","type":16}]}']
)
def test_an_empty_answer_holds_no_key(empty: str) -> None:
    assert list(rows(empty)) == []


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('{"domain":', "line 1", "JSON"),
        ('{}\n{"domain": "a.example",\n\n"selector" "s"}', "line 1", "domain is missing"),
        ('[]\n{"domain": "a.example",\n\n"selector" "s"}', "line 2", "line 4"),
        ("nonsense", "line 1", "JSON"),
        (
            '[{"domain":"a.example","selector":"s1","record":"p="},{"domain":"a.example"}]',
            "line 1, entry 2",
            "selector",
        ),
        ('[{"domain":"a.example","selector":"s1"}]', "line 1, entry 1", "record"),
        ('[{"selector":"s1","record":"p="}]', "line 1, entry 1", "domain"),
        ('[{"domain":"a.example","selector":"s1","record":null}]', "line 1, entry 1", "record"),
        ('["eyJhbGciOiJFZERTQSJ9.e30.AAAA"]', "line 1, entry 1", "object"),
        ('{"error": "rate limited"}', "line 1", "missing"),
        ("1", "line 1", "object"),
        ("[" * 100_000, "line 1", "JSON"),
        ('{"a":' * 100_000, "line 1", "JSON"),
        ("\n" + "9" * 10_000, "line 2", "JSON"),
        ('{"domain":"a.example","domain":"b.example","selector":"s1","record":"p="}', "line 1", "twice"),
        ('{"first_seen":"2016-01-01","firstSeen":"2017-01-01","record":"p="}', "line 1", "twice"),
        ('{"domain":"a\0.example"}', "line 1", "JSON"),
    ],
)
def test_what_is_no_archive_is_named_with_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(ArchiveError) as raised:
        list(rows(text))
    assert raised.value.place == place and words in str(raised.value)


def test_a_table_names_the_columns_that_it_needs() -> None:
    assert missing_column(["domain", "selector", "value"]) is None
    assert missing_column(["rrname", "rdata"]) is None
    assert missing_column(["selector", "record"]) == "domain"
    assert missing_column(["domain", "selector"]) == "record"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([NAME, RECORD, "TXT"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["domain", "selector", "record", "value", "name", "type", "observations", "Question"]), inner
    ),
)  # fmt: skip


@given(_JSON)
def test_any_document_is_rows_or_an_error_with_a_place(document: Any) -> None:
    try:
        for _, row in rows(json.dumps(document)):
            assert all(isinstance(row[name], str) for name in ("domain", "selector", "record"))
    except ArchiveError as error:
        assert error.place.startswith("line ")
