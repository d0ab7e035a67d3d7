"""XML as a list of its leaves: entities refused, depth and number of elements counted (XML 1.0)."""

from __future__ import annotations

from typing import NamedTuple
from xml.parsers import expat

from transforms.limits import LIMITS

_LISTS = frozenset({"Seq", "Bag", "Alt", "li"})  # RDF: what stands in a list belongs to the property around it
_TEXT = 4 * 1024  # characters of one element


class Leaf(NamedTuple):
    """An attribute, or an element with text of its own."""

    name: str  # without its namespace; of an attribute element@attribute
    text: str
    called: str  # of an element: its attribute `name`, else that of the element around it; "" without one


class _Stop(Exception):
    pass


def leaves(octets: bytes) -> tuple[list[Leaf], tuple[str, ...]]:
    """What the elements of a small XML part say, in order, and defects; of a damaged one what comes before.

    document.xml_entities: it declares an entity, as no office program does. limit.xml: too deep, or too much.
    """
    found: list[Leaf] = []
    names: list[str] = []
    called: list[str] = []
    texts: list[list[str]] = []
    seen = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal seen
        seen += 1
        if seen > LIMITS.xml_elements or len(names) >= LIMITS.xml_depth:
            raise _Stop("limit.xml")
        local = _local(name)
        names.append(names[-1] if local in _LISTS and names else local)
        own = {_local(key): value[:_TEXT] for key, value in attributes.items()}
        called.append(own.get("name", ""))
        texts.append([])
        found.extend(Leaf(f"{names[-1]}@{key}", value, "") for key, value in own.items())

    def end(_: str) -> None:
        name, text, own = names.pop(), "".join(texts.pop()).strip(), called.pop()
        if text:
            found.append(Leaf(name, text[:_TEXT], own or (called[-1] if called else "")))

    def data(text: str) -> None:
        if texts:
            texts[-1].append(text)

    def refuse(*_: object) -> None:
        raise _Stop("document.xml_entities")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(octets, True)
    except _Stop as stop:
        return found, (str(stop),)
    except (expat.ExpatError, ValueError, LookupError):
        return found, ("document.xml_damaged",)
    return found, ()


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
