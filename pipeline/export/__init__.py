"""The tables for other programs, one format per file: each has `write(out, path)`, which answers its number of rows."""
