"""The administrator's tool `cosell`: it works from the same settings as the functions."""
