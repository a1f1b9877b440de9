"""Proposals and annotations written in the formats of other tools."""

from typing import TYPE_CHECKING

from maskloop.services.export.formats import ExportFormat, ExportSource

if TYPE_CHECKING:
    from maskloop.services.export.project import ExportReport, export_project

__all__ = ["ExportFormat", "ExportReport", "ExportSource", "export_project"]


def __getattr__(name: str) -> object:
    """Loaded when wanted: the command line needs the formats' names only, and starts faster."""
    if name not in ("ExportReport", "export_project"):
        raise AttributeError(name)
    from maskloop.services.export import project

    return getattr(project, name)
