# A multiboot kernel (Multiboot Specification 0.6.96) that prints what it was given and switches the
# machine off:
#
#   FAKE-MULTIBOOT
#   cmdline: <the command line>
#   module: <size> <CRC-32> <its string>      hexadecimal; one line for each module
#   FAKE-DONE
#
# Loaded at 1 MiB by the address fields of its header, since it is no ELF file.
    .code32
    .set load_address, 0x100000
    .set flags, 0x00010003   # page-aligned modules, memory map wanted, address fields valid
    .globl _start
_start:
header:
    .long 0x1badb002
    .long flags
    .long -(0x1badb002 + flags)
    .long load_address                       # header_addr
    .long load_address                       # load_addr
    .long load_address + (end - header)      # load_end_addr
    .long load_address + (end - header)      # bss_end_addr
    .long load_address + (entry - header)    # entry_addr

# ebx: the multiboot information.
entry:
    mov $(load_address + (stack_top - header)), %esp
    mov %ebx, %ebp
    mov $(load_address + (hello - header)), %esi
    call put_string
    testl $4, (%ebp)         # flags: the command line is there
    jz 1f
    mov 16(%ebp), %esi
    call put_string
1:  call put_newline
    testl $8, (%ebp)         # flags: the modules are there
    jz 3f
    mov 20(%ebp), %edi       # mods_count
    mov 24(%ebp), %ebx       # mods_addr
2:  test %edi, %edi
    jz 3f
    mov $(load_address + (module - header)), %esi
    call put_string
    mov (%ebx), %esi         # mod_start
    mov 4(%ebx), %ecx        # mod_end
    sub %esi, %ecx
    call put_area
    mov $' ', %al
    call put_character
    mov 8(%ebx), %esi        # string
    call put_string
    call put_newline
    add $16, %ebx
    dec %edi
    jmp 2b
3:  mov $(load_address + (done - header)), %esi
    call put_string
    jmp power_off

    .include "report.inc"

hello:
    .asciz "\nFAKE-MULTIBOOT\ncmdline: "
module:
    .asciz "module: "
done:
    .asciz "FAKE-DONE\n"
    .balign 16
    .fill 256
stack_top:
end:
