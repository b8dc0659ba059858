"""No pickle is read in a process that has the engine: a pickle is a program, and whoever made it
says what it does.

Everything that is loaded here is data: safetensors, JSON, arrays. Libraries would read pickles all
the same, where a file's name or an index leads them to it (`pytorch_model.bin`, `adapters`' heads,
a cache). So `forbid` closes the ways, for good and for the whole process: what a pickle names
(`find_class`) is refused by an audit hook, whoever reads it: numpy, joblib, pandas, shelve and dill
included. `torch.load`, whose "weights only" reader is Python code of its own, raises an error in
place of reading, as do its relatives, and what runs code that lies beside a pickle: packages and
repositories of torch. Only a reader that looks names up by itself would not be heard: no library
here has one.
"""

import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

from tui_al.errors import ModelError

#: Python's own way between processes that it has started itself: it pickles what it sends.
_BETWEEN_PROCESSES = ("multiprocessing.", "concurrent.futures.")

_HINT = (
    "Pickles can run code when they are read, so none is, whatever its name. Give the model "
    "as safetensors: save_pretrained writes them."
)


def forbid() -> None:
    """Close the ways, once; also for a torch that is imported later."""
    global _forbidden
    if _forbidden:
        return
    _forbidden = True
    sys.addaudithook(_audit)
    if "torch" in sys.modules:
        _close(sys.modules["torch"])
    else:
        sys.meta_path.insert(0, _WhenTorchComes())


_forbidden = False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "pickle.find_class":
        return
    reader = str(sys._getframe(1).f_globals.get("__name__", ""))
    if not f"{reader}.".startswith(_BETWEEN_PROCESSES):
        raise ModelError(
            f"A pickle is not read: it asks for {'.'.join(map(str, arguments))}.", _HINT
        )


def _close(torch: Any) -> None:
    """Take torch's readers of pickles away."""
    torch.load = torch.serialization.load = _refuse
    torch.jit.load = torch.jit._serialization.load = _refuse
    torch.hub.load_state_dict_from_url = _refuse
    torch.hub.load = _refuse_code
    torch.package.PackageImporter.__init__ = _refuse_package


def _refuse(f: object = None, *_: object, **__: object) -> NoReturn:
    """Stands where `torch.load` was."""
    named = getattr(f, "name", f)
    raise ModelError(f"model: {named} is not read: it may be a pickle.", _HINT)


def _refuse_code(repository: object = None, *_: object, **__: object) -> NoReturn:
    """Stands where `torch.hub.load` was, which runs a repository's hubconf.py."""
    raise ModelError(f"model: {repository} is not read: it would run code of its own.", _HINT)


def _refuse_package(_self: object, file: object = None, *_: object, **__: object) -> NoReturn:
    """Makes no importer of torch's packages, which hold modules of Python and pickles with a reader
    of their own."""
    raise ModelError(f"model: {file} is not read: it would run code of its own.", _HINT)


class _WhenTorchComes(MetaPathFinder):
    """Finds torch as everybody else does, and closes its ways as soon as it is there."""

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        if fullname != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("torch")
        if spec is not None and spec.loader is not None:
            spec.loader = _Closing(spec.loader)
        return spec


class _Closing(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        if spec is not None:
            spec.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        _close(module)
