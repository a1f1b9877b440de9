"""maskloop: a self-hosted, distributed labeling platform for image masks."""

from importlib.metadata import version

__version__ = version("maskloop")
