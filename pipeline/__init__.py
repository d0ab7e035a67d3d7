"""The run: what a person starts and what comes out."""
