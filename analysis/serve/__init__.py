"""The researcher's local web pages: what the service would see, and what the researcher would see.

Promises: reachable from this machine only (loopback, and only under a loopback name, so that no website can reach it by
a name of its own); nothing is cached or logged; every page is made anew from the databases when it is asked for. The
researcher's pages lie under a random token in the address, because every user of the machine can reach loopback. Only
the pages of the desk (review, coding, settling) write anything, into the desk's book; they take forms from themselves
and from no other site, and their one script answers keys and asks for nothing. No other page has a script. Looking
at answers (`browse`) is in the book as well. What is published can be shown alone, without a key (`published`).
"""

from analysis.serve.app import Served, ServeError, start_published, start_serve

__all__ = ["ServeError", "Served", "start_published", "start_serve"]
