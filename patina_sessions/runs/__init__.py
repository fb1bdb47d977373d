"""Docker runs: the project's own commands in a container become events."""
