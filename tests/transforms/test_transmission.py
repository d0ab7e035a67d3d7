"""What claims to have been transmitted as it stands, and what does not."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from transforms.transmission import claims_one_reading, claims_transmission, container, same_instant, sender_mailbox

RECEIVED = {"received_count": 1, "intermediaries": [], "delivered_elsewhere": False, "status": "ok",
            "path": "inbox/1.eml", "author_known": True, "header_ambiguous": None,
            "notes": ["mail.exported: Google Takeout, thread 1, labels Inbox,Opened"]}  # fmt: skip


def claims(**other: Any) -> bool:
    column = {name: [value] for name, value in (RECEIVED | other).items()}
    assert claims_one_reading(column, 0) <= claims_transmission(column, 0)
    return claims_one_reading(column, 0)


def test_a_received_message_claims_transmission() -> None:
    assert claims()


@pytest.mark.parametrize(
    "other",
    [
        {"received_count": 0},
        {"intermediaries": ["list-id"]},
        {"delivered_elsewhere": True},
        {"status": "partial"},
        {"path": "leak.zip!Sent Items/1.eml"},
        {"path": "Drafts/1.eml"},
        {"author_known": False},
        {"header_ambiguous": "junk_between_fields"},
    ],
)
def test_what_does_not(other: dict[str, Any]) -> None:
    assert not claims(**other)


@pytest.mark.parametrize(
    "folder",
    [
        "Sent Items", "Gesendete Elemente", "Messages envoyés", "Elementos enviados", "Enviados", "Itens enviados",
        "Posta inviata", "Verzonden items", "Skickat", "Sendt", "Lähetetyt", "Wysłane", "Elementy wysłane",
        "Odeslaná pošta", "Odoslané", "Poslano", "Elküldött elemek", "Trimise", "Изпратени", "Отправленные",
        "Надіслані", "Απεσταλμένα", "Gönderilmiş Öğeler", "Išsiųsti", "Saadetud", "פריטים שנשלחו", "البريد المرسل",
        "送信済みアイテム", "已发送", "寄件備份", "보낸편지함", "Đã gửi", "Terkirim",
        ".&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-",
        "[Gmail]/Sent Mail", "INBOX.Sent", "Gesendet.mbox!@0",
    ],
)  # fmt: skip
def test_sent_mail_in_many_languages_claims_none(folder: str) -> None:
    for name in (folder, unicodedata.normalize("NFD", folder)):
        assert not claims(path=f"anna/{name}/1.eml")
        assert sender_mailbox(f"anna/{name}/1.eml") in ("anna", "anna/[Gmail]")


@pytest.mark.parametrize(
    "folder",
    ["Drafts", "Entwürfe", "Brouillons", "Borradores", "Rascunhos", "Bozze", "Concepten", "Utkast", "Kladder",
     "Luonnokset", "Wersje robocze", "Koncepty", "Piszkozatok", "Ciorne", "Черновики", "Чернетки", "Πρόχειρα",
     "Taslaklar", "טיוטות", "مسودات", "下書き", "草稿箱", "임시보관함", "Thư nháp", "Draf", "Postausgang",
     "Boîte d'envoi", "Outbox"],
)  # fmt: skip
def test_drafts_in_many_languages_claim_none_and_are_no_sent_mail(folder: str) -> None:
    assert not claims(path=f"anna/{folder}/1.eml")
    assert sender_mailbox(f"anna/{folder}/1.eml") is None


@pytest.mark.parametrize("label", ["Sent", "Drafts,Opened", "Messages envoyés", "Inbox,Gesendet"])
def test_labels_of_gmail_tell_the_author_s_own_copy(label: str) -> None:
    assert not claims(notes=[f"mail.exported: Google Takeout, thread 1563, labels {label}"])


@pytest.mark.parametrize("path", ["Inbox/1.eml", "Éléments reçus/1.eml", "Büro/Posteingang.mbox!@0", "R&D-plans/1.eml"])
def test_other_folders_do(path: str) -> None:
    assert claims(path=path) and sender_mailbox(path) is None


def test_a_container_is_a_mailbox_or_the_folder_of_a_file() -> None:
    assert container("a/inbox.mbox", "a/inbox.mbox!@0") == "a/inbox.mbox"
    assert container("a/1.eml", "a/1.eml") == "a"


def test_an_instant_is_the_same_within_a_day_and_a_zone() -> None:
    noon = datetime(2017, 4, 24, 12, tzinfo=UTC)
    assert same_instant(noon, noon + timedelta(hours=26))
    assert not same_instant(noon, noon + timedelta(hours=27))
    assert not same_instant(noon, None)
