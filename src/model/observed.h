// What planning may know of the machine or the image, read before and handed over as a value.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/source.h"
#include "model/volume.h"

namespace cordwainer {

// What a bootloader wants to know of its package (its installed programs and data) before it plans.
struct PackageRequest {
    struct Files {
        std::string directory;   // absolute
        std::string suffix;      // only files whose names end so; "" for all. Not recursive
        bool with_text = false;  // also hand over the content, which must be small text
        bool optional = false;   // a missing directory is no error
        // Where the directory is: on the machine that runs cordwainer (the package itself), or
        // inside the system that is installed (a picture or an initrd that the configuration
        // names).
        HostFile::Base base = HostFile::Base::machine;
    };

    std::vector<Files> files;
    std::vector<std::string> programs;  // absolute; without one of them nothing can be made here
};

// The answer.
struct Package {
    struct File {
        HostFile source;
        std::string text;  // where it was asked for

        bool operator==(const File&) const = default;
    };

    std::map<std::string, File> files;         // of the machine, by absolute path
    std::map<std::string, File> system_files;  // of the system, by absolute path inside it

    bool operator==(const Package&) const = default;
};

struct Observed {
    std::vector<MountedVolume> volumes;  // every file system of the system that is known
    Package package;                     // of the bootloader that plans

    bool operator==(const Observed&) const = default;
};

}  // namespace cordwainer
