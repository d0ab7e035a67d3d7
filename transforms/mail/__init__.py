"""Mail: octets to fields, addresses, dates, MIME parts and text (RFC 5322, 2045-2047, 2231)."""
