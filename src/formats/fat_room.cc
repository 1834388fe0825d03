#include "formats/fat_room.h"

namespace cordwainer {

std::string fat_room_name(int number) {
    constexpr std::size_t kLength = 195;
    std::string name = std::string(kFatRoomPrefix) + std::to_string(number) + "-";
    name.resize(kLength, 'x');
    return name;
}

}  // namespace cordwainer
