"""The watcher: a small process beside a session that sees which files are worked on, and rings for git and the journal.

    process   its life as others see it: started, asked, stopped; loads nothing of the rest
    __main__  its boundary; loop: what it waits for and does; clockwork: what is due when
    kernel    watchdog's inotify door; folders: which folders cost a watch, and what happened in them
    bells     git's reflog, the ring and the journal
    pending   what was seen and not yet told; batch: from paths to one fact; contents: what was in the files
    git       what only git can answer; gitwork: what git itself did
    look      `git status` as a source of its own, where events fail
    outbox    facts that wait for room on the disk, and the report; spool: on their way to the recorder

It must never load docker or click, write a journal or the event log, or hold a
file open. What it finds goes into its spool, one small file a batch, and the recorder takes it from there.
"""
