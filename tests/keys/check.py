#!/usr/bin/env python3
"""Every key of the config's schema, and every option of the command line, is used by a test that looks at what it does. Tests
that only read configs do not count.

usage: check.py SOURCE"""
import json
import os
import re
import sys

ONLY_READ = {"helper_config.c", "test_config.c", "test_config_faults.c", "test_config_files.c", "test_config_targets.c",
             "test_schema.c", "test_schema_suite.c", "bad-values", "bad-config", "fuzz", "keys"}
NO_EFFECT = {"$schema": "for editors", "version": "one value only", "min": "of expect.rows", "max": "of expect.rows"}
NO_EFFECT_OPTIONS = {"refresh --refresh": "accepted as by plan and sync; it reads the list anyway"}


def keys_of(node, schema, seen, keys):
    """Names of properties below a node, by all its references."""
    if isinstance(node, list):
        for one in node:
            keys_of(one, schema, seen, keys)
    if not isinstance(node, dict):
        return
    ref = node.get("$ref", "")
    if ref.startswith("#/$defs/") and ref not in seen:
        seen.add(ref)
        keys_of(schema["$defs"][ref.split("/")[-1]], schema, seen, keys)
    properties = node.get("properties")
    if isinstance(properties, dict):
        keys.update(properties)
    for name, value in node.items():
        if name not in ("$defs", "enum", "default"):
            keys_of(list(value.values()) if name == "properties" else value, schema, seen, keys)


def texts(root):
    with open(os.path.join(root, "docs", "operations.md"), encoding="utf-8") as f:
        yield f.read()  # tests/handbook carries out every line of it
    for top, dirs, names in os.walk(os.path.join(root, "tests")):
        dirs[:] = [d for d in dirs if d not in ONLY_READ and d != "simulator" and d != "vectors"]
        for name in names:
            if name not in ONLY_READ and name.endswith((".json", ".c", ".py", ".sh")):
                with open(os.path.join(top, name), encoding="utf-8", errors="replace") as f:
                    yield f.read()


def main(root):
    with open(os.path.join(root, "schemas", "config.schema.json"), encoding="utf-8") as f:
        schema = json.load(f)
    keys = set()
    keys_of(schema, schema, set(), keys)
    everything = "\n".join(texts(root))
    # as a key: "name": in JSON and Python, \"name\": in C and in JSON texts, name= in Python's dict()
    missing = sorted(k for k in keys - set(NO_EFFECT) if not re.search(r'\\?"%s\\?"\s*:|\b%s=' % (re.escape(k), re.escape(k)), everything))
    options = set()
    for name in ("cli.c", "cmd/read.c", "cmd/credentials.c", "cmd/init.c"):
        with open(os.path.join(root, "engine", name), encoding="utf-8") as f:
            options.update("--" + o for o in re.findall(r'^\t+\{"(?:--)?([a-z][a-z-]+)", ', f.read(), re.M) if o != "help")
    missing += sorted(o for o in options if not re.search(r'"%s["=]| %s\b' % (o, o), everything))
    if missing or len(keys) < 100 or len(options) < 50:
        sys.exit("%d keys, %d options; no test uses: %s" % (len(keys), len(options), ", ".join(missing)))
    print("%d keys and %d options, each used by a test" % (len(keys), len(options)))


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
