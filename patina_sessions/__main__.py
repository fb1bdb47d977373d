"""`python -m patina_sessions` is the command `patina`, also where no script of that name is on PATH."""

from __future__ import annotations

from patina_sessions.cli import main

if __name__ == "__main__":
    main()
