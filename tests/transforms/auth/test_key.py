from __future__ import annotations

import base64
import hashlib
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from transforms.auth.key import KeyRecord, parse_record

# RFC 6376 appendix C
_P = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
    "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0"
    "fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
)
_RSA = parse_record(f"v=DKIM1; p={_P}")


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x80 | len(octets)]) + octets) + content


def _integer(value: int) -> bytes:
    return _element(2, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def _bare(n: int, e: int) -> bytes:
    return _element(0x30, _integer(n) + _integer(e))


def _spki(n: int, e: int, algorithm: str = "06092a864886f70d0101010500") -> bytes:
    return _element(0x30, _element(0x30, bytes.fromhex(algorithm)) + _element(3, b"\0" + _bare(n, e)))


def _record(der: bytes) -> KeyRecord:
    return parse_record(f"p={base64.b64encode(der).decode()}")


# ---- sound records ----------------------------------------------------------------------------


def test_rsa_record_of_rfc_6376() -> None:
    assert (_RSA.status, _RSA.key_type, _RSA.bits, _RSA.e) == ("ok", "rsa", 1024, 65537)
    assert _RSA.spki == base64.b64decode(_P)
    assert _RSA.key_id == hashlib.sha256(base64.b64decode(_P)).hexdigest()
    assert (_RSA.hashes, _RSA.services, _RSA.flags, _RSA.granularity) == (None, {"*"}, frozenset(), "*")


def test_ed25519_record_of_rfc_8463() -> None:
    record = parse_record("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    assert (record.status, record.key_type, record.bits, len(record.raw)) == ("ok", "ed25519", 256, 32)
    assert record.spki == bytes.fromhex("302a300506032b6570032100") + record.raw  # RFC 8410 §4


def test_bare_rsa_public_key_is_the_same_key() -> None:
    assert _record(_bare(_RSA.n, _RSA.e)) == _record(_spki(_RSA.n, _RSA.e))
    assert _record(_bare(_RSA.n, _RSA.e)).key_id == _RSA.key_id


def test_restrictions() -> None:
    record = parse_record(f"v=DKIM1; h=SHA1 : sha256; s=email : web; t = y:s:; g=jl*g; n=note; p={_P}")
    assert record.hashes == {"sha1", "sha256"}
    assert (record.services, record.flags, record.granularity) == ({"email", "web"}, {"y", "s"}, "jl*g")


def test_empty_granularity_means_nobody_except_in_a_domainkeys_record() -> None:
    assert parse_record(f"v=DKIM1; g=; p={_P}").granularity == ""
    assert parse_record(f"k=rsa; g=; p={_P}").granularity == "*"  # RFC 4870 §3.2.3


@pytest.mark.parametrize(
    "record",
    [
        f'"v=DKIM1; k=rsa; p={_P}"',
        f'"v=DKIM1; k=rsa; p={_P[:99]}" "{_P[99:]}"',
        f'"v=DKIM1; k=rsa; "\n\t"p={_P[:99]}"\r\n  "{_P[99:]}"',
        f"v=DKIM1\\; k=rsa\\; p={_P}\\;",
        f'v=DKIM1; k=rsa; p="{_P}',
        f"v=DKIM1;k=rsa;p={_P[:50]} {_P[50:99]}\t{_P[99:]} ;",
        f"  k=RSA; p={_P}; ",
    ],
)
def test_record_as_archives_write_it(record: str) -> None:
    assert parse_record(record) == _RSA


def test_padding_may_be_missing() -> None:
    p = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert parse_record(f"k=ed25519; p={p}") == parse_record(f"k=ed25519; p={p}=")


# ---- records without a usable key -------------------------------------------------------------


@pytest.mark.parametrize("record", ["v=DKIM1; p=", "k=rsa; t=y; p=", "p = ;", '"v=DKIM1; " "p="'])
def test_empty_p_is_a_revoked_key(record: str) -> None:
    assert parse_record(record).status == "revoked"
    assert parse_record(record).key_id == ""


@pytest.mark.parametrize(
    "record",
    [
        "",
        "v=DKIM1; k=rsa",
        f"v=DKIM2; p={_P}",
        f"k=rsa; t; p={_P}",
        f"k=foobar; p={_P}",
        f"v=DKIM1; p={_P}; p={_P}",
        f"v=DKIM1; p=DKIM1; p={_P}",
        f"p={_P[:-4]}",
        f"p={_P[:10]}*{_P[10:]}",
        f"p={_P}AAAA",
        f"k=ed25519; p={_P}",
        "k=ed25519; p=MCowBQYDK2VwAyEA3SUqa9UbfciWkk7tlcJ9P1VD5pXAasg0JUn/OgjVbKE=",  # RFC 8463: no SPKI
        f"p={_P}; n={'x' * 20_000}",
        "p=\ud800",
    ],
)
def test_unparsable_record(record: str) -> None:
    assert parse_record(record).status == "unparsable"


def test_spki_of_another_algorithm_is_unparsable() -> None:
    assert _record(_spki(_RSA.n, 3, "06082a8648ce3d020101")).status == "unparsable"


_N = _RSA.n << 1024 | 1  # any odd number of 2048 bits


@pytest.mark.parametrize(
    ("n", "e", "status"),
    [
        (_N, 3, "ok"),
        (_N, 2**32 - 1, "ok"),
        (1 << 1023 | 1, 65537, "ok"),
        (1 << 8191 | 1, 65537, "ok"),
        (1 << 1022 | 1, 65537, "weak"),
        (1 << 511 | 1, 65537, "weak"),
        (1 << 8192 | 1, 65537, "refused"),
        (1 << 16384 | 1, 3, "refused"),
        (_N + 1, 65537, "refused"),
        (_N, 65536, "refused"),
        (_N, 1, "refused"),
        (_N, -1, "refused"),
        (_N, 2**32 + 1, "refused"),
        (_N, (1 << 2000) + 1, "refused"),  # a verification would take 50 ms and more
        (-_N, 65537, "refused"),
        (0, 3, "refused"),
        (15, 17, "refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.bit_length()}b{value & 0xF:x}",
)
def test_modulus_and_exponent(n: int, e: int, status: str) -> None:
    for der in (_spki(n, e), _bare(n, e)):
        record = _record(der)
        assert (record.status, record.bits) == (status, n.bit_length())
        assert bool(record.key_id) == (status in ("ok", "weak"))


def test_spki_is_that_of_the_cryptography_package() -> None:
    public_key = RSAPublicNumbers(3, _N).public_key()
    assert _record(_bare(_N, 3)).spki == public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


# ---- attacks ----------------------------------------------------------------------------------


@given(st.binary(max_size=60))
def test_any_der_gives_a_record(der: bytes) -> None:
    assert _record(der).status in ("unparsable", "revoked", "refused", "weak")


@given(st.integers(0, 160), st.integers(0, 255))
def test_damaged_der_gives_a_record(at: int, octet: int) -> None:
    der = bytearray(_spki(_RSA.n, _RSA.e))
    der[at % len(der)] = octet
    assert _record(bytes(der)).status in ("ok", "unparsable", "refused", "weak")


@given(st.text(max_size=100))
def test_any_text_gives_a_record(text: str) -> None:
    assert parse_record(text).status in ("unparsable", "revoked")


@pytest.mark.parametrize("unit", ['"', '" ', '\\"', '"\\', ";", "p=", " "])
def test_largest_record_is_read_at_once(unit: str) -> None:
    start = time.process_time()
    parse_record(unit * (16 * 1024 // len(unit)))
    assert time.process_time() - start < 0.1
