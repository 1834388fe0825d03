# A Linux kernel as a boot loader sees one: the real header of a bzImage, and a 32-bit entry that
# prints what it was given and switches the machine off:
#
#   FAKE-LINUX
#   cmdline: <the command line>
#   initrd: <size> <CRC-32>        hexadecimal; size 0 where there is none
#   FAKE-DONE
#
# Header and 32-bit protocol: Linux Documentation/arch/x86/boot.rst. There is no 16-bit entry (QEMU's
# own -kernel needs one) and no EFI stub: under UEFI, GRUB uses the 32-bit entry too.
    .code32
    .globl _start
_start:
    .org 0x1f1
    .byte 1                  # setup_sects: one after the boot sector
    .word 0                  # root_flags
    .long (end - code) / 16 + 1  # syssize
    .word 0, 0, 0            # ram_size, vid_mode, root_dev
    .word 0xaa55
    .byte 0xeb, 0x6a         # jump over the header
    .ascii "HdrS"
    .word 0x020c             # protocol 2.12
    .long 0                  # realmode_swtch
    .word 0                  # start_sys_seg
    .word version - 0x200    # kernel_version
    .byte 0                  # type_of_loader
    .byte 1                  # loadflags: loaded high
    .word 0                  # setup_move_size
    .long 0x100000           # code32_start
    .long 0, 0               # ramdisk_image, ramdisk_size
    .long 0                  # bootsect_kludge
    .word 0                  # heap_end_ptr
    .byte 0, 0               # ext_loader_ver, ext_loader_type
    .long 0                  # cmd_line_ptr
    .long 0x7fffffff         # initrd_addr_max
    .long 0x1000             # kernel_alignment
    .byte 1                  # relocatable_kernel
    .byte 12                 # min_alignment
    .word 0                  # xloadflags
    .long 2047               # cmdline_size
    .long 0                  # hardware_subarch
    .quad 0                  # hardware_subarch_data
    .long 0, 0               # payload_offset, payload_length
    .quad 0                  # setup_data
    .quad 0x100000           # pref_address
    .long 0x10000            # init_size
    .long 0                  # handover_offset
version:
    .asciz "6.1.0-fake (builder) #1 SMP"

    .org 0x400
code:
# esi: the boot parameters ("zero page").
    mov %esi, %ebp
    call 1f
1:  pop %ebx
    sub $(1b - code), %ebx   # where `code` is loaded
    lea (stack_top - code)(%ebx), %esp

    lea (hello - code)(%ebx), %esi
    call put_string
    mov 0x228(%ebp), %esi    # cmd_line_ptr
    call put_string
    lea (initrd - code)(%ebx), %esi
    call put_string
    mov 0x218(%ebp), %esi    # ramdisk_image
    mov 0x21c(%ebp), %ecx    # ramdisk_size
    call put_area
    lea (done - code)(%ebx), %esi
    call put_string
    jmp power_off

    .include "report.inc"

hello:
    .asciz "\nFAKE-LINUX\ncmdline: "
initrd:
    .asciz "\ninitrd: "
done:
    .asciz "\nFAKE-DONE\n"
    .balign 16
    .fill 256
stack_top:
    .balign 512
end:
