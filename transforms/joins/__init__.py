"""Arrow tables of the whole dump to findings; one question per file."""
