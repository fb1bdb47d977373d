"""A flight recorder for development sessions with an AI assistant.

The rooms of the house, in the order in which an event travels. A room imports only from rooms above it, and its own
files; what stands on one line is one floor. tests/test_architecture.py reads this list, so that it cannot rot.

    errors frozen model safe redact settings paths  the words everybody speaks; untrusted text made safe; secrets out
    system    clock files git processes docker: the only way outside, one door for each foreign package
    events    the event log, and the ring that wakes the recorder
    sources   reflog rewrites pushes watcher agents: what happened becomes events, and nothing else
    runs      docker runs become events
    journal   grammar render append archive: text that two authors share
    recorder  projection drain: events and journal become entries
    readers   list show context search explain report: never a write but their own cache
    session   start note update end
    setup     init hooks agents doctor uninstall
    server    tools resources protocol: what an agent asks for over MCP, answered by our own command line
    cli       one file a noun: parse, call one function, print what it returns

Importing this module costs nothing, and must not: every command and every ring of a hook pays for it.
"""

__version__ = "0.1.0"
