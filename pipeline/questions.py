"""The questions that a newsroom asks first, by name, as SQL over the tables of OUT (docs/cookbook.md shows each)."""

from __future__ import annotations

from typing import NamedTuple


class Question(NamedTuple):
    asks: str
    sql: str


QUESTIONS = {
    "overview": Question(
        "How many items have which verdict, and why?",
        """\
FROM items
SELECT verdict, reason_code, count(*) AS n
GROUP BY ALL
ORDER BY n DESC, verdict, reason_code""",
    ),
    "timeline": Question(
        "Which months do the messages date themselves to, by verdict?",
        """\
FROM items
SELECT strftime(date_utc, '%Y-%m') AS month, verdict, count(*) AS n
WHERE kind = 'email' AND date_utc IS NOT NULL
GROUP BY ALL
ORDER BY month, verdict""",
    ),
    "senders": Question(
        "Which domains write most, and how much of it is verified?",
        """\
FROM items
SELECT from_domain, count(*) AS n,
       count(*) FILTER (verdict = 'verified') AS verified,
       count(*) FILTER (verdict = 'suspected_fake') AS suspected
WHERE kind = 'email' AND from_domain IS NOT NULL
GROUP BY ALL
ORDER BY n DESC, from_domain
LIMIT 20""",
    ),
    "lookalikes": Question(
        "Which senders' domains imitate or resemble a protected one?",
        """\
FROM items
SELECT lookalike_of, from_domain, count(*) AS n, min(date_utc) AS earliest, max(date_utc) AS latest
WHERE lookalike_of IS NOT NULL
GROUP BY ALL
ORDER BY n DESC, lookalike_of, from_domain""",
    ),
    "contradictions": Question(
        "What is suspected, and what contradicts it most?",
        """\
FROM items
SELECT path, n_contradicts, headline
WHERE verdict = 'suspected_fake'
ORDER BY n_contradicts DESC, path
LIMIT 50""",
    ),
    "codes": Question(
        "Which contradictions are most common?",
        """\
FROM findings
SELECT code, strength, count(DISTINCT item_id) AS items
WHERE direction = 'contradicts'
GROUP BY ALL
ORDER BY items DESC, code""",
    ),
    "clocks": Question(
        "Which messages came more than a day before or after their Date?",
        """\
FROM items
SELECT path, date_utc, received_utc, round((epoch(received_utc) - epoch(date_utc)) / 3600, 1) AS hours
WHERE abs(hours) > 24
ORDER BY abs(hours) DESC, path
LIMIT 50""",
    ),
    "objections": Question(
        "Which valid signatures leave something open, such as the subject?",
        """\
FROM signatures JOIN items USING (item_id)
SELECT path, domain, objection, verdict
WHERE result = 'pass' AND objection IS NOT NULL
ORDER BY path, seq
LIMIT 50""",
    ),
    "keys": Question(
        "Which keys does the proof rest on, and where do they come from?",
        """\
FROM keys
SELECT domain, selector, source, bits, n_verified, n_failed, weakness
ORDER BY n_verified DESC, domain, selector, key_id""",
    ),
    "documents": Question(
        "Which documents are proven by the message that carried them?",
        """\
FROM items AS document JOIN items AS message ON document.inherits_from = message.item_id
SELECT document.path, document.kind, message.from_email, message.subject
ORDER BY document.path
LIMIT 50""",
    ),
    "repaired": Question(
        "What is verified only after damage was undone?",
        """\
FROM items
SELECT path, subject, repairs
WHERE verdict = 'verified' AND repairs IS NOT NULL
ORDER BY path""",
    ),
    "unread": Question(
        "What was not read whole?",
        """\
FROM sources
SELECT source_path, status, error_code, n_items, n_errors
WHERE status <> 'ok' OR n_errors > 0
ORDER BY source_path""",
    ),
}
