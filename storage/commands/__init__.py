"""The commands of storage, one module for each group."""
