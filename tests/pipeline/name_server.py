"""A DNS server of our own on 127.0.0.1: it answers from a table and remembers what it was asked."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

NXDOMAIN, SERVFAIL, SILENT = "nxdomain", "servfail", "silent"


class NameServer:
    """`with NameServer(zone) as server`: zone is name -> TXT records, a CNAME target, or a failure."""

    def __init__(self, zone: dict[str, list[str] | str]) -> None:
        self.zone = zone
        self.asked: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                octets, client = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            answer = self._answer(dns.message.from_wire(octets))
            if answer is not None:
                self._socket.sendto(answer.to_wire(), client)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        name = question.name.to_text().rstrip(".")
        self.asked.append((name, dns.rdatatype.to_text(question.rdtype)))
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        found = self.zone.get(name, NXDOMAIN)
        while isinstance(found, str) and found.endswith("."):  # an alias, followed as resolvers do
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", found))
            name = found.rstrip(".")
            found = self.zone.get(name, NXDOMAIN)
        if found == SILENT:
            return None
        if isinstance(found, str):
            answer.set_rcode(dns.rcode.NXDOMAIN if found == NXDOMAIN else dns.rcode.SERVFAIL)
        elif found:
            answer.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", "TXT", [_quoted(one) for one in found]))
        return answer


def _quoted(record: str) -> str:
    """A record as character-strings of at most 255 octets (RFC 6376 §3.6.2.2)."""
    return " ".join(f'"{record[at : at + 255]}"' for at in range(0, max(len(record), 1), 255))
