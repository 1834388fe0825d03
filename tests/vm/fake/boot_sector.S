# A boot sector to chainload under BIOS: prints FAKE-BOOT-SECTOR and switches the machine off.
    .code16
    .globl _start
_start:
    ljmp $0, $(0x7c00 + (begin - _start))
begin:
    xor %ax, %ax
    mov %ax, %ds
    mov $(0x7c00 + (text - _start)), %si
    cld
1:  lodsb
    test %al, %al
    jz 3f
    mov %al, %ah
    mov $0x3fd, %dx
2:  in %dx, %al
    test $0x20, %al
    jz 2b
    mov %ah, %al
    mov $0x3f8, %dx
    out %al, %dx
    jmp 1b
3:  mov $0x604, %dx
    mov $0x2000, %ax
    out %ax, %dx
4:  hlt
    jmp 4b
text:
    .asciz "\nFAKE-BOOT-SECTOR\nFAKE-DONE\n"
    .org 510
    .word 0xaa55
