"""The tour: both scenarios of the connector's documentation and more, on this machine, told line by line."""
