#include "core/nearest.h"

#include <algorithm>
#include <vector>

namespace cordwainer {
namespace {

// Optimal string alignment distance, by rows of its table.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitution});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

std::optional<std::string> shortest_beginning_with(std::string_view word,
                                                   std::span<const std::string> candidates) {
    constexpr std::size_t kLeast = 3;
    std::optional<std::string> best;
    if (word.size() < kLeast) return best;
    for (const std::string& candidate : candidates) {
        if (!candidate.starts_with(word)) continue;
        if (!best || candidate.size() < best->size()) best = candidate;
    }
    return best;
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
    constexpr std::size_t kLongestName = 64;  // keeps hostile input cheap
    if (word.size() > kLongestName) return std::nullopt;
    std::optional<std::string> best;
    std::size_t best_distance = 0;
    for (const std::string& candidate : candidates) {
        const std::size_t d = distance(word, candidate);
        if (3 * d > std::max(word.size(), candidate.size())) continue;
        if (!best || d < best_distance) {
            best = candidate;
            best_distance = d;
        }
    }
    return best ? best : shortest_beginning_with(word, candidates);
}

}  // namespace cordwainer
