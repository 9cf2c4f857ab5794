#!/usr/bin/env python3
"""The released program is built as hardened as it is said to be: hardening.py ROLLCALL (readelf and nm are needed)."""
import subprocess
import sys


def out(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def main():
    rollcall = sys.argv[1]
    segments, dynamic = out("readelf", "-lW", rollcall), out("readelf", "-dW", rollcall)
    symbols = out("nm", "-D", rollcall)
    stack = [line for line in segments.splitlines() if "GNU_STACK" in line]
    wanted = {
        "position independent (PIE)": "PIE" in dynamic and "DYN" in out("readelf", "-hW", rollcall),
        "relocations read-only (RELRO)": "GNU_RELRO" in segments,
        "bound at start (NOW)": "NOW" in dynamic,
        "stack not executable": len(stack) == 1 and " RWE " not in stack[0],
        "no segment both writable and executable": " RWE " not in segments,
        "stack protector": "__stack_chk_fail" in symbols,
        "checked library calls (_FORTIFY_SOURCE)": "__snprintf_chk" in symbols,
        "no search path of its own": "RPATH" not in dynamic and "RUNPATH" not in dynamic,
    }
    missing = [name for name, there in wanted.items() if not there]
    print("missing: " + ", ".join(missing) if missing else "ok: " + ", ".join(wanted))
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
