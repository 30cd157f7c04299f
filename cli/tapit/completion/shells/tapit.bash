# tapit's completion for bash. It hands over the line as it was typed, for `=` breaks words in bash, and what bash
# already has of the word ($2 is the rest) is cut off the answers.
_tapit() {
    local line=${COMP_LINE:0:COMP_POINT} kept candidate
    kept=${line%"$2"}
    kept=${kept##*[[:space:]]}
    kept=${kept//[\"\']/}
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        case $candidate in
            :files) compopt -o default ;;
            :folders) compopt -o dirnames ;;
            *) COMPREPLY+=("${candidate#"$kept"}") ;;
        esac
    done < <(command tapit __complete_line "$line" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace
    fi
    [[ ${#COMPREPLY[@]} -gt 1 ]] && compopt -o nosort
    return 0
}
complete -F _tapit tapit
