"""Containers: one file per format, octets to entries; readers never judge."""
