"""What an operator needs to see and to trust: a start that checks everything, health, figures, and a log."""
