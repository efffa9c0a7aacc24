#include "base/text.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>

namespace yard {
namespace {

char lower(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// Optimal string alignment distance (Damerau-Levenshtein without repeated edits of a substring).
size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
            const bool swapped =
                i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(above);
        above.swap(row);
    }
    return above[b.size()];
}

}  // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates) {
    std::string best;
    size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        // So many edits at least. Anybody may ask about a word of any length.
        const size_t least =
            std::max(word.size(), candidate.size()) - std::min(word.size(), candidate.size());
        if (least >= best_distance) continue;
        const size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

bool is_glob(std::string_view text) {
    return text.find_first_of("*?[") != std::string_view::npos;
}

bool matches_glob(std::string_view pattern, std::string_view name) {
    return fnmatch(std::string(pattern).c_str(), std::string(name).c_str(), 0) == 0;
}

// Without strftime(3), which takes four times as long: there is one in every line of a log and of a status.
std::string format_rfc3339(WallTime time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<milliseconds>(time - day));
    std::string text = "0000-00-00T00:00:00.000Z";
    const auto put = [&text](size_t end, auto number) {
        for (size_t at = end; number > 0; number /= 10) text[--at] = static_cast<char>('0' + number % 10);
    };
    put(4, int{date.year()});
    put(7, unsigned{date.month()});
    put(10, unsigned{date.day()});
    put(13, clock.hours().count());
    put(16, clock.minutes().count());
    put(19, clock.seconds().count());
    put(23, clock.subseconds().count());
    return text;
}

std::string format_duration(Duration duration) {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    if (milliseconds < 1000) return std::to_string(milliseconds) + "ms";
    const auto seconds = milliseconds / 1000;
    if (seconds < 10 && milliseconds % 1000 >= 100) {
        return std::to_string(seconds) + "." + std::to_string(milliseconds % 1000 / 100) + "s";
    }
    const auto pair = [](long long big, const char* big_unit, long long small, const char* small_unit) {
        std::string text = std::to_string(big) + big_unit;
        if (small != 0) text += " " + std::to_string(small) + small_unit;
        return text;
    };
    if (seconds < 60) return std::to_string(seconds) + "s";
    if (seconds < 3600) return pair(seconds / 60, "m", seconds % 60, "s");
    if (seconds < 86400) return pair(seconds / 3600, "h", seconds % 3600 / 60, "m");
    return pair(seconds / 86400, "d", seconds % 86400 / 3600, "h");
}

}  // namespace yard
