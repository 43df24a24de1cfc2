"""What the desk refuses. Each message is one sentence that says what to do."""

from analysis.errors import AnalysisError


class DeskError(AnalysisError):
    """The file of the desk cannot be used, or what is asked for cannot be done."""
