"""What can go wrong in the analysis, as one tree. Every message is a sentence for a person that says what to do;
none carries anybody's words, names or ids: a place is named by file and line.

AnalysisError
├── ContentError   a file of ours or of a service (framework, cues, exemplars, gazetteer) is not as it should be
└── InputError     what was handed in to be coded, de-identified or evaluated cannot be read
"""


class AnalysisError(Exception):
    """A stated failure. `str()` of it is the one sentence that the command line prints."""


class ContentError(AnalysisError):
    """A content file breaks a rule; the sentence says where, which rule, and how to mend it."""


class InputError(AnalysisError):
    """Input cannot be used; the sentence names the line."""
