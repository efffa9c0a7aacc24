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
    const std::vector<size_t> column_widths = widths(terminal);
    std::string text;
    for (Row& row : rows_) {
        for (size_t i = 0; i < row.size(); ++i) {
            if (row[i].width <= column_widths[i]) continue;
            row[i].text = cut_to_width(row[i].text, column_widths[i], terminal.ellipsis());
            row[i].width = display_width(row[i].text);
        }
        draw_row(row, column_widths, terminal, text);
    }
    return text;
}

std::vector<size_t> Table::widths(const Terminal& terminal) const {
    std::vector<size_t> widths(columns_.size());
    for (const Row& row : rows_) {
        for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].width);
    }
    if (terminal.width != 0) shrink_to_fit(widths, columns_, terminal.width);
    return widths;
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
