# tapit's completion for fish.
function __tapit_complete
    set -l words (commandline -opc) (commandline -ct)
    command tapit __complete $words[2..-1] 2>/dev/null
end
complete -c tapit -e
complete -c tapit -f -a '(__tapit_complete)'
