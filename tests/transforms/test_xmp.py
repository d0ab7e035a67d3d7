"""XMP: properties as elements or attributes, and a packet that is cut."""

from __future__ import annotations

import sys
from pathlib import Path

from transforms.model import DocumentFacts
from transforms.xmp import read_packet, with_packet

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from office_file import xmp


def test_attributes_and_elements_say_the_same() -> None:
    by_attribute = read_packet(xmp('xmp:CreatorTool="T" pdf:Producer="P"'), 0)
    by_element = read_packet(xmp("", "<xmp:CreatorTool>T</xmp:CreatorTool><pdf:Producer>P</pdf:Producer>"), 0)
    assert by_attribute == by_element and (by_attribute.tool, by_attribute.producer) == ("T", "P")


def test_a_packet_that_is_cut_says_what_comes_before() -> None:
    packet = read_packet(xmp('xmp:CreatorTool="T"')[:-20], 0)
    assert (packet.tool, packet.defects) == ("T", ("document.xml_damaged",))


def test_what_is_known_already_is_not_replaced() -> None:
    facts = with_packet(DocumentFacts(author="A"), read_packet(xmp('dc:creator="B" xmp:CreatorTool="T"'), 0))
    assert (facts.author, facts.application) == ("A", "T")
