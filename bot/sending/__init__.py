"""Everything that leaves for Telegram: in order for each person, within Telegram's limits, for as long as it takes."""
