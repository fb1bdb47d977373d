"""`patina report`: the memory as one page to look at. Facts in, HTML out; the command writes what comes out."""
