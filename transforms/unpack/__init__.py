"""Octets to rows: what a file is, and everything found inside it, down to the depth limit."""
