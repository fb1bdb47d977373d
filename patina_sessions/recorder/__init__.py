"""The recorder: facts from the sources into the event log, entries from the log into the journal."""
