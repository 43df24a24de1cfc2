"""Everything that comes from Telegram: once, in order for each person, acknowledged only when it is on the disk."""
