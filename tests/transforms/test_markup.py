"""XML as leaves: names without namespaces, lists of RDF, and bombs that stop at a count."""

from __future__ import annotations

import pytest

from transforms.limits import LIMITS
from transforms.markup import Leaf, leaves


def test_elements_and_attributes_without_their_namespaces() -> None:
    octets = b'<a:x xmlns:a="u" xmlns:b="v" b:k="1"><b:y> two </b:y></a:x>'
    assert leaves(octets) == ([Leaf("x@k", "1", ""), Leaf("y", "two", "")], ())


def test_a_list_of_rdf_belongs_to_the_property_around_it() -> None:
    octets = b'<r xmlns:rdf="u"><creator><rdf:Seq><rdf:li>A</rdf:li><rdf:li>B</rdf:li></rdf:Seq></creator></r>'
    assert leaves(octets) == ([Leaf("creator", "A", ""), Leaf("creator", "B", "")], ())


def test_a_value_is_called_as_its_own_element_or_the_one_around_it() -> None:
    found, _ = leaves(b'<r><p name="N"><v>1</v></p><q name="M">2</q></r>')
    assert [(leaf.text, leaf.called) for leaf in found if "@" not in leaf.name] == [("1", "N"), ("2", "M")]


@pytest.mark.parametrize(
    ("octets", "defect"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document.xml_entities"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "document.xml_entities"),
        (b"<a>" * (LIMITS.xml_depth + 1), "limit.xml"),
        (b"<a>" + b"<b/>" * LIMITS.xml_elements + b"</a>", "limit.xml"),
        (b"<a><b>", "document.xml_damaged"),
        (b"", "document.xml_damaged"),
        (b"\xff\xfe<\0a\0", "document.xml_damaged"),
        (b"<?xml version='1.0' encoding='none such'?><a/>", "document.xml_damaged"),
        (b"<a b='\xff'/>", "document.xml_damaged"),
    ],
)
def test_what_is_damaged_or_made_to_hurt_is_told(octets: bytes, defect: str) -> None:
    assert leaves(octets)[1] == (defect,)


def test_a_doctype_without_entities_is_harmless() -> None:
    """As OpenOffice 1 wrote it."""
    assert leaves(b'<!DOCTYPE m PUBLIC "-//x" "office.dtd"><m><d>x</d></m>') == ([Leaf("d", "x", "")], ())
