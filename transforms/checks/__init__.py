"""One item to findings; one question per file."""
