// A table for people: columns as wide as their cells, cut or left out where the terminal is narrower.
#pragma once

#include <string>
#include <vector>

#include "ctl/terminal.h"

namespace yard::ctl {

struct Column {
    std::string title;
    enum class Align { left, right } align = Align::left;
    size_t narrowest = 0;  // may be cut down to this many columns on a narrow terminal; 0: never cut
    int goes = 0;  // where that is not enough, the column that is left out first has 1; 0: never left out
};

struct Cell {
    Cell(std::string words, Colour tint = Colour::none) : text(std::move(words)), colour(tint) {}
    Cell(const char* words) : text(words) {}
    std::string text;  // of any origin: it is neutralised when it is drawn
    Colour colour = Colour::none;
    size_t width = 0;  // once it is neutralised
};

class Table {
  public:
    explicit Table(std::vector<Column> columns);

    // REQUIRES: one cell a column.
    void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
    // An empty line between the rows before and those to come.
    void leave_a_line() { rows_.emplace_back(); }

    // A heading and a line per row, each ended by a newline, without spaces at the end. Cells stay as they were
    // drawn: neutralised and cut.
    std::string draw(const Terminal& terminal);

  private:
    using Row = std::vector<Cell>;
    std::vector<size_t> natural_widths() const;
    void leave_out_columns(size_t limit);
    void draw_row(const Row& row, const std::vector<size_t>& widths, const Terminal& terminal,
                  std::string& drawn) const;

    std::vector<Column> columns_;
    std::vector<Row> rows_;  // with the heading
};

}  // namespace yard::ctl
