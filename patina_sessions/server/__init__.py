"""`patina mcp`: the record for an agent that asks over the Model Context Protocol, on standard input and output.

Each tool is a command line of Patina's, run as a process of its own: what an agent gets is what a person gets, with the
same errors and hints, and a server that lives for days holds neither git nor an index.
"""
