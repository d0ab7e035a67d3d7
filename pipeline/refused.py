"""What a command says when it does not begin, or cannot go on."""

from __future__ import annotations

from pipeline.options import EXIT_INPUT


class Refused(Exception):
    """The command cannot be done; the message says what happened, what it means and what to do."""

    def __init__(self, message: str, code: int = EXIT_INPUT) -> None:
        super().__init__(message)
        self.code = code
