# tapit's completion for bash. `=` and `:` break words in bash, so the words are
# built again from the line, and what bash already has is cut off the answers.
_tapit() {
    local line=${COMP_LINE:0:COMP_POINT} word candidate
    local -a words=()
    while [[ $line =~ ^[[:space:]]*([^[:space:]]+)(.*)$ ]]; do
        words+=("${BASH_REMATCH[1]}")
        line=${BASH_REMATCH[2]}
    done
    [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
    word=${words[-1]}
    local kept=""
    [[ $word == *[=:]* && $COMP_WORDBREAKS == *=* ]] && kept=${word%"${word##*[=:]}"}
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        COMPREPLY+=("${candidate#"$kept"}")
    done < <(command tapit __complete "${words[@]:1}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace
    fi
    [[ ${#COMPREPLY[@]} -gt 1 ]] && compopt -o nosort
    return 0
}
complete -o default -F _tapit tapit
