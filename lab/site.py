"""The site on which the company stands: container engine, registry and SSH hosts, as stand-in or real."""

import asyncio
from typing import Protocol

from lab.docker_engine import DockerEngine
from lab.docker_registry import DockerRegistry
from lab.home import DOCKER, Home
from lab.image_builder import Shelf, Storage
from lab.open_ssh import OpenSshHosts
from lab.registry import build_registry
from lab.ssh_hosts import SshHosts
from lab.stand_in import ContainerEngine, StandIn
from lab.web import WebServers

REGISTRY_USER = "ci"


class Site(Protocol):
    """What either site has."""

    engine: ContainerEngine
    storage: Storage
    hosts: SshHosts

    async def start(self, web: WebServers) -> None:
        """Let images be stored and hosts be reached."""

    async def stop(self) -> None:
        """Leave nothing running."""


class StandInSite:
    """Everything within this process, for any user of any machine."""

    def __init__(self, home: Home) -> None:
        self._password, self._image = home.secret("REGISTRY_PASSWORD"), home.product.image
        self._shelf = Shelf(home.registry)
        self.storage: Storage = self._shelf
        self._stand_in = StandIn(home)
        self.engine: ContainerEngine = self._stand_in
        self.hosts = SshHosts(home)

    async def start(self, web: WebServers) -> None:
        """Serve the registry and open the hosts."""
        registry = build_registry(self._shelf, REGISTRY_USER, self._password, repository=self._image)
        await web.serve("registry", registry)
        await asyncio.gather(asyncio.to_thread(self._stand_in.start), self.hosts.start())

    async def stop(self) -> None:
        """Close the hosts; the registry ends with the other services."""
        for name in self.hosts.all():
            await self.hosts.close(name)
        await asyncio.to_thread(self._stand_in.stop)


class DockerSite:
    """The Docker engine, `docker-registry` and OpenSSH, for root."""

    def __init__(self, home: Home) -> None:
        self._docker = DockerEngine(home)
        self._registry = DockerRegistry(home)
        self.storage: Storage = self._registry
        self.engine: ContainerEngine = self._docker
        self.hosts: SshHosts = OpenSshHosts(home, self._docker)

    async def start(self, web: WebServers) -> None:
        """Start daemon and registry and open the hosts."""
        del web
        await asyncio.gather(
            asyncio.to_thread(self._docker.start), asyncio.to_thread(self._registry.start), self.hosts.start()
        )

    async def stop(self) -> None:
        """Close the hosts, then end registry and daemon with every container."""
        for name in self.hosts.all():
            await self.hosts.close(name)
        await asyncio.gather(asyncio.to_thread(self._registry.stop), asyncio.to_thread(self._docker.stop))


def site_of(home: Home) -> Site:
    """Return the site that the lab in this folder was started with."""
    return DockerSite(home) if home.engine == DOCKER else StandInSite(home)
