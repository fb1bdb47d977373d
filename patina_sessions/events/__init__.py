"""The event log of a worktree (append-only, the one truth) and the ring that wakes the recorder."""
