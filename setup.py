"""What TOML cannot say: the folder `hooks/` is the package `patina_sessions.hooks`, beside all that are found."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["patina_sessions", "patina_sessions.*"]), "patina_sessions.hooks"],
    package_dir={"patina_sessions.hooks": "hooks"},
)
