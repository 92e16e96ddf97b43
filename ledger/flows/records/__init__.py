"""Records as they are made, signed, admitted to the log and read."""
