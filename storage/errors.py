"""Everything that storage refuses, as one tree.

StorageError
├── SettingsError        a setting is missing or wrong
├── KeyFileError         a key file is refused
│   ├── LostKey          it is not there, or cannot be reached
│   ├── ExposedKey       others on this machine may read it
│   ├── DamagedKey       it is not laid out as it should be, or was changed
│   ├── WrongPassphrase  the passphrase does not open it
│   ├── WeakPassphrase   a passphrase that could be guessed is not taken for a new key
│   ├── WrongKey         a good key, and not one that belongs here
│   └── NoRecipient      nobody would be left who can read what people say
├── SchemaError          the database is not one that this version can use
│   ├── NewerSchema      made by a newer version of Hearten
│   ├── OlderSchema      made by an older one: migrate first
│   └── LostKeyring      people have taken part, and the keyring is not there or not theirs
├── SealError            an envelope does not open
│   ├── Malformed        its bytes are not laid out as the format says
│   ├── UnknownVersion   of a format that this version does not know
│   ├── NotForThisKey    sealed to other research keys
│   ├── Unsigned         no researcher whom this host knows signed it
│   ├── Erased           the person withdrew: their key is gone
│   └── Tampered         changed, moved, swapped, or another key
├── Damaged              something that is kept does not open, or a file is not whole
├── BackupError          a backup cannot be made, or not be restored
│   └── NotEmpty         something is there already: a restore never replaces anything
├── NotTaken             a bundle that opens and is of no use here: too old, or of somebody who is gone
├── NotConsented         the person has not agreed to take part, so nothing is kept
├── UnknownCode          no one is found under this withdrawal code
├── BrokenChain          the audit log was changed
└── Unavailable          the database could not be read or written: full, locked, read-only, damaged

Each message is one sentence that can be shown to whoever runs the system. None holds anybody's words, name or id.
"""


class StorageError(Exception):
    """The root: catching this catches every stated refusal of storage."""


class SettingsError(StorageError):
    pass


class KeyFileError(StorageError):
    pass


class LostKey(KeyFileError):  # noqa: N818 - reads as what happened
    pass


class ExposedKey(KeyFileError):  # noqa: N818 - reads as what happened
    pass


class DamagedKey(KeyFileError):  # noqa: N818 - reads as what happened
    pass


class WrongPassphrase(KeyFileError):  # noqa: N818 - reads as what happened
    pass


class WeakPassphrase(KeyFileError):  # noqa: N818 - reads as what happened
    pass


class WrongKey(KeyFileError):  # noqa: N818 - reads as what happened
    pass


class NoRecipient(KeyFileError):  # noqa: N818 - reads as what happened
    pass


class SchemaError(StorageError):
    pass


class NewerSchema(SchemaError):  # noqa: N818 - reads as what happened
    pass


class OlderSchema(SchemaError):  # noqa: N818 - reads as what happened
    pass


class LostKeyring(SchemaError):  # noqa: N818 - reads as what happened
    pass


class SealError(StorageError):
    pass


class Malformed(SealError):  # noqa: N818 - reads as what happened
    pass


class UnknownVersion(SealError):  # noqa: N818 - reads as what happened
    pass


class NotForThisKey(SealError):  # noqa: N818 - reads as what happened
    pass


class Unsigned(SealError):  # noqa: N818 - reads as what happened
    pass


class Erased(SealError):  # noqa: N818 - reads as what happened
    pass


class Tampered(SealError):  # noqa: N818 - reads as what happened
    pass


class Damaged(StorageError):  # noqa: N818 - reads as what happened
    pass


class BackupError(StorageError):
    pass


class NotEmpty(BackupError):  # noqa: N818 - reads as what happened
    pass


class NotTaken(StorageError):  # noqa: N818 - reads as what happened
    pass


class NotConsented(StorageError):  # noqa: N818 - reads as what happened
    pass


class UnknownCode(StorageError):  # noqa: N818 - reads as what happened
    pass


class BrokenChain(StorageError):  # noqa: N818 - reads as what happened
    pass


class Unavailable(StorageError):  # noqa: N818 - reads as what happened
    pass
