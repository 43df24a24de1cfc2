"""The researcher's local web pages: what the service would see, and what the researcher would see.

Promises: reachable from this machine only (loopback, and only under a loopback name, so that no website can reach it by
a name of its own); nothing is written, cached or logged; every page is made anew from the databases when it is asked
for; no script runs in any page. The researcher's pages lie under a random token in the address, because every user of
the machine can reach loopback.
"""

from analysis.serve.app import Served, ServeError, start_serve

__all__ = ["ServeError", "Served", "start_serve"]
