"""A prepared signature as most messages carry one: full, aligned, body intact. Tests replace what they are about."""

from __future__ import annotations

from transforms.model import PreparedSignature

SIGNATURE = PreparedSignature(
    seq=0,
    type="dkim",
    domain="campaign.example",
    selector="s1",
    auid=None,
    algorithm="rsa-sha256",
    canonicalization="relaxed/relaxed",
    signed_fields=("from", "date", "subject"),
    unsigned_fields=(),
    signed_at=None,
    expires_at=None,
    length=None,
    body_hash=b"\1\2\3",
    body_ok=True,
    signature=b"s",
    data_hash=b"h",
    repairs="",
    invalid=None,
    objections=(),
    aligned="exact",
)
