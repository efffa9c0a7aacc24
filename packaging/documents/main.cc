// yard-documents TEMPLATE: prints the template with each line "@section@" replaced by that section (sections.h).
#include <cstdio>
#include <fstream>
#include <iostream>

#include "packaging/documents/sections.h"

namespace {

using namespace yard::documents;

const Section* section_of(const std::string& line) {
    for (const Section& section : kSections) {
        if (line == "@" + std::string(section.name) + "@") return &section;
    }
    return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
    std::ifstream file(argc == 2 ? argv[1] : "");
    if (!file) {
        std::fprintf(stderr, "usage: yard-documents TEMPLATE\n");
        return 2;
    }
    for (std::string line; std::getline(file, line);) {
        const Section* section = section_of(line);
        std::cout << (section != nullptr ? section->write() : line + "\n");
    }
    return std::cout.flush() ? 0 : 1;
}
