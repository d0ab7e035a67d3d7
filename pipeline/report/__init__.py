"""The report: one offline HTML page of a finished OUT. Reads the tables only; a section a file."""
