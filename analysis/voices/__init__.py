"""Voice notes on the researcher's side: heard, typed out, and from then on read like any other answer.

`transcripts` keeps what was typed in the desk's book, and `reader` is the read port with those words in it.
"""

from analysis.voices.reader import StudyReader
from analysis.voices.transcripts import VoiceNote, keep_transcript, take_back_transcript, voice_notes

__all__ = ["StudyReader", "VoiceNote", "keep_transcript", "take_back_transcript", "voice_notes"]
