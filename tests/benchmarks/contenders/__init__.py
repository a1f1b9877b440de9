"""Programs that are measured: one process each, asked by a parent over pipes (`protocol.py`)."""
