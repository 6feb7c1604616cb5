"""The status page: what an administrator sees of an installation, rendered on the server and only when asked for."""
