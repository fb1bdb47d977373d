"""The setup room: what Patina puts into a repository, and how all of it is taken out again."""
