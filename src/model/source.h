// Where a step's bytes come from.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/sha256.h"

namespace cordwainer {

// A file whose bytes are known by digest.
struct HostFile {
    enum class Base {
        system,   // `path` is inside the system that is installed (below --root)
        machine,  // `path` is on the machine that runs cordwainer: tools and their data
    };
    Base base = Base::system;
    std::string path;  // absolute
    Digest digest;
    std::uint64_t size = 0;

    bool operator==(const HostFile&) const = default;
};

// Bytes that the plan itself carries. Valid UTF-8, since a plan is JSON.
struct Text {
    std::string text;

    bool operator==(const Text&) const = default;
};

// Bytes in the object store.
struct ObjectRef {
    Digest digest;
    std::uint64_t size = 0;

    bool operator==(const ObjectRef&) const = default;
};

struct RecipeInput;

// How to make bytes that no package ships. Two recipes with one key make interchangeable bytes.
struct Recipe {
    std::string maker;    // a maker's name, registered by its bootloader: "grub-core-image"
    std::string version;  // of the maker; the programs it runs are inputs
    std::map<std::string, std::string> parameters;
    std::vector<RecipeInput> inputs;

    bool operator==(const Recipe&) const;
};

using Source = std::variant<HostFile, Text, ObjectRef, Recipe>;

struct RecipeInput {
    std::string name;  // what the maker knows it by; unique in its recipe
    Source source;

    bool operator==(const RecipeInput&) const = default;
};

// A source whose bytes exist: what is left after recipes were run.
using RealisedSource = std::variant<HostFile, ObjectRef>;

// The SHA-256 of the canonical recipe: maker, version, parameters, and each input's name and
// identity (a file's digest, a nested recipe's key), each part preceded by its length.
[[nodiscard]] Digest recipe_key(const Recipe& recipe);

// What a file made from this source is named after: its digest where the bytes are known, else its
// recipe's key.
[[nodiscard]] Digest source_id(const Source& source);

[[nodiscard]] Digest digest_of(const RealisedSource& source);
[[nodiscard]] std::uint64_t size_of(const RealisedSource& source);

}  // namespace cordwainer
