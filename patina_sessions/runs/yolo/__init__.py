"""Autonomous runs: an untrusted program works on a clone in a container, and its work comes back as a branch.

`order` what is wanted, `source` what it begins from, `clone` what goes in, `checkout` its files, `sandbox` the
container, `agent` the run, `harvest` what is carried out of it, `delivery` what is checked and taken in, `report` how
it is told, `ticket` what survives a kill.
Nothing in here mounts a folder of the user's, or runs git in a folder that the program wrote.
"""
