"""Signs PDFs with pyhanko, which other tests hold ours against."""

from __future__ import annotations

import io

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers

from signed_mail import certificate, rsa_key


def signed(document: bytes, field: str) -> bytes:
    """The same with a signature of the test's key in a new field."""
    locked = BestAvailableEncryption(b"p")
    held = pkcs12.serialize_key_and_certificates(b"a", rsa_key(), certificate(rsa_key()), None, locked)
    signer = signers.SimpleSigner.load_pkcs12_data(held, other_certs=[], passphrase=b"p")
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    made: bytes = signers.sign_pdf(writer, signers.PdfSignatureMetadata(field_name=field), signer).getvalue()
    return made
