"""Import this first, and every Internet socket and name look-up of the process ends it."""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

_socket = socket.socket


class Guarded(_socket):
    def __init__(self, family: int = -1, *rest: Any, **named: Any) -> None:
        if family != socket.AF_UNIX and named.get("fileno") is None and not (rest and len(rest) > 2):
            _stop(f"socket of family {family}")
        super().__init__(family, *rest, **named)


def _stop(what: str) -> None:
    caller = sys._getframe(2).f_code.co_qualname
    if caller != "_has_ipv6":  # urllib3 asks the kernel, on import, whether it has IPv6: no packet
        with open(os.environ["NETWORK_LOG"], "a", encoding="utf-8") as log:
            log.write(f"{os.getpid()} {sys.argv} {what} by {caller}\n")
    raise OSError(f"no network: {what}")


def _refuse(*arguments: Any, **named: Any) -> Any:
    _stop(f"look-up of {arguments[:1]}")


socket.socket = Guarded  # type: ignore[misc]
for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "create_connection"):
    setattr(socket, name, _refuse)
