"""Signatures: tags, canonical form, keys, verification (RFC 6376, RFC 8463)."""
