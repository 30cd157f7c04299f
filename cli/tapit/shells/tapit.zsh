#compdef tapit
# tapit's completion for zsh.
_tapit() {
    local -a plain described open
    local value help
    while IFS=$'\t' read -r value help; do
        if [[ $value == *= ]]; then
            open+=("$value")
        elif [[ -n $help ]]; then
            plain+=("$value")
            described+=("${(r:24:)value}  $help")
        else
            plain+=("$value")
            described+=("$value")
        fi
    done < <(command tapit __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( ${#open} )) && compadd -Q -S '' -- "${open[@]}"
    (( ${#plain} )) && compadd -l -d described -- "${plain[@]}"
    (( ${#open} + ${#plain} )) || _files
}
compdef _tapit tapit
