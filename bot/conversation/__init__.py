"""One exchange with a person after the other: load, advance, write, and what is scheduled for later."""
