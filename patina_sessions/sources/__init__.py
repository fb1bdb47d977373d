"""What happened becomes facts, and nothing else: a source reads from a position and gives back facts and the next one.

No source writes anything: the recorder logs the facts and the positions in one write, so that a kill between reading
and logging loses nothing and doubles nothing.
"""
