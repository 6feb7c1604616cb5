"""What is told of a running worker: how many calls a signal cost, and metrics; nothing of it where nobody exports."""
