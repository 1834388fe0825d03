"""The archive format of an initrd: "newc" cpio (Linux Documentation/driver-api/early-userspace/
buffer-format.rst)."""

_FOLDER, _FILE, _LINK, _DEVICE = 0o040000, 0o100000, 0o120000, 0o020000


class Archive:
    """Collects files; `bytes()` is the archive. Parent directories are added where missing."""

    def __init__(self):
        self._data = bytearray()
        self._names = set()

    def add(self, name, content, mode=0o644):
        self._parents(name)
        self._entry(name, _FILE | mode, content)

    def link(self, name, target):
        self._parents(name)
        self._entry(name, _LINK | 0o777, target.encode())

    def character_device(self, name, major, minor):
        self._parents(name)
        self._entry(name, _DEVICE | 0o600, b"", major, minor)

    def folder(self, name):
        if name not in self._names:
            self._parents(name)
            self._entry(name, _FOLDER | 0o755, b"")

    def bytes(self):
        end = Archive()
        end._entry("TRAILER!!!", 0, b"")
        return bytes(self._data + end._data)

    def _parents(self, name):
        if "/" in name:
            self.folder(name.rsplit("/", 1)[0])

    def _entry(self, name, mode, content, major=0, minor=0):
        self._names.add(name)
        fields = (len(self._names), mode, 0, 0, 1, 0, len(content), 0, 0, major, minor,
                  len(name) + 1, 0)
        self._data += b"070701" + b"".join(b"%08x" % field for field in fields)
        self._data += name.encode() + b"\0"
        self._pad()
        self._data += content
        self._pad()

    def _pad(self):
        self._data += bytes(-len(self._data) % 4)
