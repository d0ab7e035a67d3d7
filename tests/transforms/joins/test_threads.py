"""Threads: what names one another hangs together, in any order of evidence, and says nothing about anybody."""

from __future__ import annotations

import itertools
from typing import Any

import pyarrow as pa

from transforms.joins import threads
from transforms.model import Kind

CONVERSATION = bytes(22)


def mail(own: str | None, *references: str, parent: str | None = None, conversation: bytes | None = None) -> Any:
    return Kind.EMAIL, {"message_id": own, "references": references, "in_reply_to": parent,
                        "conversation": conversation}  # fmt: skip


def joined(make_proven: Any, *mails: Any, order: tuple[int, ...] | None = None) -> list[str | None]:
    """The thread of each mail, every mail in a unit of its own; order is that of the rows in the join."""
    units = [make_proven((f"{n}.eml", *one), sequence=n) for n, one in enumerate(mails)]
    found: list[str | None] = [
        threads.own_name(*(unit.shard.column(name)[0] for name in ("references", "in_reply_to", "message_id")))
        for unit in units
    ]
    tables = [threads.rows(units[n], frozenset()) for n in order or range(len(units))]
    for answer in threads.join(pa.concat_tables(tables)).to_pylist():
        found[int(answer["unit_id"], 16)] = answer["thread_id"]
    return found


def test_replies_and_their_replies_are_one_thread(make_proven: Any) -> None:
    found = joined(make_proven, mail("a"), mail("b", "a"), mail("c", parent="b"), mail("x"))
    assert found == ["a", "a", "a", "x"]


def test_a_message_that_is_not_there_joins_its_replies(make_proven: Any) -> None:
    assert joined(make_proven, mail("b", "a"), mail("c", parent="a"), mail("d", "q", "a")) == ["a", "a", "a"]


def test_a_conversation_of_outlook_is_one_thread_without_references(make_proven: Any) -> None:
    one, other = mail("a", conversation=CONVERSATION), mail("b", conversation=CONVERSATION)
    assert joined(make_proven, one, other, mail("c", conversation=bytes(21) + b"1")) == ["a", "a", "c"]


def test_a_message_without_identifiers_takes_the_name_of_its_conversation(make_proven: Any) -> None:
    bare = mail(None, conversation=CONVERSATION)
    assert joined(make_proven, bare, mail("b", conversation=CONVERSATION)) == ["b", "b"]
    assert joined(make_proven, bare, bare) == [None, None]
    assert joined(make_proven, mail(None)) == [None]


def test_only_messages_have_threads(make_proven: Any) -> None:
    unit = make_proven(("a.txt", Kind.TEXT, {"message_id": "a"}))
    assert len(threads.join(threads.rows(unit, frozenset()))) == 0


def test_the_answer_does_not_depend_on_the_order_of_rows(make_proven: Any) -> None:
    mails = (mail("d", "c"), mail("b", "a"), mail("c", "b"), mail("y", "x"), mail("z", parent="y"))
    answers = {tuple(joined(make_proven, *mails, order=order)) for order in itertools.permutations(range(5))}
    assert answers == {("c", "c", "c", "x", "x")}


def test_a_thread_of_thousands_is_followed_to_its_end(make_proven: Any) -> None:
    length = 3_000
    chain = [(f"{n}.eml", *mail(f"m{n}", parent=f"m{n + 1}")) for n in range(length)]
    unit = make_proven(*chain)
    found = threads.join(threads.rows(unit, frozenset()))
    assert set(found["thread_id"].to_pylist()) == {"m1"} and len(found) == length - 1
