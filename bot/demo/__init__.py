"""The demo: the real bot beside a local messenger, with keys, a database and invented people, all on this computer.

Nothing is sent anywhere. What people say in the demo is sealed exactly as it would be with Telegram; the research key
of the demo lies beside it under `var/demo`, so that its two other pages can be shown. A real study keeps them apart.
"""
