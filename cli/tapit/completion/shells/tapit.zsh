#compdef tapit
# tapit's completion for zsh: read by `eval`, or as the file _tapit in a folder of $fpath.
_tapit() {
    local -a plain open
    local value help
    while IFS=$'\t' read -r value help; do
        help=${help//\\/\\\\}
        case $value in
            :files) compset -P '*='; _files; return ;;
            :folders) compset -P '*='; _path_files -/; return ;;
            *=) open+=("$value${help:+:$help}") ;;
            *) plain+=("$value${help:+:$help}") ;;
        esac
    done < <(command tapit __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    _describe -V tapit plain
    _describe -V tapit open -S ''
}
if [[ $funcstack[1] == _tapit ]]; then
    _tapit "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _tapit tapit
fi
