"""Libraries that few programs import, fetched when one does."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any


class BundleFinder:
    """The last to be asked for a module: fetches the archive that holds it, and looks there."""

    def __init__(
        self, bundles: dict[str, str], extensions: dict[str, str], fetch: Callable[[str], str]
    ) -> None:
        """Take the bundle of each module, the files of compiled ones, and what brings a bundle.

        ``fetch(bundle)`` returns the path of the archive.
        """
        self.bundles, self.extensions, self.fetch = bundles, extensions, fetch
        self.archives = dict[str, str]()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return where a module is, once its bundle is there."""
        if name in self.extensions:
            return importlib.util.spec_from_file_location(name, self.extensions[name])
        bundle = self.bundles.get(name)
        if bundle is None:
            return None
        if bundle not in self.archives:
            self.archives[bundle] = self.fetch(bundle)
            sys.path.append(self.archives[bundle])  # for data and versions
            importlib.invalidate_caches()
        parent = name.rpartition(".")[0].replace(".", "/")
        return PathFinder.find_spec(name, [f"{self.archives[bundle]}/{parent}".rstrip("/")])
