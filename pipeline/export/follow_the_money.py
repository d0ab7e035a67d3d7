"""ftm: one FollowTheMoney entity per item, as JSON lines, for Aleph and other programs that read that model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.export.rows import rows
from pipeline.lookup import Record
from pipeline.whole_file import write_whole

# Schema of the model by items.kind; what is not named is a Document.
SCHEMATA = {"email": "Email", "mailbox": "Package", "archive": "Package", "image": "Image", "text": "PlainText"}
_FOLDERS = frozenset({"Email", "Package"})  # what may stand as parent: extensions of Folder
_COLUMNS = ["item_id", "parent_id", "path", "file_name", "kind", "media_type", "size", "sha1", "sha256", "status",
            "error_code", "verdict", "headline", "reason_code", "message_id", "in_reply_to", "from_email", "from_name",
            "to_emails", "cc_emails", "subject", "date_utc", "author", "created_utc", "modified_utc",
            "producer"]  # fmt: skip


def write(out: Path, path: Path) -> int:
    """The verdict stands in keywords, the sentence that explains it in notes, the path in summary."""
    kinds = {row["item_id"]: row["kind"] for row in rows(out, "items", ["item_id", "kind"]) if row["kind"] in SCHEMATA}
    count = 0

    def fill(file: BinaryIO) -> None:
        nonlocal count
        for row in rows(out, "items", _COLUMNS):
            parent = row["parent_id"] if SCHEMATA.get(kinds.get(row["parent_id"], "")) in _FOLDERS else None
            file.write(json.dumps(entity(row, parent), ensure_ascii=False).encode() + b"\n")
            count += 1

    write_whole(path, fill)
    return count


def entity(row: Record, parent: str | None) -> dict[str, Any]:
    """One item; parent is the entity that it lies in, if the model allows it to be one."""
    schema = SCHEMATA.get(row["kind"], "Document")
    name = row["file_name"] or row["path"].rpartition("!")[2]  # the model asks for one
    failed = row["status"] in ("error", "limited")
    properties = {
        "fileName": [name],
        "title": [row["subject"] or name],
        "mimeType": [row["media_type"] if row["media_type"] != "application/octet-stream" else None],  # no type there
        "fileSize": [row["size"]],
        "contentHash": [row["sha1"]],  # the model's checksum is SHA-1: with --also-hash sha1
        "keywords": [f"verdict:{row['verdict']}", f"reason:{row['reason_code']}" if row["reason_code"] else None],
        "notes": [row["headline"]],
        "summary": [row["path"], f"sha256:{row['sha256']}" if row["sha256"] else None],
        "processingStatus": ["failure" if failed else "success"],
        "processingError": [row["error_code"] if failed else None],
        "author": [row["from_name"] or row["from_email"] if schema == "Email" else row["author"]],
        "createdAt": [row["created_utc"]],
        "modifiedAt": [row["modified_utc"]],
        "generator": [row["producer"]],
        "parent": [parent],
    }
    if schema == "Email":
        properties |= {
            "subject": [row["subject"]], "date": [row["date_utc"]], "from": [row["from_email"]],
            "to": row["to_emails"] or [], "cc": row["cc_emails"] or [], "messageId": [row["message_id"]],
            "inReplyTo": [row["in_reply_to"]],
        }  # fmt: skip
    kept = {name: [_text(value) for value in values if value not in (None, "")] for name, values in properties.items()}
    return {"id": row["item_id"], "schema": schema, "properties": {k: v for k, v in kept.items() if v}}


def _text(value: Any) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S") if hasattr(value, "strftime") else str(value)
