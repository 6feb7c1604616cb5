"""A tested set-up, and the links, as one file: written by `cosell export`, read by `cosell import`."""
