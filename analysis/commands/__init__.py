"""The commands of the analysis, one module for each group."""
