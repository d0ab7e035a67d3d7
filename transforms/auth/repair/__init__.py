"""Honest damage undone, so that a signature can be tried on what was signed (VERDICT §2).

The hash proves the restored octets, never the shown ones: alike.py says whether a reader sees the
same in both. Repairs of the body need no key (body.py, in Examine); those of the header are tried
where a key denies it (header.py, in Judge). Each repair has a name, which the tables show.
"""
