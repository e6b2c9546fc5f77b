# shellcheck shell=bash
# Reads the arguments of the acceptances' scripts. Sourced by them; each has its own `usage`.

usage_error() {
    echo "error: $1 (--help says more)" >&2
    exit 2
}

# parse_arguments OPTION=PLACE… -- ARGUMENT…: sets what the options name. An option without a value begins with `!`. A place is
#
#   name     a variable: the value, or 1
#   name+    a list that gets one value more
#   name@    a list that becomes the option and its value
#   passed   `passed_on`: the option, and its value
#   path     the same, with the value as an absolute path
#
# What is no option goes into `operands`.
parse_arguments() {
    local -A valued=() plain=()
    local option place
    while [[ $1 != -- ]]; do
        option=${1%%=*} place=${1#*=}
        if [[ $option == !* ]]; then plain[${option#!}]=$place; else valued[$option]=$place; fi
        shift
    done
    shift
    passed_on=() operands=()
    while (($#)); do
        option=$1
        if [[ $option == -h || $option == --help ]]; then
            usage
            exit 0
        elif [[ -n ${plain[$option]:-} ]]; then
            place=${plain[$option]}
            if [[ $place == passed ]]; then passed_on+=("$option"); else printf -v "$place" 1; fi
        elif [[ -n ${valued[$option]:-} ]]; then
            (($# >= 2)) || usage_error "$option wants a value"
            place_value "${valued[$option]}" "$option" "$2"
            shift
        elif [[ $option == -* ]]; then
            usage_error "unknown argument: $option"
        else
            operands+=("$option")
        fi
        shift
    done
}

place_value() {
    # shellcheck disable=SC2034 # what it refers to is used
    local -n list=${1%[+@]}
    case $1 in
    passed) passed_on+=("$2" "$3") ;;
    path) passed_on+=("$2" "$(realpath "$3")") ;;
    *+) list+=("$3") ;;
    *@) list=("$2" "$3") ;;
    *) printf -v "$1" %s "$3" ;;
    esac
}

# The one operand, where there must be one.
one_folder() {
    ((${#operands[@]} < 2)) || usage_error "more than one folder: ${operands[0]}, ${operands[1]}"
    ((${#operands[@]})) || usage_error "which folder?"
}

# No operand, where there can be none.
no_operands() { ((${#operands[@]} == 0)) || usage_error "unknown argument: ${operands[0]}"; }
