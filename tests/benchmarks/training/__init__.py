"""Annotated photographs put through the platform, as people's work."""
