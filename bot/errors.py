"""What can be wrong with the bot's surroundings, in sentences that say what to do. Never anyone's words or ids.

BotError
└── PortInUse    another program listens there already
"""


class BotError(Exception):
    pass


class PortInUse(BotError):  # noqa: N818 - a sentence names it better than a suffix would
    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is in use by another program: stop that one, or choose another port.")
