"""Every budget of a run, in one place; recorded in run.json (DESIGN §6.9).

Every limit that decides a row is a count, never time. A breach gives that item a
`limited` row with its code and the bytes read so far; its siblings go on.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Octets unless the name or the comment says otherwise."""

    unit_bytes: int = 16 * MIB  # target size of one work unit: half of it costs 7 % more, all in all
    unit_files: int = 2_000  # files in one bundle
    part_items: int = 10_000  # rows of a unit that are held before they are written, twice as many at most ...
    part_octets: int = 64 * MIB  # ... or this much of what they were read from
    chunk: int = 1 * MIB  # what is read at a time
    in_memory: int = 32 * MIB  # a larger decoded member is spooled to OUT/work
    ratio: int = 200  # decoded octets per stored octet ...
    ratio_from: int = 16 * MIB  # ... enforced once this much came out
    member: int = 4 * GIB  # decoded octets of one member
    source_output: int = (
        20 * GIB
    )  # decoded out of one file of the dump, or twice its own; of a small one, twice ratio's
    depth: int = 10  # containers within containers
    members: int = 1_000_000  # members of one container
    compound: int = 256 * MIB  # one .msg or winmail.dat that is parsed; of a larger one the octets are hashed
    compound_entries: int = 200_000  # streams and storages of one
    name: int = 4 * KIB  # one member or file name
    header_section: int = 1 * MIB  # parsed; the rest is hashed only
    header_fields: int = 10_000
    mime_parts: int = 10_000  # in one message
    mime_depth: int = 64
    text: int = 64 * KIB  # normalised text kept per item, UTF-8
    text_source: int = 1 * MIB  # decoded text looked at to get there
    document: int = 64 * MIB  # of a larger document the octets are hashed, and no more
    document_text: int = 512 * KIB  # of a document's own form looked at to get to its text
    pdf_text: int = 16 * MIB  # of a larger PDF the words are not read
    pdf_pages: int = 20  # of which they are read
    pdf_objects: int = 200_000  # of a signed PDF that was saved again: of a larger one the changes are not read
    pdf_steps: int = 1_000_000  # names, numbers and references of it that are looked at for that
    document_part: int = 256 * KIB  # of one part of an office file, its text aside
    document_value: int = 200  # characters of an author, a program ... shown
    document_values: int = 64  # languages, fonts, properties ... kept of one document
    rsids: int = 512  # numbers of editing sessions kept of one
    xml_elements: int = 10_000  # of one part of a document
    xml_depth: int = 64
    display: int = 2_000  # characters of a subject, name or address shown
    addresses: int = 1_000  # addresses kept of one field
    references: int = 100  # message identifiers kept of References, the last ones
    hops: int = 50  # Received fields and MIME boundaries looked at for clocks
    clocks: int = 200  # kept of one message
    signatures: int = 16  # DKIM-Signature fields examined in one message
    arc_sets: int = 10  # ARC sets examined in one message, from the first on
    signed_fields: int = 8 * KIB  # raw header fields kept with a message's signatures
    repair_trials: int = 256  # restored forms of one message, or of one header section, that are hashed
    repair_factor: int = 16  # times the body: octets hashed for its repairs ...
    repair_small: int = 1 * MIB  # ... where a smaller body counts as this much
    repair_octets: int = 256 * MIB  # and never more than these
    repair_tail: int = 64 * KIB  # end of a body of which each line end may be where it was longer
    repair_lines: int = 50  # first lines of a text of which each end may be where a notice ends
    taken_out: int = 8  # attachments taken out of one message that are looked for
    taken_out_messages: int = 1_000  # messages of a run for which they are, in walk order
    taken_out_files: int = 4  # different files of one name, or size, that are put back for each
    copies: int = 1_000  # copies compared with one verified message
    candidates: int = 1_024  # values tried in place of one signed field
    offers: int = 8  # copies, and as many replies, that values are taken from for one message
    learned: int = 100  # domains that one dump protects by itself, those that most others wrote to
    compared_words: int = 2_000  # differing words of a pair looked at
    compared_pairs: int = 50_000  # equal words among them, one of either text: what finding the runs costs
    signature_der: int = 1 * MIB  # of a signature whose content lies elsewhere
    ber_elements: int = 200_000  # looked at in one structure of a signature
    certificates: int = 64  # enclosed with a signature, of which one is the signer's
    key_record: int = 16 * KIB  # one TXT record
    key_bits_min: int = 1024  # modulus; smaller keys never prove
    key_bits_max: int = 8192
    key_exponent_bits: int = 32
    recover_names: int = 20  # (domain, selector) whose lost key is computed, in one run (VERDICT §4)
    recover_pairs: int = 3  # pairs of signatures tried for one name
    recover_bits: int = 4096  # modulus of a lost key
    recover_signatures: int = 1_000  # of one name that are looked at
    recover_stall_seconds: int = 3_600  # for one pair: its process is killed (last resort)
    fermat_steps: int = 100  # candidates for close primes tried on one modulus
    moduli_batch: int = 5 * MIB // 2  # moduli compared with each other at once: 10,000 of 2048 bits
    moduli_compared: int = 10 * MIB  # ... and in all, so that an archive of millions costs no more
    moduli_pairs: int = 100_000  # pairs of moduli looked at one by one in a batch
    look_ups: int = 1_000  # names that one `keys fetch` asks the DNS for
    look_up_failures: int = 10  # names in a row without an answer: the resolver is down
    address_space: int = 2 * GIB  # of one worker process (Linux)
    stall_seconds: int = 30  # without progress: the worker is killed (last resort)

    def as_dict(self) -> dict[str, int]:
        return dataclasses.asdict(self)


LIMITS = Limits()
