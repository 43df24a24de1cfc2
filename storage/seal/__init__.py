"""Sealing: the envelope of one message of an answer, and the sealed file of a backup.

The formats are described in `docs/envelope.md`, byte by byte, and pinned by the vectors in the tests. They outlive this
code: a change is a new version byte, and what was sealed before still opens.
"""

from storage.seal.envelope import BLOCK, VERSION, Context, open_envelope, recipients_of, seal

__all__ = ["BLOCK", "VERSION", "Context", "open_envelope", "recipients_of", "seal"]
