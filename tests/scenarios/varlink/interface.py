"""Reads the text of a varlink interface (https://varlink.org/Interface-Definition) and checks values against it.

Knows nothing of Yardmaster: what it accepts, any varlink client should.
"""

import re

TOKEN = re.compile(r"\s+|#.*|(?P<token>->|\[\]|\[string\]|[():,?]|[A-Za-z][A-Za-z0-9_.-]*)")
FIELD = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*")
TYPE = re.compile(r"[A-Z][A-Za-z0-9]*")
INTERFACE = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
BUILT_IN = {"bool": (bool,), "int": (int,), "float": (float, int), "string": (str,), "object": (dict,)}


class Interface:
    """Types are ("?", T), ("[]", T), ("[string]", T), {field: T}, [word of an enum ...], or a name."""

    def __init__(self, text):
        self._tokens = self._split(text)
        self.types, self.methods, self.errors = {}, {}, {}
        self._expect("interface")
        self.name = self._take(INTERFACE)
        while self._tokens:
            kind, name = self._take(), self._take(TYPE)
            if kind == "type":
                self.types[name] = self._type()
            elif kind == "error":
                self.errors[name] = self._type()
            elif kind == "method":
                parameters = self._type()
                self._expect("->")
                self.methods[name] = (parameters, self._type())
            else:
                raise ValueError(f"{kind}: not a member")

    @staticmethod
    def _split(text):
        tokens, at = [], 0
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                raise ValueError(f"cannot read {text[at:at + 40]!r}")
            at = match.end()
            if match["token"]:
                tokens.append(match["token"])
        return tokens

    def _take(self, pattern=None):
        token = self._tokens.pop(0)
        if pattern and not pattern.fullmatch(token):
            raise ValueError(f"{token} is not a name of its kind")
        return token

    def _expect(self, word):
        token = self._take()
        if token != word:
            raise ValueError(f"expected {word}, not {token}")

    def _type(self):
        token = self._take()
        if token in ("?", "[]", "[string]"):
            return (token, self._type())
        return self._fields() if token == "(" else token

    def _fields(self):
        fields, words = {}, []
        while self._tokens[0] != ")":
            name = self._take(FIELD)
            if self._tokens[0] == ":":
                self._take()
                fields[name] = self._type()
            else:
                words.append(name)
            if self._tokens[0] != ")":
                self._expect(",")
        self._take()
        if fields and words:
            raise ValueError(f"{words}: an enum has no types")
        return words or fields

    def check(self, wanted, value, where):
        """Raises ValueError where the value is not of the type."""
        if isinstance(wanted, tuple):
            self._check_wrapped(*wanted, value, where)
        elif isinstance(wanted, dict):
            self._check_struct(wanted, value, where)
        elif isinstance(wanted, list):
            if value not in wanted:
                raise ValueError(f"{where}: {value!r} is none of {wanted}")
        elif wanted in BUILT_IN:
            if not isinstance(value, BUILT_IN[wanted]) or (isinstance(value, bool) and wanted != "bool"):
                raise ValueError(f"{where}: {value!r} is no {wanted}")
        else:
            self.check(self.types[wanted], value, where)

    def _check_wrapped(self, wrapper, wanted, value, where):
        if wrapper == "?":
            if value is not None:
                self.check(wanted, value, where)
        elif not isinstance(value, list if wrapper == "[]" else dict):
            raise ValueError(f"{where}: {value!r} is no {wrapper}")
        else:
            for key, each in enumerate(value) if wrapper == "[]" else value.items():
                self.check(wanted, each, f"{where}[{key}]")

    def _check_struct(self, fields, value, where):
        if not isinstance(value, dict):
            raise ValueError(f"{where}: {value!r} is no object")
        if set(value) - set(fields):
            raise ValueError(f"{where} has {sorted(set(value) - set(fields))}, which the interface does not know")
        for name, wanted in fields.items():
            if name not in value and wanted[0] != "?":
                raise ValueError(f"{where}.{name} is missing")
            self.check(wanted, value.get(name), f"{where}.{name}")
