// Random plans for property tests: every kind of step and source, strings of every character.
#pragma once

#include <rapidcheck.h>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/utf8.h"
#include "model/plan.h"

namespace cordwainer::test {

// Valid UTF-8 with control characters, quotes, backslashes and code points of every length.
inline rc::Gen<std::string> text_gen() {
    const auto code_points = rc::gen::container<std::vector<std::uint32_t>>(
        rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0, 0x80),
                       rc::gen::element<std::uint32_t>('"', '\\', '/', '\n', 0x7f, 0),
                       rc::gen::inRange<std::uint32_t>(0x80, 0xd800),
                       rc::gen::inRange<std::uint32_t>(0xe000, 0x110000)));
    return rc::gen::map(code_points, [](const std::vector<std::uint32_t>& points) {
        std::string text;
        for (const std::uint32_t point : points) (void)append_utf8(text, point);
        return text;
    });
}

inline rc::Gen<Digest> digest_gen() {
    return rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                        [](std::uint64_t n) { return sha256(std::to_string(n)); });
}

inline rc::Gen<RelPath> path_gen() {
    return rc::gen::map(text_gen(), [](const std::string& text) {
        const auto path = RelPath::parse("x" + text);
        return path ? *path : *RelPath::parse("plain");
    });
}

inline HostFile make_host_file() {
    return {.base = *rc::gen::element(HostFile::Base::system, HostFile::Base::machine),
            .path = *text_gen(),
            .digest = *digest_gen(),
            .size = *rc::gen::arbitrary<std::uint64_t>()};
}

inline ObjectRef make_object() {
    return {.digest = *digest_gen(), .size = *rc::gen::arbitrary<std::uint64_t>()};
}

Source make_source(int depth);

inline Recipe make_recipe(int depth) {
    Recipe recipe;
    recipe.maker = *text_gen();
    recipe.version = *text_gen();
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) recipe.parameters[*text_gen()] = *text_gen();
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
        recipe.inputs.push_back({*text_gen(), make_source(depth - 1)});
    return recipe;
}

inline Source make_source(int depth) {
    switch (*rc::gen::inRange(0, depth > 0 ? 4 : 3)) {
        case 0:
            return make_host_file();
        case 1:
            return make_object();
        case 2:
            return Text{*text_gen()};
        default:
            return make_recipe(depth);
    }
}

template <class S>
S make_any_source() {
    if constexpr (std::is_same_v<S, Source>) {
        return make_source(3);
    } else {
        return *rc::gen::arbitrary<bool>() ? S(make_host_file()) : S(make_object());
    }
}

template <class S>
BasicStep<S> make_step() {
    const TargetId target{*text_gen()};
    switch (*rc::gen::inRange(0, 5)) {
        case 0:
            return BasicStageFile<S>{target, *path_gen(), make_any_source<S>()};
        case 1:
            return BasicReplaceFile<S>{target, *path_gen(), make_any_source<S>()};
        case 2:
            return BasicProvideFile<S>{target, *path_gen(), make_any_source<S>()};
        case 3: {
            FirmwareEntry entry{target, *path_gen(), *text_gen()};
            if (*rc::gen::arbitrary<bool>()) entry.fallback = *path_gen();
            return entry;
        }
        default:
            break;
    }
    BasicSwitchBootCode<S> step;
    step.target = target;
    step.boot_code = make_any_source<S>();
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
        step.keep.push_back(
            {*rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<std::uint32_t>()});
    step.pointer_offset = *rc::gen::arbitrary<std::uint32_t>();
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
        step.slots.push_back(
            {{*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()},
             make_any_source<S>()});
    return step;
}

inline PlannedTarget make_target() {
    PlannedTarget target;
    target.id = {*text_gen()};
    target.spec.tag = *text_gen();
    if (*rc::gen::arbitrary<bool>()) {
        target.spec.path = *text_gen();
    } else {
        target.spec.type = TargetType::block;
        target.spec.block.kind = static_cast<BlockId::Kind>(
            *rc::gen::inRange(0, static_cast<int>(BlockId::Kind::this_image) + 1));
        target.spec.block.value = *text_gen();
    }
    target.uuid = Uuid::parse(*rc::gen::element<std::string>("1C31-A17C",
                                                             "A0B1C2D3E4F50617",
                                                             "2026-11-22-10-00-00-00",
                                                             "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3",
                                                             "none"));
    if (*rc::gen::arbitrary<bool>()) target.own = *path_gen();
    return target;
}

// Must be called inside a property. Targets have no location, since JSON keeps none.
template <class S>
BasicPlan<S> make_plan() {
    BasicPlan<S> plan;
    plan.bootloader = *text_gen();
    if (*rc::gen::arbitrary<bool>()) plan.generation = *rc::gen::arbitrary<std::uint64_t>();
    if (*rc::gen::arbitrary<bool>()) {
        plan.other_default.emplace();
        if (*rc::gen::arbitrary<bool>()) {
            plan.other_default->generation = *rc::gen::arbitrary<std::uint64_t>();
        }
    }
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) plan.targets.push_back(make_target());
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i) plan.steps.push_back(make_step<S>());
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
        plan.references.push_back({.path = *text_gen(),
                                   .digest = *digest_gen(),
                                   .size = *rc::gen::arbitrary<std::uint64_t>(),
                                   .target = {*text_gen()}});
    }
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) plan.warnings.push_back(*text_gen());
    return plan;
}

}  // namespace cordwainer::test
