"""Shipped lists, each with its date and source."""
