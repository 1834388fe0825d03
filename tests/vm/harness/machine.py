"""A QEMU machine with a scripted serial console.

Every machine is bounded by a time limit, belongs to one process (which is killed with it), boots a
copy of its firmware's variables and, unless that is wanted, never changes its disk. What the guest
printed is compared with markers of success and of failure, so that a refusal costs no time limit.
"""

import ctypes
import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

BIOS = "bios"
UEFI = "uefi"
UEFI32 = "uefi32"
ARM64_UEFI = "arm64-uefi"

# Lines that mean that nothing good will follow. A test that expects one of them passes its own list.
FAILURES = (
    r"error: ",
    r"grub rescue>",
    r"(?m)^.?grub>",
    r"Kernel panic",
    r"Access Denied",
    r"out of memory",
    r"No bootable device",
    r"BdsDxe: No bootable option",
    r"UEFI Interactive Shell",
)

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?=]*[A-Za-z]|[()][A-Za-z0-9]|[=>cM78])|\r")
_OVMF = (
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
)
_OVMF32 = ("/usr/share/OVMF/OVMF32_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF32_VARS_4M.fd")
_AAVMF = ("/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd")


class BootFailure(AssertionError):
    """The guest did not do what was expected; holds what it printed."""


def die_with_parent():
    # A test that is killed takes its machine along (prctl PR_SET_PDEATHSIG = 1).
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def plain(text):
    """`text` without terminal escape sequences."""
    return _ESCAPES.sub("", text)


class Machine:
    """Context manager: the machine is started on entry and gone on exit.

    `disk` is an image file, or None to boot `kernel` (an EFI program under UEFI, else a Linux
    kernel). `limit` is in seconds for the whole life of the machine. With `graphics`, BIOS and what
    uses it draw on a screen that nobody sees, instead of on the serial console. With `writable` the
    guest changes the disk itself. `variables`: a file in which the firmware keeps its variables from
    one machine to the next, made where it is missing; then its own list alone decides what boots.
    """

    def __init__(self, disk=None, firmware=BIOS, *, limit=60, memory=512, kernel=None, initrd=None,
                 append=None, disk_format="raw", graphics=False, writable=False, variables=None,
                 extra=()):
        self.disk = disk
        self.firmware = firmware
        self.limit = limit
        self.memory = memory
        self.kernel = kernel
        self.initrd = initrd
        self.append = append
        self.disk_format = disk_format
        self.graphics = graphics
        self.writable = writable
        self.variables = variables
        self.extra = list(extra)
        self.text = ""       # all that the guest printed, without escape sequences
        self._raw = ""
        self._seen = 0       # how far `expect` has read in `text`
        self._process = None

    def __enter__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="machine-"))
        try:
            command = self._command()
            self._errors = open(self._folder / "errors", "w+b")
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
                start_new_session=True, preexec_fn=die_with_parent)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        os.set_blocking(self._process.stdout.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._end = time.monotonic() + self.limit
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._selector.close()
        self._process.stdin.close()
        self._process.stdout.close()
        self._errors.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self):
        if self.firmware == ARM64_UEFI:
            command = ["qemu-system-aarch64", "-M", "virt,acpi=off", "-cpu", "cortex-a57"]
        else:
            # Without graphics SeaBIOS puts its console, and so GRUB's, on the serial port.
            graphics = ",graphics=off" if self.firmware == BIOS and not self.graphics else ""
            machine = "pc" if self.firmware == BIOS else "q35"
            # Debian's 32-bit firmware is built with system management mode.
            smm = ",smm=on" if self.firmware == UEFI32 else ""
            command = ["qemu-system-x86_64", "-M", machine + graphics + smm]
            if smm:
                command += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
        command += ["-accel", "tcg", "-m", str(self.memory), "-display", "none", "-monitor", "none",
                    "-serial", "stdio", "-nic", "none", "-no-reboot", "-no-user-config"]
        if self.firmware != BIOS:
            code, variables = self._firmware_files()
            own = self.variables or self._folder / "variables"
            if not os.path.exists(own):
                shutil.copyfile(variables, own)
            command += ["-drive", f"if=pflash,unit=0,readonly=on,format=raw,file={code}",
                        "-drive", f"if=pflash,unit=1,format=raw,file={own}"]
        if self.firmware == ARM64_UEFI:
            # Else the firmware waits five seconds for a key.
            command += ["-boot", "menu=on,splash-time=1"]
        if self.disk is not None:
            boot = ",bootindex=0" if self.kernel is None and not self.variables else ""
            snapshot = "off" if self.writable else "on"
            command += ["-drive", f"if=none,id=disk,format={self.disk_format},snapshot={snapshot},"
                                  f"file={self.disk}",
                        "-device", f"virtio-blk-pci,drive=disk{boot}"]
        for option, value in (("-kernel", self.kernel), ("-initrd", self.initrd),
                              ("-append", self.append)):
            if value is not None:
                command += [option, str(value)]
        return command + self.extra

    def _firmware_files(self):
        pairs = {ARM64_UEFI: (_AAVMF,), UEFI32: (_OVMF32,), UEFI: _OVMF}[self.firmware]
        for code, variables in pairs:
            if os.path.exists(code) and os.path.exists(variables):
                return code, variables
        raise FileNotFoundError(f"no firmware for {self.firmware}: {pairs}")

    def _read(self, until):
        """Reads what there is, or waits for some until the time `until`. False at the end."""
        if not self._selector.select(max(0.0, until - time.monotonic())):
            return True
        data = os.read(self._process.stdout.fileno(), 65536)
        if not data:
            return False
        self._raw += data.decode("utf-8", "replace")
        # An escape sequence may arrive in pieces: the text is made anew from all of it.
        self.text = plain(self._raw)
        return True

    def read_on(self, seconds):
        """Reads whatever comes for some seconds more."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._read(end):
            pass

    def _failure(self, why):
        self._errors.seek(0)
        errors = self._errors.read().decode("utf-8", "replace")
        return BootFailure(f"{why}\n--- the guest printed:\n{self.text}\n--- qemu: {errors}")

    def expect(self, pattern, failures=FAILURES):
        """Waits until the guest has printed `pattern` after what was expected before: the match."""
        expression = re.compile(pattern)
        running = True
        while True:
            match = expression.search(self.text, self._seen)
            stop = match.start() if match else len(self.text)
            for failure in failures:
                found = re.compile(failure).search(self.text, self._seen, stop)
                if found:
                    self.read_on(0.5)  # the rest of the message
                    raise self._failure(f"'{found.group(0)}' instead of '{pattern}'")
            if match:
                self._seen = match.end()
                return match
            if not running:
                raise self._failure(f"the machine stopped before '{pattern}'")
            if time.monotonic() > self._end:
                raise self._failure(f"no '{pattern}' within {self.limit} s")
            running = self._read(self._end)

    def expect_power_off(self):
        """Waits until the guest has switched itself off; all that it printed."""
        while self._read(self._end):
            if time.monotonic() > self._end:
                raise self._failure(f"still running after {self.limit} s")
        if self._process.wait(10) != 0:
            raise self._failure(f"qemu failed with status {self._process.returncode}")
        return self.text

    def send(self, text):
        """Types `text` on the serial console."""
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def choose(self, *positions, settle=0.3):
        """Goes through GRUB's menus, each time to the entry at a position counted from 0.

        The menu must be on the screen. Moving stops the countdown.
        """
        for position in positions:
            time.sleep(settle)
            for _ in range(position):
                self.send("\x1b[B")
                time.sleep(0.1)
            self.send("\r")
