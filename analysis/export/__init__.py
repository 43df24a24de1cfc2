"""Exports for research: one folder with data, codebook, data dictionary, manifest and a README. See `folder`."""

from analysis.export.folder import ExportError, Request, export

__all__ = ["ExportError", "Request", "export"]
