"""Backups: whole, checked, sealed to the research keys; and the way back from them.

The promises:
- A backup is written whole or not at all, read back and compared before it gets its name, and never replaces anything.
- It opens with a research key only. The answers within are sealed once more, each under its participant's key too.
- The keyring is a backup of its own, never in the same file: were both in one, somebody who withdrew could be brought
  back from it.
- A restore goes to an empty place only, and appears there complete or not at all. Whoever was erased after the backup
  was made stays erased: their key is gone, and their rows are noted to follow.
"""

from storage.backup.plain import back_up

__all__ = ["back_up"]
