"""Beside the chat, the demo shows the rows of the database: all about one person, nothing that could be read."""

from bot.demo.rows import DatabaseView
from tests.test_bot.conftest import House, to_first_question

WORDS = "the tall nurse with the green scarf"


async def test_the_rows_about_a_person_hold_nothing_to_read(house: House) -> None:
    async with house.bot() as parts:
        person = house.messenger.person(1)
        view = DatabaseView(parts.store, house.stage.folder / "hearten.db")
        assert await view(person.id) == []
        await to_first_question(person)
        await person.send(WORDS)
        await person.next_message()
        rows = await view(person.id)
        assert {"part", "consent", "conversation", "asked", "participant", "trace"} <= {row.table for row in rows}
        shown = str(rows)
        assert WORDS not in shown
        assert str(person.id) not in shown
        (part,) = [row for row in rows if row.table == "part" and row.columns["kind"] == "answer"]
        assert part.columns["envelope"].endswith("bytes)")
        assert await view(house.messenger.person(2).id) == []
