"""The peer in C: libopendkim over .eml files, one call a message. One process.

    python benchmarks/peers/opendkim_loop.py FOLDER KEYS.csv

Prints one JSON object: messages, octets, and how often libopendkim said DKIM_STAT_OK. Keys come from
a text file (its DKIM_QUERY_FILE method), so nothing asks the DNS. Work differs from the product's:
DKIM only. Reading a file and handing it over is Python's, a few microseconds a message.
"""

from __future__ import annotations

import argparse
import csv
import ctypes
import ctypes.util
import json
import tempfile
from pathlib import Path

SET_OPTION = 1  # DKIM_OP_SETOPT
QUERY_METHOD, QUERY_INFO = 6, 7  # DKIM_OPTS_QUERYMETHOD, DKIM_OPTS_QUERYINFO
FROM_FILE = 1  # DKIM_QUERY_FILE


def library() -> ctypes.CDLL:
    """libopendkim. OSError if it is not on this machine."""
    name = ctypes.util.find_library("opendkim")
    if name is None:
        raise OSError("libopendkim is not on this machine")
    found = ctypes.CDLL(name)
    found.dkim_libversion.restype = ctypes.c_uint32
    found.dkim_init.restype = found.dkim_verify.restype = ctypes.c_void_p
    found.dkim_init.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    found.dkim_options.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
    found.dkim_verify.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)]
    found.dkim_chunk.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    found.dkim_eom.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    found.dkim_free.argtypes = [ctypes.c_void_p]
    return found


def version(lib: ctypes.CDLL) -> str:
    """An octet each for the four numbers of OPENDKIM_LIB_VERSION."""
    return ".".join(str(octet) for octet in lib.dkim_libversion().to_bytes(4, "big"))


def loop(lib: ctypes.CDLL, folder: Path, keys: Path) -> dict[str, int]:
    counts = {"messages": 0, "octets": 0, "valid": 0}
    with tempfile.NamedTemporaryFile("w", encoding="ascii", suffix=".txt") as published:
        with open(keys, encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table):
                print(f"{row['selector']}._domainkey.{row['domain']} {row['record']}", file=published)
        published.flush()
        handle = lib.dkim_init(None, None)
        method, name = ctypes.c_int(FROM_FILE), published.name.encode()
        lib.dkim_options(handle, SET_OPTION, QUERY_METHOD, ctypes.byref(method), ctypes.sizeof(method))
        lib.dkim_options(handle, SET_OPTION, QUERY_INFO, ctypes.c_char_p(name), len(name))
        for path in sorted(folder.rglob("*.eml")):
            octets = path.read_bytes()
            counts["messages"] += 1
            counts["octets"] += len(octets)
            counts["valid"] += verify(lib, handle, octets) == 0
        lib.dkim_close(ctypes.c_void_p(handle))
    return counts


def verify(lib: ctypes.CDLL, handle: int, octets: bytes) -> int:
    """The DKIM_STAT_ code of one message; it wants CRLF."""
    if b"\r\n" not in octets:
        octets = octets.replace(b"\n", b"\r\n")
    status = ctypes.c_int()
    message = lib.dkim_verify(handle, b"message", None, ctypes.byref(status))
    try:
        lib.dkim_chunk(message, octets, len(octets))
        lib.dkim_chunk(message, None, 0)
        return int(lib.dkim_eom(message, None))
    finally:
        lib.dkim_free(message)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("keys", type=Path)
    options = parser.parse_args()
    lib = library()
    print(json.dumps({**loop(lib, options.folder, options.keys), "version": version(lib)}))


if __name__ == "__main__":
    main()
