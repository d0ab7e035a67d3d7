"""Documents: octets to metadata, one file per format."""
