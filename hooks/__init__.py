"""The scripts that Patina installs among git's hooks and agents' hooks: data, in `sh`, importing nothing.

The folder stands beside the package so that it can be read in one look; setuptools maps it to `patina_sessions.hooks`,
and an editable install finds it only because of this file.
"""
