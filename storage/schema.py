"""The two databases: tables, and which revision of them this code knows.

hearten.db  everything but what opens it. Rows about people are keyed by pseudonym; words are sealed (`storage.seal`),
            progress and messages to send are sealed with the bot key. Tables about people have no hidden row number
            (WITHOUT ROWID), so that their order betrays nothing about when somebody came.
keyring.db  one key for each participant. Deleting it erases that person's answers everywhere, old backups included;
            that is why this is a database of its own, never in the same backup.

Days are ISO dates as text: nobody needs to know the minute. `not_before`, `due` and `until` are finer (milliseconds
since 1970, UTC), and go with their message or reminder. The migrations in `storage/migrations` make these tables; a
test compares the two.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

#: The newest revision of each database, as in its folder of migrations.
HEADS = {"main": "m0003", "keyring": "k0001"}

main = MetaData()
keyring = MetaData()

#: SQLite numbers rows by themselves only where the column is exactly INTEGER.
_Serial = BigInteger().with_variant(Integer, "sqlite")


def _of_people(name: str, metadata: MetaData, *columns: Column[Any] | Index) -> Table:
    return Table(name, metadata, *columns, sqlite_with_rowid=False)


#: `study`: random, binds every seal to this database. `bot_key`: a token that tells whether the key is the right one.
meta = _of_people(
    "meta",
    main,
    Column("name", String(32), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

#: Where each person is in the conversation, consented or not, and the day on which they were last heard.
conversation = _of_people(
    "conversation",
    main,
    Column("pseudonym", LargeBinary(32), primary_key=True),
    Column("progress", LargeBinary, nullable=False),
    Column("day", String(10), nullable=False),
)

#: One row for each session (round) that somebody agreed to take part in.
participant = _of_people(
    "participant",
    main,
    Column("pseudonym", LargeBinary(32), primary_key=True),
    Column("session", String(64), primary_key=True),
    Column("service", String(64), nullable=False),
    Column("guide", String(64), nullable=False),
    Column("guide_version", Integer, nullable=False),
    Column("code_token", LargeBinary(32), nullable=False),
    Column("day", String(10), nullable=False),
    Index("participant_of_code", "code_token"),
)

#: What each person said to each item of consent in each session: their last word, and the day of it. A later round asks
#: again, and what is said then changes nothing about what was given before.
consent = _of_people(
    "consent",
    main,
    Column("pseudonym", LargeBinary(32), primary_key=True),
    Column("session", String(64), primary_key=True),
    Column("item", String(64), primary_key=True),
    Column("given", Boolean, nullable=False),
    Column("wording", String(64), nullable=False),
    Column("day", String(10), nullable=False),
)

#: One message of an answer, sealed.
part = _of_people(
    "part",
    main,
    Column("pseudonym", LargeBinary(32), primary_key=True),
    Column("session", String(64), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("service", String(64), nullable=False),
    Column("guide", String(64), nullable=False),
    Column("guide_version", Integer, nullable=False),
    Column("day", String(10), nullable=False),
    Column("message_token", LargeBinary(32)),
    Column("envelope", LargeBinary, nullable=False),
)

#: Each question that was put to somebody, and what became of it.
asked = _of_people(
    "asked",
    main,
    Column("pseudonym", LargeBinary(32), primary_key=True),
    Column("session", String(64), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("outcome", String(16), nullable=False),
    Column("service", String(64), nullable=False),
    Column("guide", String(64), nullable=False),
    Column("guide_version", Integer, nullable=False),
    Column("day", String(10), nullable=False),
)

#: Messages that are still to be sent, and nothing after that.
outbox = Table(
    "outbox",
    main,
    Column("seq", _Serial, primary_key=True, autoincrement=True),
    Column("pseudonym", LargeBinary(32), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Index("outbox_of_person", "pseudonym", "seq"),
    sqlite_autoincrement=True,
)

#: What somebody asked to be reminded of, by its name, and when. It goes in the transaction that puts its message in the
#: outbox, so that nobody is reminded twice.
reminder = _of_people(
    "reminder",
    main,
    Column("pseudonym", LargeBinary(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("due", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("reminder_due", "due"),
)

#: Messages in a chat that the bot may still delete there, of everybody from consent on; `until` it may.
trace = _of_people(
    "trace",
    main,
    Column("pseudonym", LargeBinary(32), primary_key=True),
    Column("message_token", LargeBinary(32), primary_key=True),
    Column("until", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

#: Where to reach those who agreed to hear what became of it, sealed as the payload of a reminder, so that one can be
#: made of it without opening anything.
contact = _of_people(
    "contact",
    main,
    Column("pseudonym", LargeBinary(32), primary_key=True),
    Column("payload", LargeBinary, nullable=False),
)

#: What a service answered, until those who asked to hear it were told. `id` is that of the bundle.
tidings = _of_people(
    "tidings",
    main,
    Column("id", LargeBinary(16), primary_key=True),
    Column("service", String(64), nullable=False),
    Column("day", String(10), nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

#: Who asked for a copy of their answers (`asked`), and the copy, from when a researcher made it (`here`) until it was
#: sent (`sending`). `day` is that on which it was asked for or came, `payload` where to reach them, as in `contact`.
#: `sealed` is closed with the person's own key beneath the bot key.
copy_request = _of_people(
    "copy_request",
    main,
    Column("pseudonym", LargeBinary(32), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("day", String(10), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("bundle", LargeBinary(16)),
    Column("files", Integer),
    Column("sealed", LargeBinary),
)

#: Bundles that came, so that one brought twice is taken once.
seen_bundle = _of_people(
    "seen_bundle",
    main,
    Column("id", LargeBinary(16), primary_key=True),
    Column("day", String(10), nullable=False),
)

#: Updates that were handled, so that one delivered twice is handled once.
seen_update = Table(
    "seen_update",
    main,
    Column("update_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("day", String(10), nullable=False),
)

#: Updates that could not be understood, sealed with the bot key: bad input never loses anything.
set_aside = Table(
    "set_aside",
    main,
    Column("seq", _Serial, primary_key=True, autoincrement=True),
    Column("day", String(10), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

#: What was done, never what was said nor by whom; each entry is chained to the one before. See `storage.audit`.
audit = Table(
    "audit",
    main,
    Column("seq", _Serial, primary_key=True, autoincrement=False),
    Column("day", String(10), nullable=False),
    Column("event", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", LargeBinary(32), nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
)

participant_key = _of_people(
    "participant_key",
    keyring,
    Column("pseudonym", LargeBinary(32), primary_key=True),
    Column("key", LargeBinary(32), nullable=False),
)

#: `study`: whose keyring this is.
keyring_meta = _of_people(
    "meta",
    keyring,
    Column("name", String(32), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

#: People whose key is deleted and whose rows may still be there, because the machine stopped in between.
erasing = _of_people(
    "erasing",
    keyring,
    Column("pseudonym", LargeBinary(32), primary_key=True),
)
