"""What `cosell provision` makes of a Dataverse environment: planned as values first, carried out afterwards."""
