from __future__ import annotations

import subprocess
import sys

import pytest

from transforms.auth.alignment import align, registered_domain


@pytest.mark.parametrize(
    ("sdid", "from_domain", "expected"),
    [
        ("football.example", "football.example", "exact"),
        ("football.example", "news.football.example", "exact"),
        ("football.co.uk", "a.b.football.co.uk", "exact"),
        ("mail.football.example", "football.example", "relaxed"),
        ("mail.football.example", "news.football.example", "relaxed"),
        ("football.example", "football.test", "none"),
        ("ball.example", "football.example", "none"),
        ("", "football.example", "none"),
        ("football.example", "", "none"),
        ("xn--fuball-cta.example", "xn--fuball-cta.example", "exact"),
        ("fussball.example", "xn--fuball-cta.example", "none"),  # no transitional mapping
    ],
)
def test_alignment(sdid: str, from_domain: str, expected: str) -> None:
    assert align(sdid, from_domain) == expected


@pytest.mark.parametrize(
    ("sdid", "from_domain"),
    [
        ("com", "football.com"),
        ("co.uk", "football.co.uk"),
        ("github.io", "someone.github.io"),  # private section
        ("someone.github.io", "other.github.io"),
        ("onmicrosoft.com", "club.onmicrosoft.com"),
        ("rival.onmicrosoft.com", "club.onmicrosoft.com"),
        ("rival.partner.onmschina.cn", "club.partner.onmschina.cn"),
        ("rival-com.20150623.gappssmtp.com", "club-com.20150623.gappssmtp.com"),
        ("20150623.gappssmtp.com", "club-com.20150623.gappssmtp.com"),
        ("zendesk.com", "club.zendesk.com"),
    ],
)
def test_a_public_suffix_or_another_tenant_never_aligns(sdid: str, from_domain: str) -> None:
    assert align(sdid, from_domain) == "none"


@pytest.mark.parametrize(
    ("sdid", "from_domain", "expected"),
    [
        ("club-example.20150623.gappssmtp.com", "club.example", "provider"),
        ("club_example.20130820.gappssmtp.com", "club.example", "provider"),
        ("club-example.20150623.gappssmtp.com", "rival.example", "none"),
        ("club-example.20150623.gappssmtp.com", "mail.club.example", "none"),
        ("my-club-example.20150623.gappssmtp.com", "my-club.example", "none"),  # or my.club.example, or ...
        ("mail-club-example.20150623.gappssmtp.com", "mail.club.example", "none"),  # or mail-club.example
        ("xn--fuball-cta-example.20150623.gappssmtp.com", "xn--fuball-cta.example", "none"),
        ("club-example.gappssmtp.com", "club.example", "none"),
        ("club-example.20150623.gappssmtp.com.evil.example", "club.example", "none"),
        ("club-example.20150623.gappssmtp.com", "club-example.20150623.gappssmtp.com", "exact"),
    ],
)
def test_a_providers_name_for_a_tenant_aligns_where_it_has_one_reading(
    sdid: str, from_domain: str, expected: str
) -> None:
    assert align(sdid, from_domain) == expected


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("a.b.football.example", "football.example"),
        ("football.example", "football.example"),
        ("example", None),
        ("co.uk", None),
        ("mail.club.onmicrosoft.com", "club.onmicrosoft.com"),
        ("onmicrosoft.com", None),
        ("xn--p1ai", None),
        ("a.xn--p1ai", "a.xn--p1ai"),
        ("", None),
        ("..", None),
        ("a." * 200 + "example", None),
    ],
)
def test_registered_domain(domain: str, registered: str | None) -> None:
    assert registered_domain(domain) == registered


def test_the_suffix_list_is_not_read_before_it_is_needed() -> None:
    code = "import transforms.auth.alignment as a; print(a._public_suffixes.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
