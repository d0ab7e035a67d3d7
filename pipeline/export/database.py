"""sqlite: all tables in one file, with full-text search over the items; Datasette shows it as it is."""

from __future__ import annotations

import os
import secrets
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline import tables
from pipeline.export.rows import as_cell, rows

SEARCHED = ("path", "file_name", "subject", "from_email", "from_name", "headline", "author")
_INDEXED = {"items": ("item_id", "verdict", "parent_id", "sha256", "message_id"), "findings": ("item_id", "code"),
            "signatures": ("item_id", "domain"), "keys": ("key_id",), "sources": ("source_path",)}  # fmt: skip


def write(out: Path, path: Path) -> int:
    """A table each, indexes, and items_fts; lists are joined into one text. Answers the number of items."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with sqlite3.connect(temporary) as database:
            database.execute("PRAGMA journal_mode = OFF")  # what fails is thrown away whole
            database.execute("PRAGMA synchronous = OFF")
            for table, columns in tables.TABLES.items():
                _fill(database, out, table, columns)
            searched = ", ".join(SEARCHED)
            database.execute(f"CREATE VIRTUAL TABLE items_fts USING fts5({searched}, content=items)")
            database.execute("INSERT INTO items_fts (items_fts) VALUES ('rebuild')")
            count: int = database.execute("SELECT count(*) FROM items").fetchone()[0]
        database.close()
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return count


def _fill(database: sqlite3.Connection, out: Path, table: str, columns: tuple[tables.Column, ...]) -> None:
    names = [name for name, _, _ in columns]
    made = ", ".join(f'"{name}" {_affinity(kind)}' for name, kind, _ in columns)
    database.execute(f'CREATE TABLE "{table}" ({made})')
    found = (tuple(_value(row[name]) for name in names) for row in rows(out, table))
    database.executemany(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(names))})', found)
    for name in _INDEXED[table]:
        database.execute(f'CREATE INDEX "{table}_{name}" ON "{table}" ("{name}")')


def _affinity(kind: pa.DataType) -> str:
    return "INTEGER" if kind in (tables.COUNT, tables.FLAG) else "BLOB" if kind == pa.binary() else "TEXT"


def _value(value: Any) -> Any:
    return value if isinstance(value, (bool, bytes)) else as_cell(value)
