"""The installation as Azure knows it: where it is, its app settings, and the running app itself."""
