// An EFI program that prints what it was given and switches the machine off:
//
//   FAKE-EFI
//   options: <its load options>
//   initrd: <size> <CRC-32>       hexadecimal; "initrd: none" where nobody offers one
//   FAKE-DONE
//
// It stands for an EFI stub kernel (a loader hands the initrd over by LoadFile2 on Linux's vendor
// media path; GRUB 2.06 on arm64 does it in the device tree instead, which is not looked at here)
// and for any program that a menu chainloads. It writes to the serial port itself, because the
// firmware's console adds escape sequences. No headers: the few tables that it needs are drawn
// here, after the UEFI Specification 2.10, sections 4.3, 7.3, 9.1, 13.2.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct guid {
    u32 a;
    u16 b, c;
    u8 d[8];
};

struct load_file2 {
    u64 (*load)(struct load_file2*, void* path, u8 policy, u64* size, void* buffer);
};

struct loaded_image {
    u32 revision;
    void *parent, *system_table, *device, *path, *reserved;
    u32 options_size;  // bytes
    u16* options;
};

struct boot_services {
    u8 header[24];
    void *raise_tpl, *restore_tpl;
    void *allocate_pages, *free_pages, *get_memory_map;
    u64 (*allocate_pool)(u32 type, u64 size, void** buffer);
    void* free_pool;
    void* events[6];
    void *install, *reinstall, *uninstall;
    u64 (*handle_protocol)(void* handle, const struct guid*, void** interface);
    void* reserved;
    void *register_notify, *locate_handle;
    u64 (*locate_device_path)(const struct guid*, void** path, void** handle);
};

struct runtime_services {
    u8 header[24];
    void* before[10];
    void (*reset_system)(u32 type, u64 status, u64 size, void* data);
};

struct table_entry {
    struct guid guid;
    void* table;
};

struct system_table {
    u8 header[24];
    void* vendor;
    u32 revision;
    void* console[6];
    struct runtime_services* runtime;
    struct boot_services* boot;
    u64 entries;
    struct table_entry* entry;
};

static const struct guid kLoadedImage = {
    0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
static const struct guid kLoadFile2 = {
    0x4006c0c1, 0xfcb3, 0x403e, {0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d}};

// LINUX_EFI_INITRD_MEDIA_GUID as a vendor media device path, and its end (include/linux/efi.h).
static u8 kInitrdPath[] = {0x04, 0x03, 0x14, 0x00, 0x27, 0xe4, 0x68, 0x55, 0xfc, 0x68, 0x3d, 0x4f,
                           0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68, 0x7f, 0xff, 0x04, 0x00};

#if defined(__x86_64__)
static void put(char c) {
    u8 status;
    do {
        __asm__ volatile("inb %w1, %0" : "=a"(status) : "d"((u16)0x3fd));
    } while (!(status & 0x20));
    __asm__ volatile("outb %0, %w1" : : "a"((u8)c), "d"((u16)0x3f8));
}
#else
// The PL011 of QEMU's `virt` machine.
static void put(char c) {
    volatile u32* const uart = (volatile u32*)0x09000000;
    while (uart[6] & 0x20) {
    }
    uart[0] = (u8)c;
}
#endif

static void put_string(const char* text) {
    for (; *text; ++text) put(*text);
}

static void put_hex(u32 value) {
    for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[(value >> shift) & 15]);
}

static u32 crc32(const u8* bytes, u64 size) {
    u32 crc = ~0u;
    for (u64 i = 0; i < size; ++i) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

static void put_initrd(struct boot_services* boot) {
    void* path = kInitrdPath;
    void* handle = 0;
    struct load_file2* file = 0;
    u64 size = 0;
    void* buffer = 0;
    // The first call tells the size (EFI_BUFFER_TOO_SMALL), the second loads.
    if (boot->locate_device_path(&kLoadFile2, &path, &handle) != 0 ||
        boot->handle_protocol(handle, &kLoadFile2, (void**)&file) != 0 ||
        (file->load(file, path, 0, &size, 0), size == 0) ||
        boot->allocate_pool(2, size, &buffer) != 0 ||
        file->load(file, path, 0, &size, buffer) != 0) {
        put_string("none");
        return;
    }
    put_hex((u32)size);
    put(' ');
    put_hex(crc32(buffer, size));
}

u64 efi_main(void* image, struct system_table* system) {
    struct loaded_image* loaded = 0;
    put_string("\nFAKE-EFI\noptions: ");
    if (system->boot->handle_protocol(image, &kLoadedImage, (void**)&loaded) == 0) {
        for (u32 i = 0; i < loaded->options_size / 2 && loaded->options[i]; ++i)
            put((char)loaded->options[i]);
    }
    put_string("\ninitrd: ");
    put_initrd(system->boot);
    put_string("\nFAKE-DONE\n");
    system->runtime->reset_system(2, 0, 0, 0);
    return 0;
}
