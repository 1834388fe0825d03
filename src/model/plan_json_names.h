// The names that rendering and parsing of plans share.
#pragma once

#include <array>
#include <string_view>

namespace cordwainer {

inline constexpr std::string_view kPlanFormat = "cordwainer-plan/1";

// In the order of BlockId::Kind.
inline constexpr std::array<std::string_view, 7> kBlockKindNames = {"device_path",
                                                                    "label",
                                                                    "any_uuid",
                                                                    "file_system_uuid",
                                                                    "partition_uuid",
                                                                    "partition_table_uuid",
                                                                    "this_image"};

}  // namespace cordwainer
