"""What comes back from the researcher's machine, on its way to people: tidings of a service, and copies of answers.

The promises: whom to tell is decided and noted in one transaction, together with the bundle's id, so that a bundle that
is brought twice, or a machine that stops in the middle, tells nobody twice; only those are told who agreed to it and
take part; a copy lies here under the person's own key beneath the bot key, and goes with them, or once it was sent, or
when its days are over.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, BindParameter, String, and_, bindparam, delete, exists, select, update

from storage.bundles import TidingsText
from storage.database import Database, insert
from storage.errors import SealError
from storage.keyring import Keyring
from storage.keys import BotKey, BundleKey, Recipient
from storage.records import HEAR_BACK, TAKE_PART, CopyRequest
from storage.retention import Rules
from storage.schema import consent, contact, copy_request, participant, reminder, seen_bundle, tidings
from storage.seal.bundle import Enclosed, open_files
from storage.talk import Talk, bound, milliseconds

#: The names of reminders that are made here. That of tidings goes on with the id of their bundle.
COPY, TIDINGS = "copy", "tidings-"

_ID_BYTES = 16

_PERSON: BindParameter[bytes] = bindparam("person")

_SEE = insert(seen_bundle).on_conflict_do_nothing()

_REACH = insert(contact)
_REACH = _REACH.on_conflict_do_update(index_elements=["pseudonym"], set_={"payload": _REACH.excluded.payload})
_LOSE = delete(contact).where(contact.c.pseudonym == _PERSON)

_KEEP_TIDINGS = insert(tidings)
_TIDINGS = select(tidings.c.payload).where(tidings.c.id == bindparam("bundle"))


def _agreed(item: str) -> Any:
    """To this item, in a session with this service."""
    where = (consent.c.pseudonym == participant.c.pseudonym, consent.c.session == participant.c.session)
    return exists().where(*where, consent.c.item == item, consent.c.given)


_WITH_SERVICE = and_(participant.c.pseudonym == contact.c.pseudonym, participant.c.service == bindparam("service"))
#: Held until they are written, so that nobody is erased in between and scheduled all the same.
_WHOM = (
    select(contact.c.pseudonym, bindparam("name", type_=String), bindparam("due", type_=BigInteger), contact.c.payload)
    .where(exists().where(_WITH_SERVICE, _agreed(TAKE_PART), _agreed(HEAR_BACK)))
    .with_for_update(read=True)
)
_SCHEDULE = insert(reminder).from_select(["pseudonym", "name", "due", "payload"], _WHOM)

_ASK = insert(copy_request)
_ASK = _ASK.on_conflict_do_update(index_elements=["pseudonym"], set_={"payload": _ASK.excluded.payload})
_MINE = copy_request.c.pseudonym == _PERSON
_REQUEST = select(copy_request).where(_MINE)
_FILL = (
    update(copy_request)
    .where(_MINE)
    .values(
        state="here", day=bindparam("on"), bundle=bindparam("id"), files=bindparam("many"), sealed=bindparam("closed")
    )
)
_SEND = update(copy_request).where(_MINE).values(state="sending")
_DROP = delete(copy_request).where(_MINE)
_REQUESTS = select(copy_request.c.pseudonym, copy_request.c.state, copy_request.c.day).order_by(
    copy_request.c.day, copy_request.c.pseudonym
)
_FORGET_COPIES = delete(copy_request).where(copy_request.c.state == "here", copy_request.c.day < bindparam("before"))
_FORGET_TIDINGS = delete(tidings).where(tidings.c.day < bindparam("before"))


class Parcels(Talk):
    """The half of a unit of work that is about what comes back."""

    async def see_bundle(self, bundle: bytes, today: date) -> bool:
        """Note that this bundle came; False where it came before."""
        row = {"id": bundle, "day": today.isoformat()}
        return (await self._connection.execute(_SEE, row)).rowcount > 0

    async def reach(self, pseudonym: bytes, payload: bytes | None) -> None:
        """Where to tell this person what became of it (what a reminder of theirs would carry), or nowhere any more."""
        await self._hold(pseudonym)
        if payload is None:
            self._connection.later(_LOSE, {"person": pseudonym})
        else:
            sealed = self._bot_key.seal(payload, bound(b"reminder", self._study, pseudonym))
            self._connection.later(_REACH, {"pseudonym": pseudonym, "payload": sealed})

    async def tell(self, bundle: bytes, service: str, text: TidingsText, now: datetime) -> int:
        """Keep what a service answered, and schedule it for everybody who agreed to hear it, takes part with this
        service, and can be reached. Returns how many they are. One statement for all: it opens nothing."""
        payload = self._bot_key.seal(text.model_dump_json().encode(), bound(b"tidings", self._study, bundle))
        row = {"id": bundle, "service": service, "day": now.date().isoformat(), "payload": payload}
        await self._connection.execute(_KEEP_TIDINGS, row)
        whom = {"service": service, "name": TIDINGS + bundle.hex(), "due": milliseconds(now)}
        return (await self._connection.execute(_SCHEDULE, whom)).rowcount

    async def tidings(self, bundle: bytes) -> TidingsText | None:
        """What a service answered, where it is still here. Raises SealError."""
        sealed = (await self._connection.execute(_TIDINGS, {"bundle": bundle})).scalar_one_or_none()
        if sealed is None:
            return None
        opened = self._bot_key.open(sealed, bound(b"tidings", self._study, bundle))
        return TidingsText.model_validate_json(opened)

    async def ask_copy(self, pseudonym: bytes, payload: bytes, today: date) -> None:
        """Note that this person would like a copy of their answers, and where to reach them. Asking twice is one
        request, and its day the first."""
        await self._hold(pseudonym)
        sealed = self._bot_key.seal(payload, bound(b"reminder", self._study, pseudonym))
        row = {"pseudonym": pseudonym, "state": "asked", "day": today.isoformat(), "payload": sealed}
        self._connection.later(_ASK, row)

    async def put_copy(self, pseudonym: bytes, bundle: bytes, files: int, closed: bytes, now: datetime) -> bool:
        """Keep the copy that was made for this person, and schedule that they are asked whether it is a good time.
        False where they did not ask, or are gone."""
        await self._hold(pseudonym)
        request = (await self._connection.execute(_REQUEST, {"person": pseudonym})).one_or_none()
        if request is None:
            return False
        sealed = self._bot_key.seal(bundle + closed, bound(b"copy", self._study, pseudonym))
        on = now.date().isoformat()
        filled = {"person": pseudonym, "on": on, "id": bundle, "many": files, "closed": sealed}
        await self._connection.execute(_FILL, filled)
        due = {"pseudonym": pseudonym, "name": COPY, "due": milliseconds(now), "payload": request.payload}
        await self._connection.execute(insert(reminder).on_conflict_do_nothing(), due)
        return True

    async def copy_waiting(self, pseudonym: bytes) -> tuple[int, date] | None:
        """How many files the copy has that waits for this person, and since when; None where none does."""
        request = (await self._connection.execute(_REQUEST, {"person": pseudonym})).one_or_none()
        if request is None or request.state != "here":
            return None
        return request.files, date.fromisoformat(request.day)

    async def send_copy(self, pseudonym: bytes) -> None:
        """The copy is on its way: it does not wait any more, and stays until it arrived (`ParcelStore.forget_copy`)."""
        await self._hold(pseudonym)
        self._connection.later(_SEND, {"person": pseudonym})

    async def drop_copy(self, pseudonym: bytes) -> None:
        """They do not want it: it goes, and so does that they asked."""
        await self._hold(pseudonym)
        self._connection.later(_DROP, {"person": pseudonym})


class ParcelStore:
    """The half of the store that is about what comes back. Every method is a transaction of its own."""

    _main: Database
    _keyring: Keyring
    _bot_key: BotKey
    _recipients: tuple[Recipient, ...]
    _study: bytes
    _remains: bool

    @property
    def bundle_key(self) -> BundleKey:
        """What opens the bundles that are sealed to this bot in this study."""
        return self._bot_key.bundle_key(self._study)

    @property
    def signers(self) -> tuple[Recipient, ...]:
        """The research keys whose signatures count here: the recipients that are open."""
        return self._recipients

    async def copy_file(self, pseudonym: bytes, number: int) -> Enclosed | None:
        """One file of the copy that is on its way to this person, from 1. None where it is gone, with them perhaps, or
        does not open."""
        row = (await self._main.look(_REQUEST, {"person": pseudonym})).one_or_none()
        if row is None or row.sealed is None:
            return None
        try:
            opened = self._bot_key.open(row.sealed, bound(b"copy", self._study, pseudonym))
            bundle, closed = opened[:_ID_BYTES], opened[_ID_BYTES:]
            files = open_files(closed, await self._keyring.key_of(pseudonym), self._study, pseudonym, bundle)
        except SealError:
            return None
        return files[number - 1] if 0 < number <= len(files) else None

    async def forget_copy(self, pseudonym: bytes) -> None:
        """It arrived: nothing of it stays here."""
        async with self._main.join() as connection:
            await connection.execute(_DROP, {"person": pseudonym})
        self._remains = True

    async def forget_past_parcels(self, rules: Rules, today: date) -> None:
        """Copies that nobody fetched, and tidings that are old."""
        for statement, days in ((_FORGET_COPIES, rules.copy_days), (_FORGET_TIDINGS, rules.tidings_days)):
            async with self._main.join() as connection:
                before = (today - timedelta(days=days)).isoformat()
                gone = await connection.execute(statement, {"before": before})
                self._remains = self._remains or gone.rowcount > 0


async def list_requests(main: Database) -> Sequence[CopyRequest]:
    """Who asked for a copy and has not got it, the longest wait first."""
    async with main.begin(write=False) as connection:
        rows = (await connection.execute(_REQUESTS)).all()
    return [CopyRequest(row.pseudonym.hex(), date.fromisoformat(row.day), row.state != "asked") for row in rows]
