"""Exports for research: one folder with data, codebook, data dictionary, manifest and a README. See `folder`."""

from analysis.export.folder import export
from analysis.export.people import Told
from analysis.export.request import ExportError, Request

__all__ = ["ExportError", "Request", "Told", "export"]
