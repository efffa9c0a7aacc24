#!/usr/bin/env python3
"""Writes the C++ method table from varlink interface files: generate_interface.py OUT.h IN.varlink..."""

import pathlib
import re
import sys

METHOD = re.compile(r"((?:^#.*\n)+)^method (\w+)\s*\(([^()]*)\)\s*->", re.MULTILINE)
PARAMETER = re.compile(r"(\w+)\s*:\s*(\??)(\[\])?(bool|int|float|string|object)")
TYPES = {"bool": "boolean", "int": "integer", "float": "number", "string": "string", "object": "object"}
ROLES = ("anyone", "observe", "operate", "admin")


def parse_method(path, comment, name, parameters):
    tags = re.findall(r"\[(\w+)\]", comment)
    roles = [tag for tag in tags if tag in ROLES]
    if len(roles) != 1 or set(tags) - set(ROLES) - {"more"}:
        sys.exit(f"{path}: method {name} needs one of {', '.join(ROLES)} in brackets, and at most [more] beside it")
    rows = []
    for text in filter(None, (part.strip() for part in parameters.split(","))):
        match = PARAMETER.fullmatch(text)
        if not match:
            sys.exit(f"{path}: method {name}: parameter \"{text}\" is of a type that the daemon cannot check")
        rows.append((match[1], TYPES[match[4]], bool(match[2]), bool(match[3])))
    return {"name": name, "role": roles[0], "more": "more" in tags, "parameters": rows}


def parse_interface(path):
    text = path.read_text()
    name = re.search(r"^interface (\S+)$", text, re.MULTILINE)[1]
    methods = [parse_method(path, *match) for match in METHOD.findall(text)]
    written = re.findall(r"^method (\w+)", text, re.MULTILINE)
    if [method["name"] for method in methods] != written:
        sys.exit(f"{path}: cannot read every method; each needs a comment with its role")
    return {"name": name, "text": text, "methods": methods}


def boolean(value):
    return "true" if value else "false"


def handler_name(method):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", method["name"]).lower()


def write_handlers(methods):
    yield "// One function a method. A handler that is missing, or that has no method, does not compile."
    yield "class Handlers {"
    yield "  public:"
    yield "    virtual ~Handlers() = default;"
    for method in methods:
        yield f"    virtual void {handler_name(method)}(Call& call) = 0;"
    yield "};"


def write_parameters(methods):
    for method in filter(lambda m: m["parameters"], methods):
        yield f"inline constexpr Parameter k{method['name']}Parameters[] = {{"
        for name, kind, optional, array in method["parameters"]:
            yield f'    {{"{name}", Type::{kind}, {boolean(optional)}, {boolean(array)}}},'
        yield "};"


def write_rows(interfaces):
    yield "inline constexpr MethodRow kMethods[] = {"
    for interface in interfaces:
        for method in interface["methods"]:
            parameters = f"k{method['name']}Parameters" if method["parameters"] else "{}"
            yield (f'    {{"{interface["name"]}.{method["name"]}", Role::{method["role"]}, {boolean(method["more"])}, '
                   f"{parameters}, &Handlers::{handler_name(method)}}},")
    yield "};"


def write_texts(interfaces):
    yield "inline constexpr InterfaceText kInterfaces[] = {"
    for interface in interfaces:
        yield f'    {{"{interface["name"]}", R"varlink({interface["text"]})varlink"}},'
    yield "};"


def main(out, *paths):
    interfaces = [parse_interface(pathlib.Path(path)) for path in paths]
    methods = [method for interface in interfaces for method in interface["methods"]]
    lines = ["// Made by generate_interface.py; the source is supervisord/*.varlink.", "#pragma once", "",
             '#include "engine/control/interface.h"', "", "namespace yard::engine::control {", ""]
    for part in (write_handlers(methods), write_parameters(methods), write_rows(interfaces), write_texts(interfaces)):
        lines += [*part, ""]
    lines.append("}  // namespace yard::engine::control")
    pathlib.Path(out).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
