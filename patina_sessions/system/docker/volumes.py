"""Volumes and networks of an engine: made with labels, found by them, removed one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from patina_sessions.system.docker.line import Line


class Volumes(Line):
    """The volumes of an engine."""

    def make_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Make an empty volume; one of that name that is there already is taken as it is."""
        with self._told("make a volume"):
            self._ask("POST", "/volumes/create", body={"Name": name, "Labels": dict(labels)})

    def volumes(self, labels: Iterable[str]) -> list[dict[str, Any]]:
        """Return the volumes that carry all these labels."""
        with self._told("list volumes"):
            return list(self._ask("GET", "/volumes", _labelled(labels)).get("Volumes") or ())

    def remove_volume(self, name: str) -> None:
        """Remove a volume and all that is in it, if it is there."""
        with self._told(f"remove the volume {name}"):
            self._unless((404,), "DELETE", f"/volumes/{quote(name)}", {"force": "1"})


def _labelled(labels: Iterable[str]) -> dict[str, str]:
    return {"filters": json.dumps({"label": list(labels)})}


class Networks(Line):
    """The networks of an engine."""

    def make_network(
        self,
        name: str,
        labels: Mapping[str, str],
        *,
        internal: bool,
        options: Mapping[str, str] | None = None,
    ) -> str:
        """Make a bridge network and return its id. An internal one leads nowhere but to who is in it."""
        with self._told("make a network"):
            made = self.api.create_network(
                name, driver="bridge", internal=internal, labels=dict(labels), options=dict(options or {})
            )
            return str(made["Id"])

    def networks(self, labels: Iterable[str]) -> list[dict[str, Any]]:
        """Return the networks that carry all these labels."""
        with self._told("list networks"):
            return list(self._ask("GET", "/networks", _labelled(labels)) or ())

    def named_networks(self, name: str) -> list[dict[str, Any]]:
        """Return the networks of this name, whoever made them."""
        with self._told("list networks"):
            found = list(self._ask("GET", "/networks", {"filters": json.dumps({"name": [name]})}) or ())
        return [one for one in found if one.get("Name") == name]

    def join(self, network: str, container: str, *, aliases: Iterable[str] = ()) -> None:
        """Put a container into a network, known there by these names."""
        with self._told("join the network"):
            self.api.connect_container_to_network(container, network, aliases=list(aliases) or None)

    def remove_network(self, name: str) -> None:
        """Remove a network, if it is there."""
        with self._told(f"remove the network {name}"):
            self._unless((404,), "DELETE", f"/networks/{quote(name)}")
