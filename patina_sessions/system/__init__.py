"""The only way outside: one door for each foreign package, for the disk, for processes and for the clock."""
