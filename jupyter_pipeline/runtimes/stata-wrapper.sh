#!/bin/sh
# Runs one .do file: run-do-file SCRIPT.do [ARGUMENT...]
#
# Stata ends with code 0 whatever happens, but stops at the first error. So a small .do file runs the script and then
# writes a marker: no marker means failure (the contract of the platform's image: stata-docker script-wrapper.sh).
# What Stata prints goes to our output and to SCRIPT.log in the current folder.
#
# STATA_PROGRAM  the program, a path
# STATA_LICENSE  the licence's text, where it is not beside the program; never printed, and not passed on
set -eu

script=${1:-}
if [ ! -f "$script" ]; then
    echo "The .do file '$script' does not exist." >&2
    exit 1
fi
shift

umask 077
private=$(mktemp -d)
trap 'rm -rf "$private"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Stata looks for its licence beside its program, where nobody may write: a folder of links with the licence among them.
program=$STATA_PROGRAM
if [ -n "${STATA_LICENSE:-}" ]; then
    mkdir "$private/stata"
    ln -s "$(dirname "$program")"/* "$private/stata/"
    rm -f "$private/stata/stata.lic"
    printf '%s\n' "$STATA_LICENSE" > "$private/stata/stata.lic"
    program=$private/stata/$(basename "$program")
    PATH=$private/stata:$PATH
    export PATH
fi
unset STATA_LICENSE

arguments=
for argument in "$@"; do
    arguments="$arguments \`\"$argument\"'"
done

marker=$private/succeeded
{
    if [ -d libraries ]; then
        printf 'quietly adopath + "%s/libraries"\n' "$PWD" # the study's own commands
    fi
    printf 'do "%s"%s\n' "$script" "$arguments"
    printf 'file open jupyter_pipeline using "%s", write text replace\n' "$marker"
    printf 'file write jupyter_pipeline "succeeded"\n'
    printf 'file close jupyter_pipeline\n'
} > "$private/wrapper.do"

umask 022
"$program" "$private/wrapper.do" "$@" < /dev/null | tee "$(basename "$script" .do).log"

if ! grep -q succeeded "$marker" 2> /dev/null; then
    echo "Stata stopped in $script before its end; the error is above." >&2
    exit 1
fi
