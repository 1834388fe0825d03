"""Layouts for `cordwainer image`, as TOML text."""

from .system import ROOT_UUID, toml_string

BIOS_BOOT = '[[partition]]\ntype = "bios-boot"\nsize = "1MiB"\n'
ESP = ('[[partition]]\ntype = "esp"\nsize = "48MiB"\nfile-system = "vfat"\n'
       'mount = "/boot/efi"\n')


def image(table="gpt", **keys):
    """The [image] table."""
    lines = [f"table = {toml_string(table)}"]
    lines += [f"{key.replace('_', '-')} = {toml_string(value)}" for key, value in keys.items()]
    return "[image]\n" + "\n".join(lines) + "\n"


def root(tree, file_system="ext4", uuid=ROOT_UUID, size="content + 24MiB", more=""):
    """The [system] table for a tree, and the partition that holds its root."""
    return (f"[system]\nroot = {toml_string(tree)}\nowner = \"root\"\n"
            f'[[partition]]\ntype = "linux"\nsize = {toml_string(size)}\n'
            f"file-system = {toml_string(file_system)}\nfile-system-uuid = {toml_string(uuid)}\n"
            f'file-system-label = "root"\n' + (more or 'mount = "/"\n'))


def luks(version, passphrase, uuid, **keys):
    """The encryption of the partition before: few iterations, since a test types and waits."""
    lines = [f'type = "luks{version}"', f"passphrase = {toml_string(passphrase)}",
             f"uuid = {toml_string(uuid)}"]
    keys = {"pbkdf": "pbkdf2", "iterations": 1000, **keys}
    for key, value in keys.items():
        if value is not None:
            lines.append(f"{key.replace('_', '-')} = "
                         f"{value if isinstance(value, int) else toml_string(value)}")
    return "[partition.encryption]\n" + "\n".join(lines) + "\n"
