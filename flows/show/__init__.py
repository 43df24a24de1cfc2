"""A whole guide as one page to read, print and talk about: for co-development meetings and ethics committees.

Promises: everything that the bot can say in this guide is on the page, in the order in which a person meets it; the map
of the paths is there as a drawing and as a list; the page needs nothing else, no network, no script and no font; texts
of a guide are escaped, whatever stands in them.
"""

from flows.show.page import show_guide

__all__ = ["show_guide"]
