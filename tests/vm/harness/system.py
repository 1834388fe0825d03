"""Small systems with generations, as directories: the shape that Guix gives them, and cordwainer's
own."""

import hashlib
import json
import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path

ROOT_UUID = "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3"
_ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz"  # of the hashes in a store


@dataclass
class GuixGeneration:
    """What one generation's `parameters` file says, beside its number."""
    number: int
    kernel: bytes
    initrd: bytes
    label: str = "GNU with Linux"
    arguments: list = field(default_factory=list)
    root: str = ROOT_UUID           # the root device: a UUID, or text that is not one
    store: str | None = ROOT_UUID   # the store's device: a UUID, or None
    prefix: str | None = None       # the store's directory prefix (btrfs subvolume)
    crypto: list = field(default_factory=list)   # UUIDs of LUKS containers
    kernel_name: str = "bzImage"
    multiboot_modules: list = field(default_factory=list)  # [[path, argument, ...], ...]


def store_path(root, name, content):
    """The store item of that name for that content; made as a directory where it is not there."""
    digest = hashlib.sha256(name.encode() + b":" + content).digest()
    item = "".join(_ALPHABET[byte % 32] for byte in digest) + "-" + name
    path = Path(root) / "gnu/store" / item
    path.mkdir(parents=True, exist_ok=True)
    return "/gnu/store/" + item


def scheme_string(text):
    """`text` as Guile's `write` prints it."""
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(plain, written)
    return f'"{text}"'


def _scheme_uuid(text):
    octets = " ".join(str(byte) for byte in uuid.UUID(text).bytes)
    return f"(uuid dce #vu8({octets}))"


def _device(text):
    if text is None:
        return "#f"
    try:
        return _scheme_uuid(text)
    except ValueError:
        return scheme_string(text)


def parameters(generation, kernel, initrd):
    """The text of a `parameters` file, version 1."""
    arguments = " ".join(scheme_string(argument) for argument in generation.arguments)
    prefix = "#f" if generation.prefix is None else scheme_string(generation.prefix)
    crypto = " ".join(_scheme_uuid(container) for container in generation.crypto)
    modules = ""
    if generation.multiboot_modules:
        lists = ("(" + " ".join(scheme_string(word) for word in module) + ")"
                 for module in generation.multiboot_modules)
        modules = f"(multiboot-modules ({' '.join(lists)})) "
    initrd = "" if initrd is None else f"(initrd {scheme_string(initrd)}) "
    return (f"(boot-parameters (version 1) (label {scheme_string(generation.label)}) "
            f"(root-device {_device(generation.root)}) (kernel {scheme_string(kernel)}) "
            f"(kernel-arguments ({arguments})) {initrd}{modules}"
            f'(bootloader-name grub) (bootloader-menu-entries ()) (locale "en_US.utf8") '
            f'(store (device {_device(generation.store)}) (mount-point "/") '
            f"(directory-prefix {prefix}) (crypto-devices ({crypto}))))\n")


def add_guix_generations(root, generations, current=None):
    """Puts generations into the tree `root`; the profile names `current`, or the last one."""
    root = Path(root)
    profiles = root / "var/guix/profiles"
    profiles.mkdir(parents=True, exist_ok=True)
    for generation in generations:
        kernel = store_path(root, "linux-6.1.0", generation.kernel) + "/" + generation.kernel_name
        (root / kernel.lstrip("/")).write_bytes(generation.kernel)
        initrd = None
        if generation.initrd is not None:
            initrd = store_path(root, "raw-initrd", generation.initrd) + "/initrd.cpio.gz"
            (root / initrd.lstrip("/")).write_bytes(generation.initrd)
        text = parameters(generation, kernel, initrd).encode()
        system = store_path(root, "system", text + b"%d" % generation.number)
        (root / system.lstrip("/") / "parameters").write_bytes(text)
        _relink(profiles / f"system-{generation.number}-link", system)
    if current is None:
        current = generations[-1].number
    _relink(profiles / "system", f"/var/guix/profiles/system-{current}-link")


def _relink(path, target):
    path.unlink(missing_ok=True)
    os.symlink(target, path)


def add_config(root, text):
    """Writes cordwainer's configuration into the tree `root`."""
    path = Path(root) / "etc/cordwainer/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def toml_string(text):
    """`text` as a TOML basic string."""
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")
