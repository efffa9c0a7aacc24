#include "ctl/table.h"

#include <algorithm>
#include <numeric>

namespace yard::ctl {
namespace {

constexpr size_t kGap = 2;  // between two columns

// Takes columns from whichever may give and is widest, until the line fits or nobody can give any more.
void shrink_to_fit(std::vector<size_t>& widths, const std::vector<Column>& columns, size_t limit) {
    const auto line = [&] {
        return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
    };
    while (line() > limit) {
        size_t widest = columns.size();
        for (size_t i = 0; i < columns.size(); ++i) {
            const bool can_give = columns[i].narrowest != 0 && widths[i] > columns[i].narrowest;
            if (can_give && (widest == columns.size() || widths[i] >= widths[widest])) widest = i;
        }
        if (widest == columns.size()) return;
        --widths[widest];
    }
}

size_t least_width(const std::vector<size_t>& widths, const std::vector<Column>& columns) {
    size_t line = kGap * (widths.size() - 1);
    for (size_t i = 0; i < columns.size(); ++i) {
        line += columns[i].narrowest != 0 ? std::min(widths[i], columns[i].narrowest) : widths[i];
    }
    return line;
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
    Row heading;
    for (const Column& column : columns_) heading.emplace_back(column.title, Colour::bold);
    add(std::move(heading));
}

std::string Table::draw(const Terminal& terminal) {
    for (Row& row : rows_) {
        for (Cell& cell : row) {
            cell.text = terminal.safe(std::move(cell.text));
            cell.width = display_width(cell.text);
        }
    }
    if (terminal.width != 0) leave_out_columns(terminal.width);
    std::vector<size_t> widths = natural_widths();
    if (terminal.width != 0) shrink_to_fit(widths, columns_, terminal.width);
    std::string text;
    for (Row& row : rows_) {
        for (size_t i = 0; i < row.size(); ++i) {
            if (row[i].width <= widths[i]) continue;
            row[i].text = cut_to_width(row[i].text, widths[i], terminal.ellipsis());
            row[i].width = display_width(row[i].text);
        }
        draw_row(row, widths, terminal, text);
    }
    return text;
}

std::vector<size_t> Table::natural_widths() const {
    std::vector<size_t> widths(columns_.size());
    for (const Row& row : rows_) {
        for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].width);
    }
    return widths;
}

void Table::leave_out_columns(size_t limit) {
    const auto before = [](const Column& a, const Column& b) {
        return a.goes != 0 && (b.goes == 0 || a.goes < b.goes);
    };
    while (least_width(natural_widths(), columns_) > limit) {
        const auto first = std::min_element(columns_.begin(), columns_.end(), before);
        if (first->goes == 0) return;
        const auto place = first - columns_.begin();
        columns_.erase(first);
        for (Row& row : rows_) {
            if (!row.empty()) row.erase(row.begin() + place);  // an empty one is a line between groups
        }
    }
}

void Table::draw_row(const Row& row, const std::vector<size_t>& widths, const Terminal& terminal,
                     std::string& drawn) const {
    size_t owed = 0;  // spaces that are written only if something follows
    for (size_t i = 0; i < row.size(); ++i) {
        const Cell& cell = row[i];
        const size_t padding = widths[i] - cell.width;
        const bool right = columns_[i].align == Column::Align::right;
        if (!cell.text.empty()) {
            drawn.append(owed + (right ? padding : 0), ' ');
            drawn += terminal.paint(cell.text, cell.colour);
            owed = 0;
        }
        owed += (right && !cell.text.empty() ? 0 : padding) + kGap;
    }
    drawn += '\n';
}

}  // namespace yard::ctl
