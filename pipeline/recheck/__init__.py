"""Verified items checked once more by other code: dkimpy for signatures, Python's `email` for parts."""
