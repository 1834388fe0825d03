#include "bootloaders/grub/terminals.h"

#include <algorithm>

namespace cordwainer::grub {

std::vector<std::string> terminal_outputs(const Config& config) {
    if (!config.terminal_outputs.empty()) return config.terminal_outputs;
    std::vector<std::string> outputs;
    if (config.serial) outputs.emplace_back("serial");
    const bool graphics = config.gfxmode || (config.theme && config.theme->background);
    outputs.emplace_back(graphics ? "gfxterm" : "console");
    return outputs;
}

std::vector<std::string> terminal_inputs(const Config& config) {
    if (!config.terminal_inputs.empty()) return config.terminal_inputs;
    if (config.serial) return {"serial", "console"};
    return {};
}

bool uses_graphics(const Config& config) {
    const auto outputs = terminal_outputs(config);
    return std::ranges::find(outputs, "gfxterm") != outputs.end();
}

bool uses_serial(const Config& config, const Platform& platform) {
    return config.serial && platform.processor != "arm64";
}

void write_serial(Script& script, const Serial& serial) {
    script.begin("serial");
    if (serial.port) {
        script.raw("--port=" + *serial.port);
    } else {
        script.raw("--unit=" + std::to_string(serial.unit));
    }
    script.raw("--speed=" + std::to_string(serial.speed));
    script.raw("--word=" + std::to_string(serial.word));
    script.raw("--parity=" + serial.parity);
    script.raw("--stop=" + std::to_string(serial.stop)).end();
}

}  // namespace cordwainer::grub
