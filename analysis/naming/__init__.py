"""Names of people, places, wards, organisations and addresses in a text, by rules and word lists.

A name is looked for where something points to one: a title ("Dr", "nurse"), a role ("my cpn"), a relation ("my
sister"), a capital inside a sentence, a word that no list of ordinary words knows beside a word that goes with names.
Chat is often in small letters, so capitals help but are not needed where the pointer is strong.
"""

from analysis.naming.rules import find_names

__all__ = ["find_names"]
