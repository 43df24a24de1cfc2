from bot.footprint import import_aiogram

import_aiogram()
