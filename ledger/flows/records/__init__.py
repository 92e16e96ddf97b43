"""Records: how they are made, signed, admitted to the log and read."""
