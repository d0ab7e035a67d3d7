"""What happens to the data: bytes to nouns, nouns to findings, findings to a verdict."""
