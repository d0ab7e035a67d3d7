"""What a stranger checks with openssl alone: an item's octets, what was signed of them, and the key."""
